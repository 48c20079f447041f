"""A portal that has lost records, copied as often as needed, and what is remembered of it for the checker."""

import json
import random
import shutil
import sqlite3
import subprocess
import time
from pathlib import Path

import acceptance
import checker
from portal import BINARY, Sandbox

KINDS = acceptance.KINDS
# Commands that meet the portal.
ASKING = ("plan", "apply", "verify", "undo", "snapshot")


class Loss:
    """The restore files of 510 records, and a portal that has lost a tenth of them. Made once; every story plays on a copy."""

    def __init__(self, directory, chance=None):
        chance = chance or random.Random(20260101)
        self.directory = Path(directory)
        with Sandbox(self.directory, "--limits", "none") as portal:
            ids = acceptance.seed(portal, chance)
            self.originals = {kind: portal.every(kind) for kind in KINDS}
            self.files = acceptance.export(portal, self.originals, self.directory)
            self.lost, self.changed = acceptance.lose(portal, ids, chance)
            self.before = checker.export(portal)

    def copy(self, place, *flags):
        """This portal once more, running at an address of its own."""
        place = Path(place)
        place.mkdir(parents=True)
        shutil.copytree(self.directory / "portal", place / "portal")
        return World(self, place, *flags)


class World(Sandbox):
    """A copy of the loss: plans, runs, and the evidence of what happened."""

    def __init__(self, loss, place, *flags):
        self.loss = loss
        self.plans = []
        self.told = []
        self.before = loss.before
        super().__init__(place, *(flags or ("--limits", "none")))

    @property
    def file(self):
        return self.directory / "portal" / "portal.sqlite"

    def mark(self):
        """The last entry of the ledger, read from its file: a portal that is down has one too."""
        with sqlite3.connect(f"file:{self.file}?mode=ro", uri=True) as file:
            return file.execute("SELECT coalesce(max(seq), 0) FROM ledger").fetchone()[0]

    def command(self, args, environment):
        """The program's own command line. Where the portal has no limits and nobody counts requests on the way, none are kept."""
        unlimited = args[0] in ASKING and self.flags[:2] == ("--limits", "none") and "B24_WEBHOOK" not in environment
        return [BINARY, *map(str, args), *(("--portal-limits", "none") if unlimited else ())]

    def run(self, *args, timeout=300, launcher=(), cwd=None, **environment):
        """Runs the program and keeps what it says. Its exit code and its two outputs."""
        done = subprocess.run([*launcher, *self.command(args, environment)], env=self.environment(**environment), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=timeout, cwd=cwd)
        self.told += [done.stdout, done.stderr]
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def begin(self, *args, **environment):
        """Starts the program, to be disturbed."""
        return subprocess.Popen(self.command(args, environment), env=self.environment(**environment), stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def plan(self, name="plan", *flags, **environment):
        """Plans; the ledger may not grow by it. The plan's directory."""
        place, mark = self.directory / name, self.mark()
        code, _, said = self.run("plan", *self.loss.files, "--out", place, "--quiet", *flags, **environment)
        assert code == 0, f"plan: exit {code}: {said}"
        assert self.mark() == mark, "a dry run changed the portal"
        self.plans.append({"dir": place, "mark": mark, "exit": None, "said": None, "abandoned": False})
        return place

    def abandon(self, plan):
        """A plan that is begun and never finished: another one is made instead."""
        next(known for known in self.plans if known["dir"] == plan)["abandoned"] = True

    def apply(self, plan, *more, **environment):
        """One undisturbed run, whose word is kept for the checker. Its exit code."""
        code, out, said = self.run("apply", plan, "--yes", "--json", *more, **environment)
        story = next(known for known in self.plans if known["dir"] == plan)
        story["exit"], story["said"] = code, json.loads(out) if out.strip() else None
        story["stderr"] = said
        return code

    def finish(self, plan, tries=6, **environment):
        """Runs until nothing is pending. How many runs it took."""
        for run in range(1, tries + 1):
            code = self.apply(plan, **environment)
            story = next(known for known in self.plans if known["dir"] == plan)
            if story["said"] and story["said"]["complete"]:
                return run
            assert code in (0, 1, 3), f"apply: exit {code}: {story['stderr'][-800:]}"
        raise AssertionError(f"apply is not complete after {tries} undisturbed runs: {story['said']} {story['stderr'][-800:]}")

    def evidence(self, window, hits=None, canary=None):
        """All that the checker wants to see."""
        return checker.gather(self.file, self.loss.files, self.plans, self.before, checker.export(self),
                              originals=self.loss.originals, window=window, hits=hits, canary=canary, told=self.told,
                              places=[plan["dir"] for plan in self.plans])

    def check(self, window, hits=None, canary=None):
        """Asserts all invariants. Their names with the number of things that each looked at."""
        return checker.judge(self.evidence(window, hits, canary))


def seconds(since):
    return f"{time.monotonic() - since:.0f} s"
