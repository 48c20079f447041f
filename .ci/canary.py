#!/usr/bin/env python3
"""The webhook's secret, and an application's keys, are looked for wherever they must not be.

A canary stands for the secret (the proxy in between swaps it for the portal's own). Every command runs with it, at `-vv`, in both
languages, through all faults of the proxy and some that only a hostile network thinks of: answers that repeat the address, redirects to
a listener that notes what it gets. Then everything that was said, written, sent elsewhere or shown by the system is searched for the
canary in all its disguises. An application's keys are the sandbox's own, old and new; its faults repeat them.
"""

import concurrent.futures
import contextlib
import functools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import proxy as proxies
from checker import disguises
from portal import BINARY
from world import Loss

SECRET = "c4naryQ7x9Zt2mWqRk5vBn3Lp8Js6Hd1"
WINDOW = 0.3
WORKERS = 4


# --- A hostile network --------------------------------------------------------------------------------------------------------------------

def address_repeated_in_an_error(exchange, _):
    """A web application firewall that quotes the request it refuses."""
    first = exchange.head.split(b"\r\n")[0].decode()
    exchange.error(403, b"Forbidden", "ACCESS_DENIED", f"Request blocked: {first} http://127.0.0.1/rest/1/{SECRET}/")


def address_repeated_in_a_page(exchange, _):
    exchange.answer(502, b"Bad Gateway", {b"Content-Type": b"text/html"}, b"<html>cannot reach http://127.0.0.1/rest/1/%b/</html>" % SECRET.encode())


def address_repeated_in_a_notice(exchange, _):
    """PHP's warnings before the JSON."""
    status, reason, headers, body = exchange.deliver()
    exchange.answer(status, reason, headers, b"<b>Warning</b>: /rest/1/%b/crm: slow\n" % SECRET.encode() + body)


def address_repeated_in_a_header(exchange, _):
    status, reason, headers, body = exchange.deliver()
    exchange.answer(status, reason, {**headers, b"X-Original-URL": b"/rest/1/%b/" % SECRET.encode()}, body)


def wrong_secret(exchange, _):
    exchange.error(401, b"Unauthorized", "INVALID_CREDENTIALS", f"Invalid request credentials for /rest/1/{SECRET}/")


class Elsewhere:
    """A listener on this computer that notes all it gets, and answers that all is well."""

    def __init__(self):
        self.got = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                with client, contextlib.suppress(OSError):
                    client.settimeout(2)
                    self.got.append(client.recv(65536))
                    client.sendall(proxies.framed(200, b"OK", {b"Content-Type": b"application/json"}, b'{"result":[]}'))


def redirects(elsewhere):
    def redirect(status, location):
        def play(exchange, _):
            exchange.answer(status, b"Found", {b"Location": location.encode()}, b"")

        play.__name__ = f"redirected {status}"
        return play

    with_path = f"http://{elsewhere.address}/rest/1/{SECRET}/profile.json"
    return [*(redirect(status, f"http://{elsewhere.address}/") for status in (301, 302, 303, 307, 308)), redirect(302, with_path), redirect(302, f"//{elsewhere.address}/")]


# --- Commands -----------------------------------------------------------------------------------------------------------------------------

class Watched:
    """Runs commands, and keeps whatever they say, write or show to the system."""

    def __init__(self, directory):
        directory.mkdir()
        self.directory = directory
        self.cells, self.texts, self.secrets = 0, {}, {SECRET}
        for name in ("tmp", "home", "state", "cwd"):
            (directory / name).mkdir()

    def run(self, cell, *args, webhook=None, timeout=60, program=BINARY, is_shown=True):
        """One command, ended when its time is up. Its exit code."""
        place = self.directory
        environment = {name: value for name, value in os.environ.items() if not name.startswith("B24")}
        environment |= {"TMPDIR": str(place / "tmp"), "HOME": str(place / "home"), "XDG_STATE_HOME": str(place / "state"), "LC_ALL": "C",
                        "B24RESTORE_ZOMBIE_WINDOW": str(WINDOW), "RUST_LOG": "trace", "RUST_BACKTRACE": "full"}
        if webhook is not None:
            environment["B24_WEBHOOK"] = webhook
        process = subprocess.Popen([program, *map(str, args), "-vv"], env=environment, cwd=place / "cwd", stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.cells, self.process = self.cells + 1, process
        shown = threading.Thread(target=self.look_at, args=(process, cell))
        if is_shown:
            shown.start()
        try:
            out, said = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, said = process.communicate()
        if is_shown:
            shown.join()
        self.texts[f"{cell}: stdout"], self.texts[f"{cell}: stderr"] = out, said
        return process.returncode

    def look_at(self, process, cell):
        """What any user of the computer may see of a process, as long as it runs."""
        while process.poll() is None:
            with contextlib.suppress(OSError):
                for name in ("cmdline", "comm", "status"):
                    self.texts[f"{cell}: /proc/PID/{name}"] = Path(f"/proc/{process.pid}/{name}").read_bytes()
            time.sleep(0.005)

    def search(self):
        """Where the canary was found; how many bytes were searched."""
        texts = dict(self.texts)
        texts.update((str(path), path.read_bytes()) for path in self.directory.rglob("*") if path.is_file() and "kept-by-the-user" not in path.name)
        needles = [needle for secret in sorted(self.secrets) for needle in disguises(secret)]
        found = [f"{where}: holds the secret, {form}" for where, text in texts.items() for form, needle in needles if needle in text]
        names = [f"{path}: bears the secret in its name" for path in self.directory.rglob("*") if any(secret in path.name for secret in self.secrets)]
        return found + names, sum(map(len, texts.values()))


def walk_through(watched, way, files, directory, cell, language, timeout=60):
    """The whole story once, under whatever the proxy does now."""
    plan, flags = directory / f"plan-{watched.cells}", ("--lang", language)
    if watched.run(f"{cell}: plan", "plan", *files, "--out", plan, *flags, webhook=way.webhook, timeout=timeout) == 0:
        for command, *more in (("apply", "--yes"), ("status",), ("apply", "--yes", "--json"), ("verify",), ("undo", "--yes")):
            watched.run(f"{cell}: {command}", command, plan, *more, *flags, webhook=way.webhook, timeout=timeout)


class Fixed(proxies.Proxy):
    """Does one thing to the n-th request, or to every request from it on."""

    fixed = None

    def choose(self, exchange):
        fault, chance = super().choose(exchange)
        if not self.fixed:
            return fault, chance
        what, nth, forever = self.fixed
        self.count += 1
        return (what if self.count == nth or (forever and self.count > nth) else fault), chance

    def strike(self, what, nth, forever):
        self.count, self.fixed = 0, (what, nth, forever)


def cells(chance, elsewhere):
    """(what is done, to which request, whether to all after it, seconds for a command)."""
    hostile = [address_repeated_in_an_error, address_repeated_in_a_page, address_repeated_in_a_notice, address_repeated_in_a_header, wrong_secret]
    # One that is waited out for minutes says all it has to say in the first seconds.
    lasting = [(fault, nth, True, 4) for fault in [*hostile, *redirects(elsewhere)] for nth in (1, chance.choice((3, 5, 7)))]
    passing = [(fault, chance.choice((2, 4, 6, 8)), False, 60) for fault in proxies.FAULTS]
    return lasting + passing


def under_faults(watched, world, chance, share):
    """A share of the cells, on a portal of its own."""
    directory = watched.directory / "plans"
    directory.mkdir()
    with Fixed(world, chance, secret=SECRET, window=WINDOW) as way:
        for fault, nth, forever, timeout in share:
            way.strike(fault, nth, forever)
            cell = f"{fault.__name__}, {'from' if forever else 'at'} request {nth}"
            walk_through(watched, way, [world.loss.files[0]], directory, cell, chance.choice(("en", "es")), timeout)


def without_faults(watched, world, chance):
    """All types of records, a snapshot, and sudden ends."""
    directory = watched.directory / "plans"
    directory.mkdir()
    with Fixed(world, chance, secret=SECRET, window=WINDOW) as way:
        walk_through(watched, way, world.loss.files, directory, "no fault", "en")
        watched.run("snapshot", "snapshot", "--out", watched.directory / "snapshot", webhook=way.webhook)
        watched.run("snapshot again", "plan", watched.directory / "snapshot", "--out", directory / "of-a-snapshot", webhook=way.webhook)
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV):
            killed(watched, way, [world.loss.files[0]], directory, number)


def killed(watched, way, files, directory, number):
    """Ended by a signal in the middle of a create; two of these signals would leave a core dump."""
    plan = directory / f"killed-{number}"
    watched.run(f"{number.name}: plan", "plan", *files, "--out", plan, webhook=way.webhook)

    def shoot(exchange, chance):
        os.kill(watched.process.pid, number)
        proxies.slow(exchange, chance)

    way.next = [lambda exchange: exchange.creates and shoot]
    watched.run(f"{number.name}: apply", "apply", plan, "--yes", webhook=way.webhook)


def addresses(way):
    """How people get the address wrong; what is said must not repeat it."""
    path = f"/rest/1/{SECRET}/"
    return [
        f"http://127.0.0.1:1{path}", f"http://{SECRET}@127.0.0.1:1/rest/1/x/", f"127.0.0.1{path}", f"ftp://127.0.0.1{path}", f"http://example.com{path}",
        f"https://127.0.0.1:1{path}", f"https://no-such-host.invalid{path}", f"https:/127.0.0.1{path}", f"https://127.0.0.1:99999{path}",
        f"https://127.0.0.1/rest/{SECRET}/", f"https://127.0.0.1/{SECRET}", f"https://127.0.0.1/rest/1/{SECRET}/profile.json?auth={SECRET}#{SECRET}",
        f"'{way.webhook}'", f"{way.webhook} {way.webhook}", f"B24_WEBHOOK={way.webhook}", f"https://[::1{path}", f"https://127.0.0.1/rest/1/{SECRET}\n/",
        f"http://127.0.0.1:{way.port}/rest/uno/{SECRET}/", SECRET, f"https://{SECRET}/", f"https://{SECRET}.bitrix24.es/rest/1/", f"{way.webhook}\\", f"\ufeff{way.webhook}x",
    ]


def with_wrong_addresses(watched, world, chance):
    with proxies.Proxy(world, chance, secret=SECRET) as way:
        plan = watched.directory / "plan-for-wrong-addresses"
        watched.run("wrong addresses: plan", "plan", world.loss.files[0], "--out", plan, webhook=way.webhook)
        given_as_an_argument(watched, way, world.loss.files[:1])
        for number, address in enumerate(addresses(way)):
            file = watched.directory / f"kept-by-the-user-{number}"
            file.write_text(address, encoding="utf-8")
            file.chmod(0o600)
            # Planning tries a missing connection for half a minute, applying longer: the address alone is what matters here.
            for how, args, webhook in (("in the variable", (), address.replace("\0", "")), ("in a file", ("--webhook-file", file), None)):
                watched.run(f"address {number} {how}", "plan", world.loss.files[0], "--out", watched.directory / f"none-{number}", *args, webhook=webhook,
                            timeout=2)


def given_as_an_argument(watched, way, files):
    """Against all that the help says. The system shows it, then; the program doesn't say it again."""
    for number, args in enumerate((("plan", "--webhook", way.webhook), ("plan", f"--webhook={way.webhook}"), ("plan", way.webhook, *files), ("apply", way.webhook),
                                   (way.webhook,), ("plan", "--webhook-file", way.webhook, *files), ("inspect", f"'{way.webhook}'"))):
        code = watched.run(f"argument {number}", *args, webhook=way.webhook, is_shown=False)
        assert code == 2, f"the address as an argument: exit {code}"


def through_an_application(watched, world, chance):
    """Keys that are renewed, refused, lost and repeated."""
    file = world.directory / "application.json"

    def install():
        file.write_text(json.dumps(world.result("sandbox.application.install")), encoding="utf-8")
        file.chmod(0o600)
        note()

    def note():
        keys = json.loads(file.read_text(encoding="utf-8"))
        watched.secrets |= {keys[name] for name in ("client_secret", "access_token", "refresh_token")}
        return keys

    def repeating(keys):
        """A portal and an authorisation server that say again what they were told."""
        told = " ".join(keys[name] for name in ("access_token", "refresh_token", "client_secret"))
        token = keys["access_token"]
        return [
            [{"method": "batch", "do": {"status": 400, "code": "INVALID_REQUEST", "description": f"bad token {token}"}}],
            [{"method": "batch", "times": 2, "do": {"status": 502, "body": f"<html>auth={token}</html>", "content_type": "text/html"}}],
            [{"method": "batch", "do": {"prefix": f"<b>Warning</b>: auth {token} is slow"}}],
            [{"method": "batch", "times": 1, "do": "expire"}, {"method": "oauth/token", "do": {"status": 400, "code": "invalid_grant", "description": told}}],
            [{"method": "batch", "times": 1, "do": "expire"}, {"method": "oauth/token", "times": 2, "do": {"status": 502, "body": told}}],
            [{"method": "batch", "times": 1, "do": "expire"}, {"method": "oauth/token", "do": {"status": 307, "body": "", "headers": {"Location": "http://127.0.0.1:9/" + told}}}],
            [{"method": "crm.item.batchimport", "times": 1, "do": "expire"}],
            [{"method": "batch", "times": 1, "do": "expire"}, {"method": "oauth/token", "times": 1, "when": "after", "do": "drop"}],
            [{"method": "batch", "times": 1, "do": "revoke"}],
        ]

    install()
    cases = len(repeating(note()))
    for number in range(cases):
        rules = repeating(note())[number]
        for command in ("plan", "apply", "verify", "undo"):
            plan, language = watched.directory / f"plan-{number}", chance.choice(("en", "es"))
            files = ("--out", plan, world.loss.files[0]) if command == "plan" else (plan, "--yes")[:1 if command == "verify" else 2]
            if command == "apply":
                world.result("sandbox.fault.add", {"rules": rules})
            watched.run(f"application, case {number}: {command}", command, *files, "--webhook-file", file, "--lang", language, timeout=30)
            note()
            if command == "apply":
                world.result("sandbox.fault.clear")
                install()


def main():
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
    chance, elsewhere = random.Random(seed), Elsewhere()
    work = cells(chance, elsewhere)
    chance.shuffle(work)
    plays = [without_faults, with_wrong_addresses, through_an_application, *(functools.partial(under_faults, share=work[number::WORKERS]) for number in range(WORKERS))]
    with tempfile.TemporaryDirectory() as name:
        control = Watched(Path(name) / "control")
        control.run("control", "B24_WEBHOOK", webhook=f"http://127.0.0.1/rest/1/{SECRET}/", program="printenv")
        assert control.search()[0], "a program that prints the secret goes unseen"
        loss = Loss(Path(name) / "loss")

        def play(number):
            place = Path(name) / f"story-{number}"
            with loss.copy(place) as world:
                watched = Watched(place / "watched")
                plays[number](watched, world, random.Random(f"{seed} {number}"))
                return watched.cells, *watched.search()

        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            told = list(pool.map(play, range(len(plays))))
        dumps = [str(path) for path in Path(name).glob("story-*/**/core*")]
    found = [text for _, texts, _ in told for text in texts]
    assert not elsewhere.got, f"seed {seed}: a redirect was followed: {elsewhere.got[0][:200]!r}"
    assert not dumps, f"seed {seed}: {dumps}"
    assert not found, f"seed {seed}: the secret is out:\n  " + "\n  ".join(found[:20])
    commands, size = (sum(one[at] for one in told) for at in (0, 2))
    print(f"canary: {commands} commands, {size:,} bytes said, written or shown: the secret nowhere, no redirect followed; seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
