#!/usr/bin/env python3
"""A plan that was altered is refused: one bit flipped at each byte of each sealed file (a sample, unless `--all`), and kinds of drift.

Each refusal ends with exit code 4, sends nothing (the portal's ledger doesn't grow) and begins no journal.
"""

import concurrent.futures
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from portal import BINARY, Sandbox
from world import Loss

POSITIONS = 2400
WORKERS = 2
REFUSED = 4


def sealed_files(plan):
    """The files whose digests the plan holds, and the plan itself."""
    return ["plan.json", *json.loads((plan / "plan.json").read_text(encoding="utf-8"))["parts"]]


def flips(plan, chance, everywhere):
    """(file, position, bit). A sample takes each file's first and last bytes, then the rest in proportion."""
    places = [(name, at) for name in sealed_files(plan) for at in range((plan / name).stat().st_size)]
    if not everywhere and len(places) > POSITIONS:
        ends = [(name, at) for name in sealed_files(plan) for size in [(plan / name).stat().st_size] for at in {0, 1, size - 2, size - 1}]
        places = sorted(set(ends + chance.sample(places, POSITIONS)))
    return [(name, at, chance.randrange(8)) for name, at in places]


def refusal(plan, environment, *more):
    done = subprocess.run([BINARY, "apply", plan, "--yes", *more], env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    return done.returncode, done.stderr.decode(errors="replace")


def flip_all(plan, work, environment):
    """Flips one bit after the other in a copy of the plan. Those that were not refused."""
    wrong = []
    for name, at, bit in work:
        path = plan / name
        good = path.read_bytes()
        bad = bytearray(good)
        bad[at] ^= 1 << bit
        path.write_bytes(bad)
        code, said = refusal(plan, environment)
        path.write_bytes(good)
        if code != REFUSED:
            wrong.append(f"{name}, byte {at}, bit {bit}: exit {code}: {said[-200:]}")
    return wrong


# --- Drift --------------------------------------------------------------------------------------------------------------------------------

def resealed(plan, change):
    """The plan as somebody would seal it who knows how: no secret key is in the seal, so what it says is checked as well."""
    path = plan / "plan.json"
    text = path.read_text(encoding="utf-8")
    manifest = json.loads(text)
    del manifest["digest"]
    change(manifest)
    body = json.dumps(manifest, indent=2, ensure_ascii=False)
    digest = hashlib.sha256(body.encode()).hexdigest()
    path.write_text(body.removesuffix("\n}") + f',\n  "digest": "{digest}"\n}}\n', encoding="utf-8")


def lines(path, change):
    kept = path.read_text(encoding="utf-8").splitlines(keepends=True)
    change(kept)
    path.write_text("".join(kept), encoding="utf-8")


def moment(**ago):
    return (datetime.now(timezone.utc) - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def drifts(world, other):
    """What happened -> (how, more of the command line, another environment)."""
    def parts_of_another_plan(plan):
        shutil.copy(other / "actions.jsonl", plan / "actions.jsonl")

    def journal_of_another_plan(plan):
        shutil.copy(other / "journal.sqlite", plan / "journal.sqlite")

    colleague = world.result("sandbox.user.add", {"fields": {"NAME": "Ana", "LAST_NAME": "Prueba", "ADMIN": "N"}})
    theirs = f"{world.webhook.split('/rest/')[0]}/rest/{colleague['ID']}/{colleague['SECRET']}/"
    restore_file = world.loss.files[0]
    drifted = restore_file.read_bytes()
    return {
        "a part emptied": (lambda plan: (plan / "actions.jsonl").write_bytes(b""), (), {}),
        "a part gone": (lambda plan: (plan / "records.jsonl").unlink(), (), {}),
        "a part a directory": (lambda plan: ((plan / "summary.json").unlink(), (plan / "summary.json").mkdir()), (), {}),
        "a line more": (lambda plan: lines(plan / "actions.jsonl", lambda all: all.append(all[0])), (), {}),
        "a line less": (lambda plan: lines(plan / "actions.jsonl", lambda all: all.pop()), (), {}),
        "lines in another order": (lambda plan: lines(plan / "actions.jsonl", lambda all: all.reverse()), (), {}),
        "other line ends": (lambda plan: (plan / "actions.jsonl").write_bytes((plan / "actions.jsonl").read_bytes().replace(b"\n", b"\r\n")), (), {}),
        "a part of another plan": (parts_of_another_plan, (), {}),
        "the seal gone": (lambda plan: lines(plan / "plan.json", lambda all: all.pop(-2)), (), {}),
        "written anew by another program": (lambda plan: (plan / "plan.json").write_text(json.dumps(json.loads((plan / "plan.json").read_text()))), (), {}),
        "sealed anew, for another portal": (lambda plan: resealed(plan, lambda all: all.update(portal="otra.bitrix24.es")), (), {}),
        "sealed anew, 25 hours ago": (lambda plan: resealed(plan, lambda all: all.update(made_at=moment(hours=25))), (), {}),
        "sealed anew, tomorrow": (lambda plan: resealed(plan, lambda all: all.update(made_at=moment(hours=-25))), (), {}),
        "sealed anew, in a format of the future": (lambda plan: resealed(plan, lambda all: all.update(format=9)), (), {}),
        "a journal of another plan": (journal_of_another_plan, (), {}),
        "more creates than allowed": (lambda plan: None, ("--max-creates", "1"), {}),
        "a webhook of somebody who doesn't see all": (lambda plan: None, (), {"B24_WEBHOOK": theirs}),
        "a restore file changed since": (lambda plan: restore_file.write_bytes(drifted + b"\n"), (), {}),
        "a restore file with one sign changed": (lambda plan: restore_file.write_bytes(drifted.replace(b"1", b"2", 1)), (), {}),
    }, lambda: restore_file.write_bytes(drifted)


def drift_all(world, plan, kinds, mend):
    wrong = []
    for what, (how, more, environment) in kinds.items():
        bad = world.directory / "drifted"
        shutil.copytree(plan, bad)
        how(bad)
        had_journal = (bad / "journal.sqlite").exists()
        code, said = refusal(bad, world.environment(**environment), *more)
        mend()
        if code != REFUSED or len(said.splitlines()) < 2:
            wrong.append(f"{what}: exit {code}: {said[-300:]}")
        if (bad / "journal.sqlite").exists() != had_journal:
            wrong.append(f"{what}: a journal was begun")
        shutil.rmtree(bad)
    return wrong


def main():
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        loss = Loss(Path(name) / "loss")
        with loss.copy(Path(name) / "story") as world, Sandbox(Path(name) / "elsewhere", "--limits", "none") as elsewhere:
            plan, other = world.directory / "small", world.directory / "other"
            for place, kind in ((plan, "company"), (other, "contact")):
                code, _, said = world.run("plan", *loss.files, "--only", kind, "--out", place)
                assert code == 0, said
            seen = world.mark()
            code, said = refusal(plan, world.environment(B24_WEBHOOK=elsewhere.webhook))
            assert code == REFUSED, f"another portal's webhook: exit {code}: {said}"

            work = flips(plan, chance, "--all" in sys.argv)
            chance.shuffle(work)
            copies = [shutil.copytree(plan, world.directory / f"copy-{number}") for number in range(WORKERS)]
            with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
                shares = [pool.submit(flip_all, copy, work[number::WORKERS], world.environment()) for number, copy in enumerate(copies)]
                wrong = [text for share in shares for text in share.result()]
            assert world.mark() == seen, "an altered plan changed the portal"
            assert not any((copy / "journal.sqlite").exists() for copy in copies), "an altered plan began a journal"

            # A journal of another plan needs one that was begun.
            done = world.run("apply", other, "--yes")
            assert done[0] == 0, done
            kinds, mend = drifts(world, other)
            seen = world.mark()
            wrong += drift_all(world, plan, kinds, mend)
            assert world.mark() == seen, "a drifted plan changed the portal"
            code, said = refusal(plan, world.environment())
            assert code == 0, f"the plan itself: exit {code}: {said}"
    assert not wrong, f"seed {seed}: {len(wrong)} not refused:\n  " + "\n  ".join(wrong[:20])
    files = len({name for name, _, _ in work})
    print(f"tamper: {len(work)} flipped bits in {files} sealed files and {len(kinds) + 1} kinds of drift: all refused, nothing sent; seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
