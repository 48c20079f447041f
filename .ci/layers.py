#!/usr/bin/env python3
"""The kill matrix from outside: the real program, a real portal over TCP, and the checker after every story.

    layers.py --ci              every layer at the figures of a CI run, in about five minutes on two cores
    layers.py C --times 5000    one layer: its stories go on until so many disturbances have met the program

C  `kill -9` of apply at random milliseconds          D  `kill -9` of the portal, or of both
E  limits and faults of the operating system          F  signals
P  a proxy that drops, delays, cuts and lies, and kills  G  records that the portal refuses
U  two at once, and taken back, killed on the way         S  a storm of restarts at a portal with limits
Z  doubles that nobody can prevent, and must be found

Every disturbance comes from a seed, printed at the start: `--seed N` plays the same dice again.
"""

import argparse
import concurrent.futures
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import proxy as proxies
from checker import Tally, export, objections
from portal import BINARY
from world import Loss

# The portal takes so long over one command; a batch of them may outlive its client by far less than the window.
LATENCY = 6
WINDOW = 1.5
PATIENT = {"B24RESTORE_ZOMBIE_WINDOW": str(WINDOW)}
# Restarts of one storm.
STORM = 40
PORTAL = ("--limits", "none", "--latency", str(LATENCY))
WORKERS = 4
# Stands for the webhook's secret where a proxy is in between.
CANARY = "c4naryQ7x9Zt2mWqRk5vBn3Lp8Js6Hd1"


# --- C and D: killed --------------------------------------------------------------------------------------------------------------------

def apply_killed(world, plan, chance, span, **environment):
    """Starts apply and kills it at a random millisecond. Whether the kill met it running."""
    process = world.begin("apply", plan, "--yes", "--quiet", **{**PATIENT, **environment})
    met = killed_at_random(process, chance, span)
    world.told.append(process.stderr.read())
    process.stderr.close()
    return met


def killed_at_random(process, chance, span):
    time.sleep(chance.uniform(0, span))
    met = process.poll() is None
    process.kill()
    process.wait()
    return met


def story_c(loss, place, chance, _):
    """Killed again and again until a run gets through; now and then with a new plan made on the way."""
    with loss.copy(place, *PORTAL) as world:
        plan = world.plan("plan", *chance.choice(([], ["--relink"])))
        kills = 0
        for attempt in range(chance.randrange(2, 9)):
            # The first run is over soon; a later one has a window to wait out.
            if not apply_killed(world, plan, chance, loss.span + (WINDOW * 1.2 if attempt else 0)):
                break
            kills += 1
        if chance.random() < 0.25:
            time.sleep(WINDOW)
            world.abandon(plan)
            plan = world.plan("again")
            kills += apply_killed(world, plan, chance, loss.span)
        world.finish(plan, **PATIENT)
        return kills, world.check(WINDOW)


def story_d(loss, place, chance, _):
    """The portal's machine fails in the middle and comes back at the same address; in every third story apply is killed, too."""
    with loss.copy(place, *PORTAL) as world:
        plan = world.plan()
        kills = 0
        for _ in range(chance.randrange(1, 4)):
            process = world.begin("apply", plan, "--yes", "--quiet", **PATIENT)
            time.sleep(chance.uniform(0, loss.span))
            kills += process.poll() is None
            world.kill()
            if chance.random() < 0.33:
                time.sleep(chance.uniform(0, 0.3))
                process.kill()
            time.sleep(chance.uniform(0, 1.0))
            world.start()
            world.told.append(process.communicate(timeout=120)[1])
            assert process.returncode in (0, 1, -signal.SIGKILL), f"apply: exit {process.returncode}: {world.told[-1][-500:]}"
        world.finish(plan, **PATIENT)
        return kills, world.check(WINDOW)


def story_p(loss, place, chance, _):
    """Planned, applied, killed and resumed through a proxy that treats every fourth request badly."""
    with loss.copy(place, *PORTAL) as world, proxies.Proxy(world, random.Random(chance.random()), window=WINDOW, secret=CANARY) as way:
        through = {"B24_WEBHOOK": way.webhook, **PATIENT}
        way.rate = 0.12
        plan = planned_through(world, through)
        way.rate = 0.25
        disturbed = 0
        for _ in range(chance.randrange(3, 6)):
            way.run += 1
            process = world.begin("apply", plan, "--yes", "--quiet", **through)
            try:
                process.wait(chance.uniform(0.1, 6.0))
            except subprocess.TimeoutExpired:
                process.kill()
                disturbed += 1
            world.told.append(process.communicate()[1])
            assert process.returncode in (0, 1, -signal.SIGKILL), f"apply: exit {process.returncode}: {world.told[-1][-500:]}"
        way.rate = 0
        time.sleep(WINDOW * 0.6)
        way.run += 1
        world.finish(plan, **through)
        disturbed += sum(count for name, count in way.struck.items() if name != "pass_on")
        return disturbed, world.check(WINDOW, hits=way.hits, canary=CANARY)


def planned_through(world, through):
    for attempt in range(8):
        with contextlib.suppress(AssertionError):
            return world.plan(f"plan-{attempt}", **through)
    raise AssertionError(f"no plan after 8 attempts: {world.told[-1][-500:]}")


# --- G: records that the portal refuses ------------------------------------------------------------------------------------------------------

def story_g(loss, place, chance, number):
    """A field became required after the plan was made: all records of a type are refused, the others come; then the cause is mended."""
    kind = ("contact", "lead", "company", "deal")[number % 4]
    with loss.copy(place, *PORTAL) as world:
        plan = world.plan()
        world.result(f"crm.{kind}.userfield.add", {"fields": {"FIELD_NAME": "MUST", "USER_TYPE_ID": "string", "MANDATORY": "Y"}})
        world.before = export(world)
        world.result("sandbox.settings.set", {"required_check": "Y"})
        apply_killed(world, plan, chance, loss.span)
        world.finish(plan, **PATIENT)
        assert world.plans[0]["exit"] == 3, f"refused records, and exit {world.plans[0]['exit']}"
        refused = world.plans[0]["said"]["entities"][kind]["failed"]
        assert refused, f"no {kind} was refused"
        looked_at = world.check(WINDOW)
        world.result("sandbox.settings.set", {"required_check": "N"})
        world.apply(plan, "--failed", **PATIENT)
        world.finish(plan, **PATIENT)
        assert world.plans[0]["exit"] == 0, f"the cause is gone, and exit {world.plans[0]['exit']}"
        return 1, {name: looked_at[name] + more for name, more in world.check(WINDOW).items()}


# --- U: taken back ------------------------------------------------------------------------------------------------------------------------

def story_u(loss, place, chance, _):
    """Two at once, of which one may; then taken back, killed on the way, until the portal is as it was before."""
    with loss.copy(place, *PORTAL) as world:
        plan = world.plan()
        rivals = [world.begin("apply", plan, "--yes", "--quiet", **PATIENT) for _ in range(2)]
        said = [rival.communicate(timeout=120)[1].decode() for rival in rivals]
        codes = sorted(rival.returncode for rival in rivals)
        assert codes in ([0, 0], [0, 1]), f"two at once: {codes}: {said}"
        assert codes == [0, 0] or any("another b24restore is writing" in text for text in said), f"refused without its reason: {said}"
        world.finish(plan, **PATIENT)
        world.check(WINDOW)
        kills = 0
        for _ in range(chance.randrange(1, 5)):
            kills += killed_at_random(world.begin("undo", plan, "--yes", "--quiet", **PATIENT), chance, loss.span / 2)
        time.sleep(WINDOW)
        code, _, said = world.run("undo", plan, "--yes", **PATIENT)
        assert code == 0, f"undo: exit {code}: {said[-500:]}"
        found, before = objections(world.evidence(WINDOW)), world.before
        wrong = {name: found[name][0] for name in ("I1", "I2", "I3", "I5", "I7") if found[name][0]}
        assert not wrong, wrong
        left = {kind: set(records["classic"]) - set(before[kind]["classic"]) for kind, records in export(world).items()}
        assert not any(left.values()), f"undo left {left}"
        return max(1, kills), {name: looked_at for name, (_, looked_at) in found.items() if name in ("I1", "I2", "I3", "I5", "I7")}


# --- S: a storm of restarts -----------------------------------------------------------------------------------------------------------------

def story_s(loss, place, chance, _):
    """Begun and killed many times within seconds at a portal with limits: its bucket must not overflow for it."""
    kills = 0
    with loss.copy(place, "--limits", "standard", "--latency", "2") as world, proxies.Proxy(world, random.Random(chance.random()), window=WINDOW) as way:
        through = {"B24_WEBHOOK": way.webhook, **PATIENT}
        plan = world.plan(**through)
        for _ in range(STORM):
            way.run += 1
            kills += apply_killed(world, plan, chance, loss.span / 2, **through)
        way.run += 1
        world.finish(plan, **through)
        # The checker's own look at every record is no part of the story.
        world.stop()
        world.flags = PORTAL
        world.start()
        # Every process goes on from where the last one left the bucket: not one request is refused (I10).
        loss.said.append(f"{len(way.hits)} requests over {kills} restarts, none refused")
        return kills, world.check(WINDOW, hits=way.hits)


# --- Z: what nobody can prevent ---------------------------------------------------------------------------------------------------------------

def later_than_the_window(exchange, _):
    """The client sees the end at once; the portal gets the request when nobody expects it any more."""
    def deliver():
        time.sleep(WINDOW * 2.5)
        with contextlib.suppress(OSError):
            exchange.deliver()
        exchange.proxy.delivered.set()

    exchange.proxy.spawn(deliver)
    exchange.end()


def story_z(loss, place, chance, number):
    """A create delivered twice, or carried out later than the window: there are doubles then, and `verify` names each with its ids; so
    does `undo`, and leaves them."""
    fault = (proxies.create_twice, later_than_the_window)[number % 2]
    with loss.copy(place, *PORTAL) as world, proxies.Proxy(world, random.Random(chance.random()), window=WINDOW) as way:
        through = {"B24_WEBHOOK": way.webhook, **PATIENT}
        way.delivered = threading.Event()
        plan = world.plan(**through)
        way.next = [lambda exchange: exchange.creates and fault]
        world.finish(plan, **through)
        assert fault is proxies.create_twice or way.delivered.wait(60)
        case = world.evidence(WINDOW)
        made = {}
        for row in case["ledger"]:
            if row["action"] == "create":
                made.setdefault((row["entity"], int(row["key"][1].split(":")[1])), []).append(int(row["entity_id"]))
        twice = {subject: sorted(ids) for subject, ids in made.items() if len(ids) > 1}
        assert twice, "nothing was doubled"
        code, out, _ = world.run("verify", plan, "--json", **through)
        named = {(one["entity"], one["original_id"]): sorted(one["portal_ids"]) for one in json.loads(out).get("doubles", [])}
        assert code == 3 and named == twice, f"{fault.__name__}: exit {code}, {len(named)} of {len(twice)} doubles named"
        # The checker sees the doubles by itself; all else is as it must be.
        found = objections(case)
        assert found["I1"][0] and found["I2"][0], "doubles that the checker doesn't see"
        wrong = {name: found[name][0] for name in ("I4", "I5", "I7") if found[name][0]}
        assert not wrong, f"{fault.__name__}: {wrong}"
        # Taken back, what the journal knew is gone; the double, which nothing proves to be the plan's, stays and is named.
        for command, more in (("undo", ["--yes"]), ("verify", [])):
            code, out, _ = world.run(command, plan, *more, "--json", **through)
            left = {(one["entity"], one["original_id"]): sorted([*one["still_there"], one["new_id"]]) for one in json.loads(out).get("leftovers", [])}
            assert code == 3 and left == twice, f"{fault.__name__}: {command} exits {code}, {len(left)} of {len(twice)} leftovers named"
        return 1, {}


# --- E: the operating system says no ------------------------------------------------------------------------------------------------------

# Sets limits and closes descriptors in the child itself, so that nothing else is touched by them; then becomes the program.
LAUNCH = """
import json, os, resource, signal, sys
wish = json.loads(sys.argv[1])
for name, most in wish.get("limits", {}).items():
    resource.setrlimit(getattr(resource, name), (most, most))
if "default" in wish:
    for name in wish["default"]:
        signal.signal(getattr(signal, name), signal.SIG_DFL)
for number in wish.get("close", []):
    os.close(number)
for number, path in wish.get("open", {}).items():
    os.dup2(os.open(path, os.O_WRONLY), int(number))
if "user" in wish:
    os.setgroups([]); os.setgid(wish["user"]); os.setuid(wish["user"])
os.execv(sys.argv[2], sys.argv[2:])
"""
NOBODY = 65534


def launcher(**wish):
    return [sys.executable, "-c", LAUNCH, json.dumps(wish)]


def said_clearly(code, said, codes, words=()):
    assert code in codes, f"exit {code}, not one of {codes}: {said[-600:]}"
    assert "internal error" not in said and "panicked" not in said, f"it broke: {said[-600:]}"
    if code not in (0,):
        assert len(said.strip()) > 20, f"exit {code} without a word"
    for word in words:
        assert word in said, f"nothing about {word!r}: {said[-600:]}"


def disturbed_apply(world, plan, codes, words=(), wish=None, args=("--json",), **environment):
    code, out, said = world.run("apply", plan, "--yes", *args, launcher=launcher(**wish) if wish else (), **PATIENT, **environment)
    said_clearly(code, said, codes, words)
    return code, out, said


def small_files(world, plan, chance):
    """No file may grow beyond some size: the journal, its WAL or a result file hits it at the k-th write."""
    for most in sorted(chance.sample(range(0, 140_000), 5)):
        disturbed_apply(world, plan, (0, 1), wish={"limits": {"RLIMIT_FSIZE": most}, "default": ["SIGXFSZ"]})


def full_disk(world, plan, chance):
    """The plan's directory is on a file system that is full, then has room again."""
    with mounted(world, plan, "size=1m,mode=700") as place:
        filler = place / "filler"
        for left in chance.sample(range(0, 60), 4):
            fill(filler, left * 4096)
            disturbed_apply(world, plan, (0, 1))
            filler.unlink()


def fill(filler, left):
    with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    os.truncate(filler, max(0, filler.stat().st_size - left))


@contextlib.contextmanager
def mounted(world, plan, options):
    """Moves a plan onto a file system of its own, at the same path, and back."""
    if os.geteuid() != 0:
        raise Impossible("only root can mount")
    aside = world.directory / "aside"
    shutil.copytree(plan, aside)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", plan], capture_output=True).returncode:
        raise Impossible("no mounting here")
    try:
        shutil.copytree(aside, plan, dirs_exist_ok=True)
        yield plan
    finally:
        shutil.rmtree(aside)
        shutil.copytree(plan, aside)
        subprocess.run(["umount", plan], check=True)
        # A write-ahead log of before must not be taken for one of the journal that comes back.
        shutil.rmtree(plan)
        shutil.copytree(aside, plan)
        shutil.rmtree(aside)


def read_only_system(world, plan, chance):
    with mounted(world, plan, "size=4m,mode=700"):
        # Once before anything is there, once with a journal in the middle of its work.
        for begun in (False, True):
            if begun:
                apply_killed(world, plan, chance, world.loss.span)
                # What was on its way to the portal is carried out there by now.
                time.sleep(WINDOW)
            subprocess.run(["mount", "-o", "remount,ro", plan], check=True)
            seen = world.mark()
            disturbed_apply(world, plan, (1,), words=("Nothing is sent without",))
            assert world.mark() == seen, "it wrote to the portal without a journal"
            subprocess.run(["mount", "-o", "remount,rw", plan], check=True)


def no_right_to_write(world, plan, _):
    """Another user's plan: may be read, not written."""
    if os.geteuid() != 0:
        raise Impossible("only root can become somebody else")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        theirs, program, state = place / "plan", place / "b24restore", place / "state"
        shutil.copytree(plan, theirs)
        shutil.copy(BINARY, program)
        state.mkdir()
        os.chown(state, NOBODY, NOBODY)
        for path in [place, theirs, *theirs.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        seen = world.mark()
        environment = world.environment(XDG_STATE_HOME=str(state), **PATIENT)
        done = subprocess.run([*launcher(user=NOBODY), program, "apply", theirs, "--yes"], env=environment, capture_output=True, text=True, timeout=60)
        # A journal that is another user's isn't believed; without one there is none that could be written.
        began = (theirs / "journal.sqlite").exists()
        said_clearly(done.returncode, done.stderr, (4,) if began else (1,), ("another user",) if began else (str(theirs),))
        assert world.mark() == seen, "it wrote to the portal without a journal"


def few_descriptors(world, plan, chance):
    """From just enough to be loaded at all."""
    for most in sorted({5, 6, 7, 8, *chance.sample(range(9, 40), 6)}):
        disturbed_apply(world, plan, (0, 1), wish={"limits": {"RLIMIT_NOFILE": most}})


def full_stdout(world, plan, _):
    for args in (("--json",), ()):
        disturbed_apply(world, plan, (1,), words=("No space left",), wish={"open": {"1": "/dev/full"}}, args=args)


def closed_streams(world, plan, _):
    for closed in ([1], [0, 1], [0, 1, 2]):
        code, _, said = world.run("apply", plan, "--yes", launcher=launcher(close=closed), **PATIENT)
        assert code in (0, 1) and "internal error" not in said, (code, said[-500:])


def reader_gone(world, plan, _):
    """`apply | head -0`: the pipe is closed long before anything is printed."""
    for default in ([], ["SIGPIPE"]):
        process = subprocess.Popen([*launcher(default=default), BINARY, "apply", plan, "--yes"], env=world.environment(**PATIENT),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.close()
        said = process.stderr.read().decode()
        process.stderr.close()
        assert process.wait(60) in (0, -signal.SIGPIPE) and "internal error" not in said, (process.returncode, said[-500:])


def deleted_directory(world, plan, _):
    """The working directory is gone: with an absolute path all is well, with a relative one it says so."""
    gone = world.directory / "gone"
    for path, codes in ((plan, (0,)), (Path("plan"), (1, 2))):
        gone.mkdir()
        script = f"cd {gone} && rmdir {gone} && exec \"$@\""
        code, _, said = world.run("apply", path, "--yes", launcher=["sh", "-c", script, "sh"], **PATIENT)
        said_clearly(code, said, codes)


def no_room_for_temporary_files(world, plan, _):
    for place in ("/nonexistent", "/proc"):
        disturbed_apply(world, plan, (0,), TMPDIR=place)


def state_not_writable(world, plan, _):
    """The directory of the portal's lock can't be made."""
    disturbed_apply(world, plan, (1,), words=("/proc/b24restore",), XDG_STATE_HOME="/proc")


OBSTACLES = [
    small_files, full_disk, read_only_system, no_right_to_write, few_descriptors, full_stdout, closed_streams, reader_gone, deleted_directory,
    no_room_for_temporary_files, state_not_writable,
]


class Impossible(Exception):
    """This machine can't play that story."""


def story_e(loss, place, chance, number):
    obstacle = OBSTACLES[number % len(OBSTACLES)]
    with loss.copy(place, *PORTAL) as world:
        plan = world.plan()
        if number >= len(OBSTACLES) and chance.random() < 0.5:
            apply_killed(world, plan, chance, loss.span)
            time.sleep(WINDOW)
        try:
            obstacle(world, plan, chance)
        except AssertionError as error:
            raise AssertionError(f"{obstacle.__name__}: {error}") from error
        world.finish(plan, **PATIENT)
        return 1, world.check(WINDOW)


# --- F: signals ---------------------------------------------------------------------------------------------------------------------------

IN_FLIGHT_MAX = 10


def story_f(loss, place, chance, number):
    play = SIGNALS[number % len(SIGNALS)]
    with loss.copy(place, *PORTAL) as world, proxies.Proxy(world, random.Random(chance.random()), window=WINDOW, secret=CANARY) as way:
        through = {"B24_WEBHOOK": way.webhook, **PATIENT}
        plan = world.plan(**through)
        way.run += 1
        try:
            play(world, plan, chance, way, through)
        except AssertionError as error:
            raise AssertionError(f"{play.__name__}: {error}") from error
        way.run += 1
        world.finish(plan, **through)
        return 1, world.check(WINDOW, hits=way.hits, canary=CANARY)


def started(world, plan, through, way):
    """apply at work: its first change is on the way, so that its handlers stand."""
    met = threading.Event()
    way.next = [lambda exchange: exchange.creates and (met.set() or proxies.slow)]
    process = world.begin("apply", plan, "--yes", **through)
    assert met.wait(30), "apply never sent a create"
    return process


def settled(plan):
    """Whether the journal holds nothing that is in flight."""
    import sqlite3

    with contextlib.closing(sqlite3.connect(f"file:{plan}/journal.sqlite?mode=ro", uri=True)) as journal:
        return journal.execute("SELECT count(*) FROM steps WHERE state = 'intent'").fetchone()[0] == 0


def ended(world, process, codes, within):
    began = time.monotonic()
    try:
        said = process.communicate(timeout=within + 20)[1].decode()
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise AssertionError(f"still running {within + 20} s after the signal") from None
    took = time.monotonic() - began
    assert process.returncode in codes, f"exit {process.returncode}, not one of {codes}: {said[-500:]}"
    assert took < within, f"it took {took:.1f} s, {within} s are allowed"
    world.told.append(said.encode())
    return said


def interrupted_once(world, plan, chance, way, through):
    process = started(world, plan, through, way)
    time.sleep(chance.uniform(0, loss_span(world)))
    process.send_signal(signal.SIGINT)
    said = ended(world, process, (0, 130), IN_FLIGHT_MAX)
    if process.returncode == 130:
        assert "again" in said, f"it doesn't say how to go on: {said[-300:]}"
        assert settled(plan), "what was in flight was left unsettled"


def interrupted_while_no_answer_comes(world, plan, _, way, through):
    """The answer to a create never comes: the program still ends in time."""
    met = threading.Event()

    def never(exchange, _):
        exchange.deliver()
        met.set()
        time.sleep(60)
        exchange.end()

    way.next = [lambda exchange: exchange.creates and never]
    process = world.begin("apply", plan, "--yes", **through)
    assert met.wait(30), "apply never sent a create"
    process.send_signal(signal.SIGINT)
    said = ended(world, process, (130,), IN_FLIGHT_MAX + 2)
    assert "again" in said, f"it doesn't say how to go on: {said[-300:]}"


def interrupted_while_the_portal_is_gone(world, plan, chance, way, through):
    process = started(world, plan, through, way)
    world.kill()
    time.sleep(chance.uniform(0.2, 2))
    process.send_signal(signal.SIGINT)
    ended(world, process, (1, 130), IN_FLIGHT_MAX + 2)
    world.start()


def interrupted_twice(world, plan, chance, way, through):
    process = started(world, plan, through, way)
    process.send_signal(signal.SIGINT)
    time.sleep(chance.uniform(0.05, 0.2))
    process.send_signal(signal.SIGINT)
    ended(world, process, (0, 130), 2)


def asked_to_end(number):
    def play(world, plan, chance, way, through):
        process = started(world, plan, through, way)
        time.sleep(chance.uniform(0, loss_span(world)))
        process.send_signal(number)
        ended(world, process, (0, 130, -number), IN_FLIGHT_MAX)

    play.__name__ = signal.Signals(number).name
    return play


def stopped_and_continued(world, plan, chance, way, through):
    """Longer than the window: what was sent before is answered, not sent again."""
    process = started(world, plan, through, way)
    time.sleep(chance.uniform(0, loss_span(world)))
    process.send_signal(signal.SIGSTOP)
    time.sleep(5)
    process.send_signal(signal.SIGCONT)
    ended(world, process, (0,), 60)


SIGNALS = [
    interrupted_once, interrupted_while_no_answer_comes, interrupted_while_the_portal_is_gone, interrupted_twice, asked_to_end(signal.SIGTERM),
    asked_to_end(signal.SIGHUP), stopped_and_continued,
]


def loss_span(world):
    return world.loss.span


# --- Playing ------------------------------------------------------------------------------------------------------------------------------

LAYERS = {
    "C": ("kill -9 of apply at a random millisecond", story_c, 100),
    "D": ("kill -9 of the portal, or of both", story_d, 10),
    "E": ("the operating system says no", story_e, len(OBSTACLES)),
    "F": ("signals", story_f, len(SIGNALS)),
    "P": ("a proxy that drops, delays, cuts and lies", story_p, 100),
    "G": ("records that the portal refuses", story_g, 4),
    "U": ("two at once; undo, killed", story_u, 8),
    "S": ("a storm of restarts at a portal with limits", story_s, 20),
    "Z": ("doubles that nobody can prevent are found", story_z, 2),
}


def measure(loss, place):
    """How long an undisturbed apply takes here: the range from which instants are drawn."""
    with loss.copy(place, *PORTAL) as world:
        plan = world.plan()
        began = time.monotonic()
        world.finish(plan, **PATIENT)
        loss.span = time.monotonic() - began
        return world.check(WINDOW)


def play(layer, times, loss, seed, tally):
    """Tells stories of a layer until so many disturbances have met the program. What went wrong."""
    what, story, _ = LAYERS[layer]
    began, lock = time.monotonic(), threading.Lock()
    state = {"met": 0, "stories": 0, "left_out": [], "wrong": []}

    def worker():
        while True:
            with lock:
                if state["met"] >= times or len(state["wrong"]) >= 3 or state["stories"] >= times * 3 + 10:
                    return
                number = state["stories"]
                state["stories"] += 1
            chance = random.Random(f"{seed} {layer} {number}")
            place = loss.directory / f"{layer}-{number}"
            try:
                met, looked_at = story(loss, place, chance, number)
                with lock:
                    state["met"] += met
                    tally.add(looked_at)
                shutil.rmtree(place)
            except Impossible as reason:
                with lock:
                    state["left_out"].append(str(reason))
                    state["met"] += 1
            except Exception as error:
                kept = Path(tempfile.gettempdir()) / f"b24restore-{layer}-{number}-{os.getpid()}"
                shutil.copytree(place, kept, dirs_exist_ok=True)
                with lock:
                    state["wrong"].append(f"{layer} story {number} (kept in {kept}): {type(error).__name__}: {error}")

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for done in [pool.submit(worker) for _ in range(WORKERS)]:
            done.result()
    left_out = f", left out here: {', '.join(sorted(set(state['left_out'])))}" if state["left_out"] else ""
    print(f"{layer}: {what}: {state['met']} in {state['stories']} stories, {time.monotonic() - began:.0f} s{left_out}", flush=True)
    while loss.said:
        print(f"   {loss.said.pop()}")
    return state["wrong"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("layers", nargs="*", metavar="LAYER", help=", ".join(LAYERS))
    parser.add_argument("--times", type=int, help="how many disturbances")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--ci", action="store_true", help="every layer at the figures of a CI run, as without any argument")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    tally, wrong, began = Tally(), [], time.monotonic()
    # Held in memory where that is possible: SQLite's syncs are the program's business, not what is measured here.
    shelf = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="b24restore-layers-", dir=shelf) as name:
        loss = Loss(Path(name) / "loss")
        loss.said = []
        tally.add(measure(loss, Path(name) / "measure"))
        for layer in options.layers or LAYERS:
            wrong += play(layer, options.times or LAYERS[layer][2], loss, options.seed, tally)
    print(tally.table())
    print(f"layers from outside: {time.monotonic() - began:.0f} s")
    for objection in wrong:
        print(objection, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
