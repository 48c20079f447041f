"""Ours against Python's `csv`: thousands of random files, read by both, compared cell by cell. Python's standard library only.

    B24RESTORE=target/release/b24restore python3 .ci/differential.py [FILES] [SEED]

Each file is planned against an empty snapshot, so every record of it is to be created: `actions.jsonl` then holds each line's cells as
they were split, and `rejected.csv` each other line with its reason and its text. Both are compared with what the `csv` module gives for
the same text: same cells, same line numbers, same raw text, the same lines refused. What may differ is named in `KNOWN`, counted, and
nothing else may.
"""

import csv
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from portal import BINARY, Sandbox

HEADER = ["ID", "Título de prospecto", "Nombre", "Apellido", "Cargo", "Comentario"]
DELIMITERS = [";", ",", "\t", "|"]
ENCODINGS = [("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")]
TOGETHER = 250
# What the `csv` module takes for granted; left alone, ours finds quoting and line ends out, and in a file of CR takes an LF for text.
DIALECT = ["--quoting", "doubled", "--line-ends", "any"]
# Where ours does on purpose what the `csv` module doesn't.
KNOWN = {
    "bad_quotes": "text behind a closing quote: `csv` takes it for a part of the cell, ours rejects the line, for it may be two lines in one",
    "unclosed": "a quote that nothing closes: `csv` reads to the end of the file, ours refuses the file and names the line",
    "blank_line": "a line of white space: a record for `csv`, none for ours",
}
PIECES = [
    *"abcxyzABC0123456789", "ñ", "é", "Ж", "я", "€", "日本", "😀", "\u0301", "\u2028", "\u2029", "\u0085", "\u00a0", "\u200b", "\x0b", "\x0c", "\x1b",
    " ", " ", "  ", "'", "`", "“", "”", "#", "=", "+", "-", "@", "&amp;", "<b>", "\\n", "\\", "null", "15/01/2024", "1.500,00",
]
BREAKS = ["\n", "\r\n", "\r"]


class File:
    """A random file: its text, and what both should make of it."""

    def __init__(self, chance, number, first_id):
        self.chance, self.name = chance, f"lead-{number}.csv"
        self.delimiter = chance.choice(DELIMITERS)
        self.quoting = chance.choice(["all", "needed", "mixed"])
        self.breaks = [chance.choice(BREAKS)] if chance.random() < 0.7 else BREAKS
        self.is_wild = chance.random() < 0.3
        self.encoding, self.mark = chance.choice(ENCODINGS)
        self.next_id = first_id
        lines = [self.line([self.cell(name) for name in HEADER])]
        # One plain record, so that no rule for files without any applies.
        lines.append(self.line([self.cell(self.id()), *(self.cell(f"x{at}") for at in range(len(HEADER) - 1))]))
        lines += [self.random_line() for _ in range(chance.randrange(9))]
        text = "".join(lines)
        if chance.random() < 0.3:
            text = text.rstrip("\r\n")
        self.text = text
        self.bytes = self.mark + text.encode(self.encoding)

    def id(self):
        self.next_id += 1
        return str(self.next_id)

    def line(self, cells):
        return self.delimiter.join(cells) + self.chance.choice(self.breaks)

    def random_line(self):
        chance = self.chance
        kind = chance.random()
        if kind < 0.06:
            return chance.choice(["", " ", "\t ", self.delimiter * 5, " " + self.delimiter * 5]) + chance.choice(self.breaks)
        width = len(HEADER) if kind < 0.9 else chance.randrange(1, len(HEADER) + 3)
        id = self.id() if chance.random() < 0.93 else chance.choice(["", "x", "0", "-1", "1.5"])
        return self.line([self.cell(id), *(self.cell(self.text_of()) for _ in range(width - 1))])

    def text_of(self):
        pieces = PIECES + ['"', '""', self.delimiter, "\n", "\r\n", "\r"] * 3
        return "".join(self.chance.choice(pieces) for _ in range(self.chance.choice([0, 1, 2, 5, 12])))

    def cell(self, text):
        """A cell as a writer writes it; in a wild file sometimes as none should."""
        chance = self.chance
        if self.is_wild and chance.random() < 0.08 and text not in HEADER:
            return chance.choice([f'"{text}"x', f'{text}"', f'"{text.replace(chr(34), "")}" ', f'x"{text}', f'"{text}'])
        needs = any(sign in text for sign in (self.delimiter, '"', "\n", "\r"))
        if self.quoting == "all" or needs or (self.quoting == "mixed" and chance.random() < 0.5):
            return '"' + text.replace('"', '""') + '"'
        return text

    def records(self):
        """What `csv` reads: the first line's number, the cells and the text of each record."""
        lines = list(io.StringIO(self.text, newline=""))
        reader = csv.reader(iter(lines), delimiter=self.delimiter)
        before = 0
        for cells in reader:
            raw = "".join(lines[before : reader.line_num])
            yield before + 1, cells, raw[: len(raw) - 2] if raw.endswith("\r\n") else raw[:-1] if raw[-1:] in ("\r", "\n") else raw
            before = reader.line_num

    def is_unclosed(self):
        try:
            list(csv.reader(io.StringIO(self.text, newline=""), delimiter=self.delimiter, strict=True))
        except csv.Error as error:
            if "unexpected end of data" in str(error):
                return True
        # A quote behind a closing one is met first in strict mode: what the lax mode leaves open is seen by one more line.
        width = sum(1 for _ in csv.reader(io.StringIO(self.text + "\n\n", newline=""), delimiter=self.delimiter))
        return width == sum(1 for _ in csv.reader(io.StringIO(self.text, newline=""), delimiter=self.delimiter))

    def expected(self):
        """The lines that become records, and those that are rejected with their reason; blank ones are neither."""
        accepted, rejected, seen = {}, [], set()
        csv.field_size_limit(1 << 30)
        for number, (line, cells, raw) in enumerate(self.records()):
            if number == 0:
                assert [cell.strip() for cell in cells] == HEADER, self.text
                continue
            if all(is_white(cell) for cell in cells):
                COUNTS["blank_line"] += 1
                continue
            reason = None
            id = cells[0].strip() if cells else ""
            if has_stray_quote(raw, self.delimiter):
                reason = "bad_quotes"
                COUNTS["bad_quotes"] += 1
            elif len(cells) != len(HEADER):
                reason = "cell_count"
            elif not id:
                reason = "no_id"
            elif not (id.isascii() and id.isdigit() and int(id) > 0):
                reason = "bad_id"
            elif id in seen:
                reason = "duplicate_id"
            if reason:
                rejected.append((line, reason, raw))
            else:
                seen.add(id)
                COUNTS["records"] += 1
                accepted[line] = cells
        return accepted, rejected


COUNTS = Counter()


def is_white(text):
    return not text.strip("\ufeff") or text.strip("\ufeff").isspace()


def has_stray_quote(raw, delimiter):
    """Whether text (not just white space) follows a closing quote, by the `csv` module's own strict mode and a look at the place."""
    at, start = 0, True
    while at < len(raw):
        if start and raw[at] == '"':
            at += 1
            while at < len(raw):
                if raw[at] == '"':
                    if raw[at + 1 : at + 2] == '"':
                        at += 2
                        continue
                    break
                at += 1
            end = raw.find(delimiter, at + 1)
            tail = raw[at + 1 : end if end >= 0 else len(raw)]
            if tail.strip():
                return True
            at = end if end >= 0 else len(raw)
            continue
        start = raw[at] == delimiter
        at += 1
    return False


def run(*args):
    environment = {key: value for key, value in os.environ.items() if key != "B24_WEBHOOK"}
    return subprocess.run([BINARY, *args], capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL)


def compare(files, directory, empty):
    """The differences of files that are planned together."""
    out = directory / f"plan-{files[0].name}"
    paths = []
    for file in files:
        (directory / file.name).write_bytes(file.bytes)
        paths.append(str(directory / file.name))
    ran = run("plan", *paths, "--against", str(empty), "--out", str(out), *DIALECT, "--json")
    if ran.returncode not in (0, 3):
        if len(files) == 1:
            return [f"{files[0].name}: {ran.stderr.strip()}: {files[0].text!r}"]
        half = len(files) // 2
        return compare(files[:half], directory, empty) + compare(files[half:], directory, empty)
    accepted, rejected = [{} for _ in files], [[] for _ in files]
    with open(out / "actions.jsonl", encoding="utf-8", newline="\n") as lines:
        for line in lines:
            action = json.loads(line)
            if action["action"] == "create":
                accepted[action["source"]["input"]][action["source"]["line"]] = action["source"]["lines"][0]
    places = {path: at for at, path in enumerate(paths)}
    with open(out / "rejected.csv", encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            rejected[places[row["file"]]].append((int(row["line"]), row["reason"], row["row"]))
    found = []
    for at, file in enumerate(files):
        theirs = file.expected()
        ours = accepted[at], rejected[at]
        if ours != theirs:
            wrong = [(theirs[0].get(line), ours[0].get(line)) for line in theirs[0].keys() | ours[0].keys() if theirs[0].get(line) != ours[0].get(line)]
            wrong += [(one, other) for one, other in zip(theirs[1], ours[1]) if one != other] or [(theirs[1], ours[1])]
            found.append(f"{file.name} ({file.delimiter!r}, {file.encoding}): {file.text!r}\n    csv, ours: {wrong[:3]!r}")
    return found


def refuses(file, directory):
    """An unclosed quote: the file is refused, and a line is named on which a quote stands."""
    (directory / file.name).write_bytes(file.bytes)
    ran = run("inspect", str(directory / file.name), *DIALECT, "--lang", "en")
    words = ran.stderr.split(": line ")
    line = int(words[-1].split(",")[0]) if len(words) > 1 and words[-1].split(",")[0].isdigit() else 0
    lines = list(io.StringIO(file.text, newline=""))
    if ran.returncode == 1 and "a quote opens here" in ran.stderr and 0 < line <= len(lines) and '"' in lines[line - 1]:
        return []
    return [f"{file.name}: not refused at its quote: {ran.returncode} {ran.stderr.strip()}: {file.text!r}"]


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    began = time.monotonic()
    chance = random.Random(seed)
    files = [File(chance, number, 100 * number) for number in range(count)]
    unclosed = [file for file in files if file.is_unclosed()]
    closed = [file for file in files if file not in set(unclosed)]
    COUNTS["unclosed"] = len(unclosed)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with Sandbox(directory / "sandbox", "--limits", "none") as portal:
            empty = directory / "empty"
            environment = os.environ | {"B24_WEBHOOK": portal.webhook}
            subprocess.run([BINARY, "snapshot", "--out", empty, "--portal-limits", "none"], env=environment, check=True, capture_output=True)
        parts = [closed[at : at + TOGETHER] for at in range(0, len(closed), TOGETHER)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            found = [line for lines in pool.map(lambda part: compare(part, directory, empty), parts) for line in lines]
            found += [line for lines in pool.map(lambda file: refuses(file, directory), unclosed) for line in lines]
    print(f"{count} files (seed {seed}), {COUNTS['records']} records, in {time.monotonic() - began:.0f} s: {len(found)} unexplained differences")
    for name, why in KNOWN.items():
        print(f"  {COUNTS[name]:>6} {name}: {why}")
    for line in found[:20]:
        print(line)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
