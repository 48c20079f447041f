#!/usr/bin/env python3
"""A proxy between b24restore and a portal that treats HTTP badly, by a seed: drops answers after they took effect, delays, cuts, lies.

It also notes when each request came and how it was answered, and may give the webhook another secret than the portal has.
"""

import collections
import contextlib
import json
import random
import socket
import struct
import threading
import time

HOST = "127.0.0.1"
HTML = b"<!DOCTYPE html><html><head><title>%b</title></head><body><h1>%b</h1></body></html>"


class Exchange:
    """One request on its way through."""

    def __init__(self, proxy, client, head, body):
        self.proxy, self.client, self.head, self.body = proxy, client, head, body
        self.over = False

    @property
    def creates(self):
        """Whether it makes something that a second delivery would make again."""
        return b"import" in self.body.lower() or b".add" in self.body.lower() or b".add" in self.head.split(b"\r\n")[0].lower()

    def deliver(self):
        """Hands it to the portal. Status, reason, headers and body of the answer."""
        with self.proxy.upstream() as portal:
            portal.sendall(self.rewritten() + self.body)
            return parted(read_all(portal))

    def deliver_half(self):
        """The portal gets half of it, then the end of the connection."""
        whole = self.rewritten() + self.body
        with self.proxy.upstream() as portal:
            portal.sendall(whole[: len(whole) - max(1, len(self.body) // 2)])

    def rewritten(self):
        lines = self.head.replace(self.proxy.secret, self.proxy.portal_secret).split(b"\r\n")
        return b"\r\n".join(line for line in lines if line and not line.lower().startswith(b"connection:")) + b"\r\nConnection: close\r\n\r\n"

    def answer(self, status, reason, headers, body):
        self.client.sendall(framed(status, reason, headers, body))

    def page(self, status, reason):
        """A web server's or a captive portal's own page."""
        self.answer(status, reason, {b"Content-Type": b"text/html; charset=utf-8"}, HTML % (reason, reason))

    def error(self, status, reason, code, text):
        body = json.dumps({"error": code, "error_description": text}).encode()
        self.answer(status, reason, {b"Content-Type": b"application/json"}, body)

    def end(self):
        """Closes the connection without another byte."""
        self.over = True

    def reset(self):
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.over = True


def framed(status, reason, headers, body):
    lines = [b"HTTP/1.1 %d %b" % (status, reason), *(b"%b: %b" % header for header in headers.items()), b"Content-Length: %d" % len(body)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def read_all(connection):
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def parted(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    if not first.startswith(b"HTTP/"):
        raise ConnectionError("the portal gave no answer")
    _, status, reason = (first + b" ").split(b" ", 2)
    headers = dict(line.split(b": ", 1) for line in lines)
    kept = {name: value for name, value in headers.items() if name.lower() in (b"content-type", b"location", b"retry-after")}
    return int(status), reason.strip(), kept, body


# --- What can happen to a request. Each takes an exchange and the proxy's dice. ----------------------------------------------------------

def pass_on(exchange, _):
    exchange.answer(*exchange.deliver())


def drop_before(exchange, _):
    exchange.end()


def drop_after(exchange, _):
    exchange.deliver()
    exchange.end()


def reset_before(exchange, _):
    exchange.reset()


def reset_after(exchange, _):
    exchange.deliver()
    exchange.reset()


def half_a_request(exchange, _):
    exchange.deliver_half()
    exchange.reset()


def half_an_answer(exchange, chance):
    whole = framed(*exchange.deliver())
    exchange.client.sendall(whole[: chance.randrange(1, len(whole))])
    exchange.reset() if chance.random() < 0.5 else exchange.end()


def short_but_framed(exchange, chance):
    status, reason, headers, body = exchange.deliver()
    exchange.answer(status, reason, headers, body[: chance.randrange(len(body))])


def bad_gateway_before(exchange, _):
    exchange.page(502, b"Bad Gateway")


def bad_gateway_after(exchange, _):
    exchange.deliver()
    exchange.page(502, b"Bad Gateway")


def gateway_timeout_after(exchange, chance):
    time.sleep(chance.uniform(0, 0.4))
    exchange.deliver()
    exchange.page(504, b"Gateway Time-out")


def login_page(exchange, _):
    exchange.page(200, b"OK")


def login_page_after(exchange, _):
    exchange.deliver()
    exchange.page(200, b"OK")


def empty_answer_after(exchange, _):
    exchange.deliver()
    exchange.answer(200, b"OK", {b"Content-Type": b"application/json"}, b"")


def failed_after_it_was_applied(exchange, _):
    exchange.deliver()
    exchange.error(500, b"Internal Server Error", "INTERNAL_SERVER_ERROR", "Internal server error")


def too_many(exchange, _):
    exchange.error(503, b"Service Unavailable", "QUERY_LIMIT_EXCEEDED", "Too many requests")


def not_gzip(exchange, _):
    status, reason, headers, body = exchange.deliver()
    exchange.answer(status, reason, {**headers, b"Content-Encoding": b"gzip"}, body)


def slow(exchange, chance):
    time.sleep(chance.uniform(0.05, 0.6))
    pass_on(exchange, chance)


def slow_way_back(exchange, chance):
    answer = exchange.deliver()
    time.sleep(chance.uniform(0.05, 0.6))
    exchange.answer(*answer)


def in_drops(exchange, chance):
    whole = framed(*exchange.deliver())
    size = max(1, len(whole) // 12)
    for at in range(0, len(whole), size):
        exchange.client.sendall(whole[at:at + size])
        time.sleep(chance.uniform(0, 0.03))


def late(exchange, chance):
    """The client sees the end at once; the portal gets the request later, within the window."""
    delay = chance.uniform(0.1, 0.6) * exchange.proxy.window

    def deliver():
        time.sleep(delay)
        with contextlib.suppress(OSError):
            exchange.deliver()

    exchange.proxy.spawn(deliver)
    exchange.end()


def twice(exchange, chance):
    """Delivered again. For a create nobody could help it, so it isn't done to one here."""
    if not exchange.creates:
        exchange.deliver()
    pass_on(exchange, chance)


def create_twice(exchange, _):
    exchange.deliver()
    exchange.answer(*exchange.deliver())


FAULTS = [
    drop_before, drop_after, reset_before, reset_after, half_a_request, half_an_answer, short_but_framed, bad_gateway_before, bad_gateway_after,
    gateway_timeout_after, login_page, login_page_after, empty_answer_after, failed_after_it_was_applied, too_many, not_gzip, slow, slow_way_back,
    in_drops, late, twice,
]
OURS = {"too_many": "QUERY_LIMIT_EXCEEDED"}


class Proxy:
    """Listens on a port of its own; ends with the block."""

    def __init__(self, portal, chance, rate=0.0, faults=FAULTS, secret=None, window=1.5):
        self.portal, self.chance, self.rate, self.faults, self.window = portal, chance, rate, faults, window
        self.portal_secret = portal.webhook.strip("/").rsplit("/", 1)[1].encode()
        self.secret = secret.encode() if secret else self.portal_secret
        self.run, self.hits, self.struck, self.next = 0, [], collections.Counter(), []
        self.lock, self.threads = threading.Lock(), []
        self.listener = socket.create_server((HOST, 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.webhook = f"http://{HOST}:{self.port}/rest/1/{self.secret.decode()}/"

    def __enter__(self):
        self.spawn(self.listen)
        return self

    def __exit__(self, *_):
        # Closing alone wouldn't wake the thread that accepts.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def spawn(self, work, *args):
        threading.Thread(target=work, args=args, daemon=True).start()

    def upstream(self):
        return socket.create_connection((HOST, self.portal.port), timeout=60)

    def listen(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.spawn(self.serve, client)

    def serve(self, client):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client, contextlib.suppress(OSError, ValueError):
            rest = b""
            while True:
                head, rest = until(client, rest, b"\r\n\r\n")
                if head is None:
                    return
                length = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
                while len(rest) < length:
                    part = client.recv(65536)
                    if not part:
                        return
                    rest += part
                exchange = Exchange(self, client, head, rest[:length])
                rest = rest[length:]
                self.treat(exchange)
                if exchange.over:
                    return

    def treat(self, exchange):
        fault, chance = self.choose(exchange)
        hit = {"run": self.run, "at": time.monotonic(), "answered": time.monotonic(), "method": method_of(exchange.head), "fault": fault.__name__,
               "code": OURS.get(fault.__name__, ""), "ours": fault.__name__ in OURS}
        with self.lock:
            self.hits.append(hit)
            self.struck[fault.__name__] += 1
        deliver = exchange.deliver

        def noted():
            answer = deliver()
            if answer[0] >= 400:
                with contextlib.suppress(ValueError):
                    hit["code"] = json.loads(answer[3]).get("error", "")
            return answer

        exchange.deliver = noted
        try:
            fault(exchange, chance)
        finally:
            hit["answered"] = time.monotonic()

    def choose(self, exchange):
        """What was asked for next, or what the dice say; each exchange has dice of its own, so that threads don't mix the seed up."""
        with self.lock:
            chance = random.Random(self.chance.random())
            if self.next and (fault := self.next[0](exchange)):
                self.next.pop(0)
                return fault, chance
            if self.rate and chance.random() < self.rate:
                return chance.choice(self.faults), chance
        return pass_on, chance


def until(client, rest, end):
    """Bytes up to and with the end, and what came behind; None when the client has gone."""
    while end not in rest:
        part = client.recv(65536)
        if not part:
            return None, b""
        rest += part
    at = rest.index(end) + len(end)
    return rest[:at], rest[at:]


def method_of(head):
    return head.split(b" ", 2)[1].split(b"?")[0].rstrip(b"/").rsplit(b"/", 1)[-1].removesuffix(b".json").decode()
