#!/usr/bin/env python3
"""The webhook's secret is looked for wherever it must not be.

A canary stands for the secret (the proxy in between swaps it for the portal's own). Every command runs with it, at `-vv`, in both
languages, through all faults of the proxy and some that only a hostile network thinks of: answers that repeat the address, redirects to
a listener that notes what it gets. Then everything that was said, written, sent elsewhere or shown by the system is searched for the
canary in all its disguises.
"""

import contextlib
import os
import random
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
        self.cells, self.texts = 0, {}
        for name in ("tmp", "home", "state", "cwd"):
            (directory / name).mkdir()

    def run(self, cell, *args, webhook=None, timeout=120):
        """One command. Its exit code."""
        place = self.directory
        environment = {name: value for name, value in os.environ.items() if not name.startswith("B24")}
        environment |= {"TMPDIR": str(place / "tmp"), "HOME": str(place / "home"), "XDG_STATE_HOME": str(place / "state"), "LC_ALL": "C",
                        "B24RESTORE_ZOMBIE_WINDOW": str(WINDOW), "RUST_LOG": "trace", "RUST_BACKTRACE": "full"}
        if webhook is not None:
            environment["B24_WEBHOOK"] = webhook
        process = subprocess.Popen([BINARY, *map(str, args), "-vv"], env=environment, cwd=place / "cwd", stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.cells += 1
        shown = threading.Thread(target=self.look_at, args=(process, cell))
        shown.start()
        try:
            out, said = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, said = process.communicate()
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
        found = [f"{where}: holds the secret, {form}" for where, text in texts.items() for form, needle in disguises(SECRET) if needle in text]
        names = [f"{path}: bears the secret in its name" for path in self.directory.rglob("*") if SECRET in path.name]
        return found + names, sum(map(len, texts.values()))


def walk_through(watched, way, files, directory, cell, language):
    """The whole story once, under whatever the proxy does now. The exit codes."""
    plan, flags = directory / f"plan-{watched.cells}", ("--lang", language)
    codes = [watched.run(f"{cell}: plan", "plan", *files, "--out", plan, *flags, webhook=way.webhook)]
    if codes[0] == 0:
        codes += [watched.run(f"{cell}: {command}", command, plan, *more, *flags, webhook=way.webhook)
                  for command, *more in (("apply", "--yes"), ("status",), ("apply", "--yes", "--json"), ("verify",), ("undo", "--yes"))]
    return codes


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


def under_faults(watched, world, chance, elsewhere):
    """Every fault, once and for good, early and late."""
    directory = watched.directory / "plans"
    directory.mkdir()
    hostile = [address_repeated_in_an_error, address_repeated_in_a_page, address_repeated_in_a_notice, address_repeated_in_a_header, wrong_secret]
    # What is only waited out for as long as the patience lasts says nothing new for good.
    brief = [fault for fault in proxies.FAULTS if fault is not proxies.too_many]
    small = [world.loss.files[0]]
    with Fixed(world, chance, secret=SECRET, window=WINDOW) as way:
        walk_through(watched, way, world.loss.files, directory, "no fault", "en")
        for fault in [*hostile, *redirects(elsewhere)]:
            for nth in (1, 3, 6):
                way.strike(fault, nth, forever=True)
                walk_through(watched, way, small, directory, f"{fault.__name__} from request {nth} on", chance.choice(("en", "es")))
        for fault in brief:
            way.strike(fault, chance.choice((2, 4, 6, 8)), forever=False)
            walk_through(watched, way, small, directory, f"{fault.__name__} once", chance.choice(("en", "es")))
        way.fixed = None
        watched.run("snapshot", "snapshot", "--out", watched.directory / "snapshot", webhook=way.webhook)
        watched.run("snapshot again", "plan", watched.directory / "snapshot", "--out", directory / "of-a-snapshot", webhook=way.webhook)
        for number in (15, 9, 6, 11):
            killed(watched, way, small, directory, number)


def killed(watched, way, files, directory, number):
    """Ended by a signal, some of which would leave a core dump."""
    plan = directory / f"killed-{number}"
    watched.run(f"signal {number}: plan", "plan", *files, "--out", plan, webhook=way.webhook)
    way.next = [lambda exchange: exchange.creates and proxies.slow]

    def shoot():
        for _ in range(2000):
            for process in Path("/proc").iterdir():
                with contextlib.suppress(OSError, ValueError):
                    if str(plan).encode() in (process / "cmdline").read_bytes() and way.struck["slow"]:
                        os.kill(int(process.name), number)
                        return
            time.sleep(0.005)

    way.struck.clear()
    hunter = threading.Thread(target=shoot)
    hunter.start()
    watched.run(f"signal {number}: apply", "apply", plan, "--yes", webhook=way.webhook)
    hunter.join()


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
        for number, address in enumerate(addresses(way)):
            file = watched.directory / f"kept-by-the-user-{number}"
            file.write_text(address, encoding="utf-8")
            file.chmod(0o600)
            # Planning tries a missing connection for half a minute, applying longer: the address alone is what matters here.
            for how, args, webhook in (("in the variable", (), address.replace("\0", "")), ("in a file", ("--webhook-file", file), None)):
                watched.run(f"address {number} {how}", "plan", world.loss.files[0], "--out", watched.directory / f"none-{number}", *args, webhook=webhook,
                            timeout=3)


def main():
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        loss = Loss(Path(name) / "loss")
        with loss.copy(Path(name) / "story") as world:
            watched = Watched(Path(name) / "story" / "watched")
            elsewhere = Elsewhere()
            under_faults(watched, world, chance, elsewhere)
            with_wrong_addresses(watched, world, chance)
            found, size = watched.search()
            dumps = [str(path) for path in (Path(name) / "story").rglob("core*")]
            assert not elsewhere.got, f"seed {seed}: a redirect was followed: {elsewhere.got[0][:200]!r}"
            assert not dumps, f"seed {seed}: {dumps}"
            assert not found, f"seed {seed}: the secret is out:\n  " + "\n  ".join(found[:20])
    print(f"canary: {watched.cells} commands, {size:,} bytes said, written or shown: the secret nowhere, no redirect followed; seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
