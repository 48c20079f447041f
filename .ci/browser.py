#!/usr/bin/env python3
"""Opens reports in headless Chromium: the demo's, and one made of a restore file that is full of attacks.

`browser.py DEMO_REPORT_HTML`. Nothing may run: a page that could run something would rename itself, and its DOM would show it.
"""

import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

from portal import Sandbox, write_csv

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--window-size=1280,1250"]
# What an attack does if it runs: it renames the page and leaves a mark in the DOM.
PWN = "document.title='pwned';document.documentElement.setAttribute('data-pwned','1')"
ACTIVE = {"script", "iframe", "frame", "object", "embed", "applet", "form", "base", "link", "img", "math", "foreignobject", "animate", "set", "image", "use", "video", "audio", "portal"}


def chromium(page, *flags):
    """Runs Chromium on a page with a profile of its own; what it printed."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", *flags, Path(page).resolve().as_uri()]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=True)
    return done.stdout.decode()


class Page(HTMLParser):
    """What a dumped DOM holds."""

    def __init__(self, dom):
        super().__init__(convert_charrefs=True)
        self.title, self.text, self.bad, self.elements, self._open = "", [], [], 0, []
        self.feed(dom)

    def handle_starttag(self, tag, attributes):
        self.elements += 1
        self._open.append(tag)
        if tag in ACTIVE:
            self.bad.append(f"<{tag}>")
        for name, value in attributes:
            address = (value or "").strip().lower() if name in ("href", "src", "action", "xlink:href") else ""
            if name.startswith("on") or name in ("srcdoc", "style", "data-pwned") or re.match(r"\w+:", address):
                self.bad.append(f"<{tag} {name}={value!r}>")
        if tag == "meta" and dict(attributes).get("http-equiv", "").lower() == "refresh":
            self.bad.append("<meta refresh>")

    def handle_endtag(self, tag):
        while tag in self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data):
        if self._open and self._open[-1] == "title":
            self.title += "" if "svg" in self._open else data
        elif "style" not in self._open:
            self.text.append(data)


def colours(png):
    """How many colours a PNG of 8-bit RGB(A) shows in a sample of its rows."""
    data, at, pixels = png.read_bytes(), 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
        elif kind == b"IDAT":
            pixels += body
        at += length + 12
    assert depth == 8 and colour in (2, 6), "a kind of PNG that this doesn't read"
    size, rows, raw = {2: 3, 6: 4}[colour], [], zlib.decompress(pixels)
    stride = width * size
    previous = bytearray(stride)
    for y in range(height):
        kind, row = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride):
            left = row[x - size] if x >= size else 0
            up, corner = previous[x], previous[x - size] if x >= size else 0
            if kind == 1:
                row[x] = (row[x] + left) & 255
            elif kind == 2:
                row[x] = (row[x] + up) & 255
            elif kind == 3:
                row[x] = (row[x] + (left + up) // 2) & 255
            elif kind == 4:
                estimate = left + up - corner
                nearest = min((abs(estimate - left), 0, left), (abs(estimate - up), 1, up), (abs(estimate - corner), 2, corner))
                row[x] = (row[x] + nearest[2]) & 255
        rows.append(row)
        previous = row
        if y >= 600:
            break
    return len({bytes(row[x:x + size]) for row in rows[::20] for x in range(0, stride, size)})


def look_at(report, *sentences):
    """Loads a report: nothing active, what must be there is there, and the picture isn't blank."""
    page = Page(chromium(report, "--virtual-time-budget=3000", "--dump-dom"))
    assert not page.bad, f"{report}: {page.bad[:5]}"
    assert page.title and "pwned" not in page.title, f"{report}: the title is {page.title!r}"
    text = " ".join(" ".join(page.text).split())
    for sentence in sentences:
        assert sentence in text, f"{report}: {sentence!r} is missing"
    with tempfile.TemporaryDirectory() as name:
        picture = Path(name) / "page.png"
        chromium(report, f"--screenshot={picture}")
        shades = colours(picture)
    assert shades > 8, f"{report}: {shades} colours: a blank page"
    print(f"{Path(report).name}: {page.title!r}, {page.elements} elements, none active; {shades} colours on its first screen")
    return text


def attacks():
    """At least a hundred ways to run a script out of text."""
    run = PWN
    entity = "".join(f"&#{ord(sign)};" for sign in run)
    events = ("onload", "onerror", "onclick", "onmouseover", "onfocus", "onblur", "ontoggle", "onanimationstart", "onpointerenter", "onpageshow",
              "onscroll", "onbeforeprint")
    tags = ("img src=x", "svg", "body", "input autofocus", "details open", "video src=x", "audio src=x", "marquee", "iframe src=x",
            "object data=x", "style", "select autofocus")
    out = [f"<{tag} {event}=\"{run}\">" for tag, event in zip(tags * 5, (event for event in events for _ in range(5)))]
    breaks = ('"', "'", ">", '">', "'>", "</td>", "</title>", "</style>", "</script>", "</textarea>", "-->", "]]>", "*/", "`", "\\\"", "\u2028")
    out += [f"{end}<script>{run}</script>" for end in breaks]
    out += [f"{end} onmouseover={run} autofocus onfocus={run} x=" for end in breaks]
    out += [
        f"<script>{run}</script>", f"<ScRiPt >{run}</sCrIpT>", f"<script\n>{run}</script\n>", f"<script/x>{run}</script>", f"<<script>{run}//<</script>",
        f"<scr<script>ipt>{run}</scr</script>ipt>", f"<script src=data:text/javascript,{run}></script>", f"<svg><script>{run}</script></svg>",
        f"<svg><animate onbegin={run} attributeName=x dur=1s>", f"<math><mtext><script>{run}</script></mtext></math>",
        f"<a href=\"javascript:{run}\" autofocus>x</a>", f"[url=javascript:{run}]x[/url]", f"[img]javascript:{run}[/img]",
        f"<a href=\"jav&#x09;ascript:{run}\">x</a>", f"<iframe srcdoc=\"<script>parent.{run}</script>\">", f"<iframe src=\"javascript:parent.{run}\">",
        f"<object data=\"data:text/html,<script>{run}</script>\">", f"<embed src=\"javascript:{run}\">",
        f"<meta http-equiv=refresh content=\"0;url=javascript:{run}\">", "<base href=//evil.example/>", f"<form action=\"javascript:{run}\"><button autofocus>",
        f"<noscript><p title=\"</noscript><script>{run}</script>\">", f"<template><script>{run}</script></template>", "<link rel=stylesheet href=//evil.example/x.css>",
        "<style>@import '//evil.example/x.css';</style>", "<div style=\"background:url(//evil.example/x)\">", f"&lt;script&gt;{run}&lt;/script&gt;",
        f"<img src=x onerror={entity}>", f"%3Cscript%3E{run}%3C/script%3E", f"\\u003cscript\\u003e{run}\\u003c/script\\u003e",
        f"{{{{constructor.constructor('{run}')()}}}}", f"${{{run}}}", f"<%= {run} %>", f"+ADw-script+AD4-{run}+ADw-/script+AD4-", f"<!--><script>{run}</script>-->",
        f"<![CDATA[<script>{run}</script>]]>", f"\x0b<script>{run}</script>", f"<plaintext><script>{run}</script>", f"<xmp><script>{run}</script></xmp>",
    ]
    return list(dict.fromkeys(out))


def hostile():
    """A report made of attacks: as missing records, as changed ones, as unreadable rows, as labels and column titles."""
    payloads = attacks()
    assert len(payloads) >= 100
    with tempfile.TemporaryDirectory() as name, Sandbox(Path(name) / "portal", "--limits", "none") as portal:
        directory = Path(name)
        live = {}
        for at in range(0, len(payloads), 50):
            # Half of what tells a company from another is as in the file: else it is another portal's, and refused.
            adds = {f"a{i}": "crm.company.add?" + urlencode({"fields[TITLE]": payload + "!", "fields[COMMENTS]": "quiet",
                                                             "fields[REVENUE]": 1000 + i, "fields[BANKING_DETAILS]": f"account {i}"})
                    for i, payload in enumerate(payloads[at:at + 50], at)}
            live.update(portal.result("batch", {"halt": 0, "cmd": adds})["result"])
        assert len(live) == len(payloads)
        rows = [[key, payloads[int(i[1:])], payloads[int(i[1:])], "", 1000 + int(i[1:]), f"account {i[1:]}"] for i, key in live.items()]
        rows += [[100_000 + i, payload, payload, payload, "", ""] for i, payload in enumerate(payloads)]
        rows += [[payload, payload, payload, "", "", ""] for payload in payloads]
        file = directory / "company<img src=x onerror=alert(1)>.csv"
        write_csv(file, ["ID", "Company Name", "Comment", f"<script>{PWN}</script>", "Annual revenue", "Payment details"], rows)
        for language, sentence in (("en", "nothing has been changed"), ("es", "no se ha cambiado nada")):
            plan = directory / f"plan-{language}"
            portal.b24restore("plan", file, "--entity", "company", "--out", plan, "--lang", language, "--timezone", "UTC", codes=(0, 3))
            text = look_at(plan / "report.html", sentence)
            shown = sum(" ".join(payload.split())[:20] in text for payload in payloads)
            assert shown >= 100, f"only {shown} of {len(payloads)} attacks are shown as text: the check sees too little"
            print(f"hostile report ({language}): {len(payloads)} attacks in {len(rows)} rows, {shown} shown as text, none ran")


def proof_that_an_attack_would_show():
    """The check itself: a page without protection must be caught."""
    with tempfile.TemporaryDirectory() as name:
        page = Path(name) / "open.html"
        page.write_text(f"<title>calm</title><img src=x onerror=\"{PWN}\">")
        caught = Page(chromium(page, "--virtual-time-budget=3000", "--dump-dom"))
        assert caught.title == "pwned" and caught.bad, "an unprotected page wasn't caught"


def main():
    assert CHROMIUM, "no Chromium"
    proof_that_an_attack_would_show()
    for report in sys.argv[1:]:
        look_at(report, "nothing has been changed")
    hostile()


if __name__ == "__main__":
    sys.exit(main())
