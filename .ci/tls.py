#!/usr/bin/env python3
"""Encrypted connections: a certificate that nobody vouches for, one that is out of date, one of another host, and an old protocol are
refused before a byte of the request is sent; the authority in `--ca-file` is trusted.
"""

import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from portal import BINARY, Sandbox
from strangers import tls_proxy


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True)


def authority(directory):
    """A company's own authority."""
    cert, key = directory / "ca.pem", directory / "ca.key"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=A company's own authority", "-addext",
            "basicConstraints=critical,CA:TRUE", "-out", cert, "-keyout", key)
    return cert, key


def certificate(directory, ca, name, host, *validity):
    """A server's certificate that the authority has signed, and its key."""
    cert, key, request, extensions = (directory / f"{name}.{kind}" for kind in ("pem", "key", "csr", "ext"))
    extensions.write_text(f"subjectAltName={host}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-out", request, "-keyout", key)
    openssl("x509", "-req", "-in", request, "-CA", ca[0], "-CAkey", ca[1], "-CAcreateserial", "-extfile", extensions, "-out", cert, *validity)
    return cert, key


def plain_listener(seen, came):
    """Takes TLS hellos and answers none; keeps what came, and says so."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept():
        while True:
            client = listener.accept()[0]
            seen.append(client.recv(65536))
            came.set()
            client.close()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def main():
    with tempfile.TemporaryDirectory() as name, Sandbox(Path(name) / "portal") as portal:
        directory = Path(name)
        host, path = portal.webhook.removeprefix("http://").split("/", 1)
        target = (host.split(":")[0], int(host.split(":")[1]))
        ca = authority(directory)
        good = certificate(directory, ca, "good", "IP:127.0.0.1", "-days", "2")
        other = certificate(directory, ca, "other", "DNS:portal.example", "-days", "2")
        old = certificate(directory, ca, "old", "IP:127.0.0.1", "-days", "-1")

        def snapshot(port, *flags, code):
            environment = portal.environment(B24_WEBHOOK=f"https://127.0.0.1:{port}/{path}")
            out = directory / f"snapshot-{port}-{len(flags)}"
            done = subprocess.run([BINARY, "snapshot", "--out", out, *map(str, flags)], env=environment, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=120)
            assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
            return done.stderr

        port = tls_proxy(target, *good)
        trusted = ("--ca-file", ca[0])
        snapshot(port, *trusted, code=0)
        said = [snapshot(port, code=1), snapshot(tls_proxy(target, *other), *trusted, code=1),
                snapshot(tls_proxy(target, *old), *trusted, code=1)]
        assert all("certificate" in text for text in said), said
        seen, came = [], threading.Event()
        snapshot_port = plain_listener(seen, came)
        environment = portal.environment(B24_WEBHOOK=f"https://127.0.0.1:{snapshot_port}/{path}")
        process = subprocess.Popen([BINARY, "snapshot", "--out", directory / "none"], env=environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        came.wait(60)
        process.kill()
        process.wait()
        secret = path.strip("/").split("/")[-1].encode()
        assert seen and all(hello[:1] == b"\x16" and secret not in hello for hello in seen), "something else than TLS was sent"
        print(f"TLS: the company's authority is trusted when it is named; {len(said)} bad certificates refused; nothing goes out in the clear")


if __name__ == "__main__":
    sys.exit(main())
