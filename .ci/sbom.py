#!/usr/bin/env python3
"""Says what the program is built of: a CycloneDX 1.5 JSON, from `cargo metadata`, `cargo tree` and the checksums of `Cargo.lock`. Python's
standard library alone.

    .ci/sbom.py [--target TRIPLE] [--out FILE]    writes it (to stdout where no file is named)
    .ci/sbom.py --check FILE                      is it whole, do its hashes stand in Cargo.lock, does its graph close?
    .ci/sbom.py --self-test                       spoils a good one in every way that --check must see

It holds what the shipped binary of one target is built of: normal dependencies, neither those of tests nor those of build scripts. The C
of SQLite and mimalloc comes with the crates that bundle it (libsqlite3-sys, libmimalloc-sys), and is under their hashes. The same
sources give the same bytes, on whatever machine: there is no time in it, no host name and no path.
"""

import argparse
import copy
import getpass
import json
import re
import socket
import subprocess
import sys
import tomllib
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = "b24restore"
REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"


class Wrong(Exception):
    """The file is no bill of materials of these sources."""


def cargo_lock():
    """Name and version of every crate of the registry -> its SHA-256."""
    packages = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    return {(package["name"], package["version"]): package["checksum"] for package in packages if "checksum" in package}


def host():
    """The target of the compiler that is at hand."""
    said = subprocess.run(["rustc", "-vV"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return re.search(r"^host: (\S+)$", said, re.MULTILINE)[1]


def metadata(target):
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--filter-platform", target]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)


def built(target):
    """Names and versions of what is really built for a target. `cargo metadata` follows features that only tests switch on, too."""
    command = ["cargo", "tree", "--locked", "--target", target, "--edges", "normal", "--prefix", "none", "--format", "{p}"]
    lines = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return {(name, version.removeprefix("v")) for name, version, *_ in (line.split() for line in lines if line)}


def expression(package):
    """A crate's licence as an SPDX expression: `/` is what cargo once had for OR."""
    said = package["license"]
    if not said:
        raise Wrong(f"{package['name']} {package['version']} names no licence")
    return re.sub(r"\s*/\s*", " OR ", said)


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version'].replace('+', '%2B')}"


def component(package, kind, checksums):
    made = {"type": kind, "bom-ref": purl(package), "name": package["name"], "version": package["version"]}
    if package["source"] is not None:
        if package["source"] != REGISTRY:
            raise Wrong(f"{package['name']} is of {package['source']}")
        made["hashes"] = [{"alg": "SHA-256", "content": checksums[package["name"], package["version"]]}]
    made["licenses"] = [{"expression": expression(package)}]
    made["purl"] = purl(package)
    return made


def normal(node, packages):
    """The ids of a crate's normal dependencies among these packages."""
    return sorted({dep["pkg"] for dep in node["deps"] if dep["pkg"] in packages and any(kind["kind"] is None for kind in dep["dep_kinds"])})


def bill(target):
    """The bill of materials of a target's binary."""
    data, checksums, shipped = metadata(target), cargo_lock(), built(target)
    packages = {package["id"]: package for package in data["packages"] if (package["name"], package["version"]) in shipped}
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    [program] = [package["id"] for package in packages.values() if package["name"] == PROGRAM and package["source"] is None]
    reached, ahead = set(), [program]
    while ahead:
        at = ahead.pop()
        if at not in reached:
            reached.add(at)
            ahead += normal(nodes[at], packages)
    if len(reached) != len(shipped):
        raise Wrong(f"{len(shipped)} crates are built, and {len(reached)} are told of")
    by_ref = {purl(packages[at]): at for at in reached}
    graph = [{"ref": ref, "dependsOn": sorted(purl(packages[dep]) for dep in normal(nodes[at], packages))} for ref, at in sorted(by_ref.items())]
    body = {
        "metadata": {
            "component": component(packages[program], "application", checksums),
            "properties": [{"name": "cargo:target", "value": target}],
        },
        "components": [component(packages[at], "library", checksums) for _, at in sorted(by_ref.items()) if at != program],
        "dependencies": graph,
    }
    # Named by its content: the same bill has the same number.
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(body, sort_keys=True))
    head = {"$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.5"}
    return {**head, "serialNumber": f"urn:uuid:{number}", "version": 1, **body}


def check(text, checksums):
    """Raises what is wrong with a bill; how many components it has."""
    made = json.loads(text)
    for key in ("bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "dependencies"):
        if key not in made:
            raise Wrong(f"{key} is missing")
    if (made["bomFormat"], made["specVersion"]) != ("CycloneDX", "1.5") or not re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", made["serialNumber"]):
        raise Wrong("it is no CycloneDX 1.5")
    program = made["metadata"]["component"]
    everything = [program, *made["components"]]
    for one in everything:
        for key in ("type", "bom-ref", "name", "version", "licenses", "purl"):
            if not one.get(key):
                raise Wrong(f"{one.get('name')}: {key} is missing")
        if not one["licenses"][0].get("expression") or "/" in one["licenses"][0]["expression"]:
            raise Wrong(f"{one['name']}: its licence is no SPDX expression")
    for one in made["components"]:
        if one.get("hashes") != [{"alg": "SHA-256", "content": checksums.get((one["name"], one["version"]))}]:
            raise Wrong(f"{one['name']} {one['version']}: its hash isn't that of Cargo.lock")
    closes(program["bom-ref"], [one["bom-ref"] for one in everything], made["dependencies"])
    for trace in (str(ROOT), str(Path.home()), "file:", socket.gethostname(), f"/{getpass.getuser()}/"):
        # A machine may be called like a crate, or by a few letters that stand in many a word.
        if len(trace) > 3 and trace in text and not any(trace in one["name"] for one in everything):
            raise Wrong(f"it tells of the machine that made it: {trace}")
    return len(made["components"])


def closes(program, refs, dependencies):
    """Every reference of the graph is a component, every component has its place in it, and the program reaches all."""
    if len(set(refs)) != len(refs):
        raise Wrong("a component stands there twice")
    edges = {one["ref"]: one["dependsOn"] for one in dependencies}
    if len(edges) != len(dependencies) or set(edges) != set(refs):
        raise Wrong("components and graph don't name the same")
    reached, ahead = set(), [program]
    while ahead:
        at = ahead.pop()
        if at not in edges:
            raise Wrong(f"{at} is no component")
        if at not in reached:
            reached.add(at)
            ahead += edges[at]
    if reached != set(refs):
        raise Wrong(f"nothing depends on {', '.join(sorted(set(refs) - reached))}")


def spoilt(good):
    """A good bill, spoilt in each way that a check must see."""

    def with_change(change):
        bad = copy.deepcopy(good)
        change(bad)
        return json.dumps(bad)

    first = good["components"][0]["bom-ref"]
    yield "a key less", with_change(lambda bad: bad.pop("dependencies"))
    yield "another format", with_change(lambda bad: bad.update(specVersion="1.6"))
    yield "another hash", with_change(lambda bad: bad["components"][0]["hashes"][0].update(content="0" * 64))
    yield "another version", with_change(lambda bad: bad["components"][0].update(version="0.0.0"))
    yield "no hash", with_change(lambda bad: bad["components"][-1].pop("hashes"))
    yield "no licence", with_change(lambda bad: bad["components"][0].update(licenses=[{}]))
    yield "an old licence", with_change(lambda bad: bad["components"][0].update(licenses=[{"expression": "MIT/Apache-2.0"}]))
    yield "a component less", with_change(lambda bad: bad["components"].pop())
    yield "a component twice", with_change(lambda bad: bad["components"].append(bad["components"][0]))
    yield "an edge into nothing", with_change(lambda bad: bad["dependencies"][0]["dependsOn"].append("pkg:cargo/nobody@1.0.0"))
    yield "a component that nobody needs", with_change(
        lambda bad: [one["dependsOn"].remove(first) for one in bad["dependencies"] if first in one["dependsOn"]]
    )
    yield "a path", with_change(lambda bad: bad["metadata"].update(properties=[{"name": "made in", "value": str(ROOT)}]))


def self_test(target):
    good, checksums = bill(target), cargo_lock()
    check(json.dumps(good), checksums)
    assert good == bill(target), "the same sources gave two bills"
    unseen = []
    for what, text in spoilt(good):
        try:
            check(text, checksums)
            unseen.append(what)
        except Wrong:
            pass
    if unseen:
        raise Wrong(f"spoilt, and not seen: {', '.join(unseen)}")
    print(f"{PROGRAM} for {target}: {len(good['components'])} components; {sum(1 for _ in spoilt(good))} ways to spoil it, all seen")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", help="the target of the shipped binary (default: the compiler's own)")
    parser.add_argument("--out", type=Path, metavar="FILE", help="where it is written")
    parser.add_argument("--check", type=Path, metavar="FILE", help="check a bill instead")
    parser.add_argument("--self-test", action="store_true", help="show that a spoilt bill is seen")
    options = parser.parse_args()
    try:
        if options.check:
            print(f"{options.check}: {check(options.check.read_text(encoding='utf-8'), cargo_lock())} components, sound")
        elif options.self_test:
            self_test(options.target or host())
        else:
            text = json.dumps(bill(options.target or host()), indent=2, ensure_ascii=False) + "\n"
            check(text, cargo_lock())
            if options.out:
                options.out.write_text(text, encoding="utf-8")
            else:
                sys.stdout.write(text)
    except Wrong as wrong:
        sys.exit(f"sbom: {wrong}")


if __name__ == "__main__":
    main()
