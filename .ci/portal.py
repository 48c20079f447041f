"""A sandbox to drive from outside, for the checks in this directory. Python's standard library only; knows nothing of b24restore's code."""

import json
import os
import signal
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BINARY = os.environ.get("B24RESTORE", str(ROOT / "target" / "debug" / "b24restore"))
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Sandbox:
    """A local portal in a directory; ends with the block."""

    def __init__(self, directory, *flags):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.flags = flags
        self.port = 0
        self.start()

    def start(self):
        """Opens the portal; a second time at the same address."""
        command = [BINARY, "sandbox", "--listen", f"127.0.0.1:{self.port}", "--data", str(self.directory / "portal"), *self.flags]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("webhook: "), f"the sandbox said: {line!r}"
        self.webhook = line.removeprefix("webhook: ").strip()
        self.port = urllib.parse.urlsplit(self.webhook).port

    def kill(self):
        """The portal's machine fails: SIGKILL."""
        self.process.kill()
        self._gone()

    def stop(self):
        """Closes the portal in order."""
        self.process.send_signal(signal.SIGTERM)
        self._gone()

    def _gone(self):
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.returncode is None:
            self.stop()

    def call(self, method, params=None):
        """One REST call; its whole answer."""
        data = json.dumps(params or {}).encode()
        request = urllib.request.Request(self.webhook + method + ".json", data, {"Content-Type": "application/json"})
        try:
            with DIRECT.open(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method}: {error.code} {error.read()[:300]!r}") from None

    def result(self, method, params=None):
        return self.call(method, params)["result"]

    def every(self, kind):
        """All records of a type, with their phones and addresses."""
        records, start = {}, 0
        while start is not None:
            select = ["*", "UF_*", "PHONE", "EMAIL", "WEB", "IM"]
            page = self.call(f"crm.{kind}.list", {"select": select, "order": {"ID": "ASC"}, "start": start})
            records.update((int(record["ID"]), record) for record in page["result"])
            start = page.get("next")
        return records

    def environment(self, **more):
        """What b24restore needs to know of this portal."""
        state = self.directory / "state"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("B24", "XDG_STATE"))}
        return {**kept, "B24_WEBHOOK": self.webhook, "XDG_STATE_HOME": str(state), "LC_ALL": "C", **more}

    def b24restore(self, *args, codes=(0,), **environment):
        """Runs the program; it must end with one of the codes. Its standard output."""
        done = subprocess.run([BINARY, *map(str, args)], env=self.environment(**environment), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=300)
        if done.returncode not in codes:
            raise AssertionError(f"b24restore {args[0]}: exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        return done.stdout


def write_csv(path, header, rows):
    """A list export as Bitrix24 writes it: BOM, every cell quoted, `;` also at the end of a line."""

    def line(cells):
        return "".join('"' + str("" if cell is None else cell).replace('"', '""') + '";' for cell in cells)

    with open(path, "w", encoding="utf-8-sig", newline="") as file:
        file.write("\n".join(map(line, [header, *rows])) + "\n")
