#!/usr/bin/env python3
"""What the program is made of: licences, sources and crates that must stay out, as deny.toml says; and a bill of materials (CycloneDX 1.5).

`cargo deny check` says more (it reads licence texts and advisories) and takes ten minutes to install; this asks the same of
`cargo metadata` in a second. Usage: .ci/supply.py [bill-of-materials.json]
"""

import json
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
REGISTRY = "registry+"


def metadata():
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)


def shipped(graph):
    """Ids of what the program is linked from or built with, on any system. `cargo metadata` lists what no feature of ours asks for too."""
    command = ["cargo", "tree", "--locked", "--package", "cpconnect", "--edges", "normal,build", "--target", "all", "--prefix", "none",
               "--format", "{p}"]
    lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    names = {tuple(line.split()[:2]) for line in lines if line}
    return {package["id"] for package in graph["packages"] if (package["name"], f"v{package['version']}") in names}


def allowed(expression, licences):
    """Whether an SPDX expression can be met by these licences. `/` is how old crates write OR."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))
    at = 0

    def either():
        nonlocal at
        met = both()
        while at < len(tokens) and tokens[at] == "OR":
            at += 1
            met = both() or met
        return met

    def both():
        nonlocal at
        met = one()
        while at < len(tokens) and tokens[at] == "AND":
            at += 1
            met = one() and met
        return met

    def one():
        nonlocal at
        token = tokens[at]
        at += 1
        if token == "(":
            met = either()
            at += 1
            return met
        if at < len(tokens) and tokens[at] == "WITH":
            token = f"{token} WITH {tokens[at + 1]}"
            at += 2
        return token in licences

    return either()


def problems(graph, ids, rules):
    licences = set(rules["licenses"]["allow"])
    denied = {one["crate"].split("@")[0]: one["reason"] for one in rules["bans"]["deny"]}
    for package in graph["packages"]:
        name, version = package["name"], package["version"]
        if package["id"] not in ids or package["source"] is None:
            continue
        if not package["source"].startswith(REGISTRY):
            yield f"{name} {version} comes from {package['source'].split('+')[0]}, not from the registry"
        if name in denied:
            yield f"{name} {version} must stay out: {denied[name]}"
        if not package["license"]:
            yield f"{name} {version} does not say its licence"
        elif not allowed(package["license"], licences):
            yield f"{name} {version} is under {package['license']}, which deny.toml does not allow"


def bill(graph, ids):
    checksums = {}
    for entry in tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]:
        checksums[entry["name"], entry["version"]] = entry.get("checksum")

    def component(package):
        name, version = package["name"], package["version"]
        part = {"type": "library", "name": name, "version": version, "bom-ref": f"pkg:cargo/{name}@{version}",
                "purl": f"pkg:cargo/{name}@{version}", "licenses": [{"expression": package["license"].replace("/", " OR ")}]}
        if checksums.get((name, version)):
            part["hashes"] = [{"alg": "SHA-256", "content": checksums[name, version]}]
        return part

    ours = next(package for package in graph["packages"] if package["name"] == "cpconnect")
    packages = [package for package in graph["packages"] if package["id"] in ids and package["source"]]
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
            "metadata": {"component": {"type": "application", "name": ours["name"], "version": ours["version"]}},
            "components": [component(package) for package in sorted(packages, key=lambda one: (one["name"], one["version"]))]}


def main():
    graph = metadata()
    ids = shipped(graph)
    found = sorted(problems(graph, ids, tomllib.loads((ROOT / "deny.toml").read_text())))
    for problem in found:
        print(problem, file=sys.stderr)
    if found:
        return 1
    whole = bill(graph, ids)
    if len(sys.argv) > 1:
        pathlib.Path(sys.argv[1]).write_text(json.dumps(whole, indent=1) + "\n")
    print(f"{len(whole['components'])} crates: every licence allowed, every source the registry, none that must stay out")
    return 0


if __name__ == "__main__":
    assert allowed("MIT OR GPL-3.0", {"MIT"}) and not allowed("MIT AND GPL-3.0", {"MIT"})
    assert allowed("(MIT OR Apache-2.0) AND Unicode-3.0", {"MIT", "Unicode-3.0"}) and not allowed("GPL-2.0/AGPL-3.0", {"MIT"})
    assert allowed("Apache-2.0 WITH LLVM-exception", {"Apache-2.0 WITH LLVM-exception"})
    sys.exit(main())
