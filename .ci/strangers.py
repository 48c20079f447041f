#!/usr/bin/env python3
"""Clients that others wrote talk to the sandbox: it must answer them as a portal does.

b24pysdk and fast-bitrix24 come from PyPI into a virtual environment (this script starts itself again inside it), @bitrix24/b24jssdk from npm.
Two of them speak https only. They run unaltered: a small TLS proxy with a certificate of its own stands before the sandbox.
"""

import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from portal import Sandbox

HERE = Path(__file__).resolve().parent
PYTHON_CLIENTS = ["b24pysdk", "fast-bitrix24"]
NODE_CLIENT = "@bitrix24/b24jssdk"
COMPANIES = 120


def certificate(directory):
    """A certificate for 127.0.0.1, and its key."""
    both = directory / "cert.pem", directory / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-out", both[0], "-keyout", both[1]], check=True, capture_output=True)
    return both


def tls_proxy(target, cert, key):
    """Listens on loopback with TLS and hands everything on to the target; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def serve(raw):
        try:
            with context.wrap_socket(raw, server_side=True) as client, socket.create_connection(target) as server:
                back = threading.Thread(target=pump, args=(server, client), daemon=True)
                back.start()
                pump(client, server)
                back.join()
        except OSError:
            pass

    def accept():
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def b24pysdk(webhook):
    """The vendor's Python client: add, get, lists over all pages in both ways, a batch with a reference, an error."""
    from b24pysdk import BitrixWebhook, Client

    host, _, user, secret = webhook.removeprefix("https://").strip("/").split("/")
    client = Client(BitrixWebhook(domain=host, webhook_token=f"{user}/{secret}"))
    made = client.crm.deal.add(fields={"TITLE": "from b24pysdk", "OPPORTUNITY": 12.5}).response.result
    deal = client.crm.deal.get(bitrix_id=made).response.result
    assert deal["TITLE"] == "from b24pysdk" and float(deal["OPPORTUNITY"]) == 12.5, deal
    for listing in (client.crm.company.list(select=["ID", "TITLE"]).as_list(), client.crm.company.list(select=["ID", "TITLE"]).as_list_fast()):
        titles = sorted(row["TITLE"] for row in listing.response.result)
        assert titles == sorted(f"Company {i}" for i in range(COMPANIES)), len(titles)
    answer = client.call_batch({
        "deal": client.crm.deal.get(bitrix_id=made),
        "statuses": client.crm.status.list(filter={"ENTITY_ID": "STATUS"}),
    }).response.result
    assert answer.result["deal"]["ID"] == str(made) and len(answer.result["statuses"]) >= 3, answer
    try:
        client.crm.deal.get(bitrix_id=10**6).response
    except Exception as error:
        assert "not found" in str(error).lower(), error
    else:
        raise AssertionError("a deal that isn't there was given")


def fast_bitrix24(webhook):
    """The popular Python client: all pages in parallel, many adds in batches, get by ids."""
    from fast_bitrix24 import Bitrix

    client = Bitrix(webhook, verbose=False)
    titles = sorted(row["TITLE"] for row in client.get_all("crm.company.list", {"select": ["ID", "TITLE"]}))
    assert titles == sorted(f"Company {i}" for i in range(COMPANIES)), len(titles)
    ids = client.call("crm.lead.add", [{"fields": {"TITLE": f"fast {i}"}} for i in range(75)])
    assert len(set(map(str, ids))) == 75, ids
    found = client.get_by_ID("crm.lead.get", [int(key) for key in ids])
    assert len(found) == 75, len(found)
    assert {row["TITLE"] for row in client.get_all("crm.lead.list", {"filter": {"%TITLE": "fast "}})} == {f"fast {i}" for i in range(75)}


def b24jssdk(webhook, directory):
    """The vendor's JavaScript client, in a script of its own."""
    if not shutil.which("npm"):
        print("b24jssdk: no npm here, left out")
        return
    shutil.copy(HERE / "stranger.mjs", directory)
    (directory / "package.json").write_text('{"private": true}')
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", NODE_CLIENT], cwd=directory, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL)
    subprocess.run(["node", "stranger.mjs", webhook, str(COMPANIES)], cwd=directory, check=True, stdin=subprocess.DEVNULL, timeout=120)


def within_environment():
    """Starts this script again in a virtual environment that has the clients."""
    with tempfile.TemporaryDirectory() as name:
        subprocess.run([sys.executable, "-m", "venv", name], check=True)
        python = str(Path(name) / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PYTHON_CLIENTS], check=True, stdin=subprocess.DEVNULL)
        return subprocess.run([python, __file__], env={**os.environ, "STRANGERS_INSIDE": "1"}, check=False).returncode


def main():
    if not os.environ.get("STRANGERS_INSIDE"):
        return within_environment()
    with tempfile.TemporaryDirectory() as name, Sandbox(Path(name) / "portal") as portal:
        directory = Path(name)
        for at in range(0, COMPANIES, 50):
            adds = {f"c{i}": f"crm.company.add?fields[TITLE]=Company {i}" for i in range(at, min(at + 50, COMPANIES))}
            assert not portal.result("batch", {"cmd": adds})["result_error"]
        cert, key = certificate(directory)
        address = portal.webhook.removeprefix("http://")
        host, _, path = address.partition("/")
        port = tls_proxy((host.split(":")[0], int(host.split(":")[1])), cert, key)
        secure = f"https://127.0.0.1:{port}/{path}"
        os.environ.update(REQUESTS_CA_BUNDLE=str(cert), SSL_CERT_FILE=str(cert), NODE_EXTRA_CA_CERTS=str(cert), NO_PROXY="127.0.0.1",
                          no_proxy="127.0.0.1")
        b24pysdk(secure)
        print("b24pysdk: add, get, two kinds of listing, batch, error: as from a portal")
        fast_bitrix24(portal.webhook)
        print("fast-bitrix24: parallel listing, 75 adds in batches, get by ids: as from a portal")
        b24jssdk(secure, directory)
    return 0


if __name__ == "__main__":
    sys.exit(main())
