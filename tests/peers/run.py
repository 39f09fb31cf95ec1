#!/usr/bin/env python3
"""Runs the providers' official clients against the sandbox, unmodified but for their addresses.

    tests/peers/run.py [--binary target/release/cpconnect] [--keep DIR] [PEER ...]

Without a binary the workspace's own is built. The clients are installed, in the exact versions of requirements.txt and
package.json, into a cache outside the repository ($XDG_CACHE_HOME/cpconnect/peers). What they saw is printed and kept as
`peers.txt` in the folder of artefacts ($CPCONNECT_ARTEFACTS, else target/artefacts).
"""

import argparse
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PEERS = {
    "xero-node 20": ["node", "xero_node_peer.mjs"],
    "xero-python 15": ["python", "xero_python_peer.py"],
    "tap-xero 2.6": ["python", "tap_xero_peer.py"],
    "zohocrmsdk8-0 7 (Python)": ["python", "zoho_crm_python_peer.py"],
    "@zohocrm/nodejs-sdk-8.0 2": ["node", "zoho_crm_node_peer.mjs"],
}
# The company of the story, as the sandbox names it.
TENANT = "0d1c9a1e-52b4-4f0e-8a44-0c0ffee00101"
PATIENCE_S = 600
# The end of what a client says when it fails.
ERROR_LINES = 25


def cache():
    """Installs the clients once for each set of versions."""
    wanted = (HERE / "requirements.txt").read_bytes() + (HERE / "package.json").read_bytes()
    home = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    folder = home / "cpconnect" / "peers" / hashlib.sha256(wanted).hexdigest()[:16]
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        say("installing the clients")
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        pip = [folder / "venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "-r", HERE / "requirements.txt"]
        subprocess.run(pip, check=True)
        shutil.copy(HERE / "package.json", folder)
        npm = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"]
        subprocess.run(npm, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        (folder / "ready").touch()
    return folder


def binary(given):
    if given:
        return pathlib.Path(given).resolve()
    subprocess.run(["cargo", "build", "--quiet", "--package", "cpconnect", "--package", "tests", "--bin", "cpconnect"], cwd=ROOT, check=True)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "debug" / "cpconnect"


class Sandbox:
    """`cpconnect sandbox` on free ports; gone at the end."""

    def __init__(self, program):
        command = [program, "sandbox", "--port", "0", "--smtp-port", "0", "--contacts", "40", "--invoices", "240"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def __enter__(self):
        settings = {}
        for line in self.process.stdout:
            name, _, value = line.strip().partition("=")
            settings[name] = value
            if name == "ZOHO_LIMITS":
                break
        assert "XERO_API_URL" in settings, "the sandbox did not start"
        return {**settings, "SANDBOX": settings["XERO_API_URL"].removesuffix("/xero/api"), "XERO_TENANT": TENANT}

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def say(line):
    print(line, flush=True)


def main():
    arguments = argparse.ArgumentParser(description="The official clients against the sandbox")
    arguments.add_argument("--binary", help="cpconnect; built when not given")
    arguments.add_argument("--keep", help="folder for peers.txt")
    arguments.add_argument("peers", nargs="*", help=f"some of: {', '.join(PEERS)}")
    given = arguments.parse_args()
    unknown = [name for name in given.peers if not any(name in peer for peer in PEERS)]
    if unknown:
        arguments.error(f"there is no peer {', '.join(unknown)}")
    folder = cache()
    program = binary(given.binary)
    keep = pathlib.Path(given.keep or os.environ.get("CPCONNECT_ARTEFACTS") or ROOT / "target" / "artefacts")
    keep.mkdir(parents=True, exist_ok=True)
    transcript, passed, failed = [], 0, []
    for peer, (language, script) in PEERS.items():
        if given.peers and not any(name in peer for name in given.peers):
            continue
        with Sandbox(program) as settings:
            interpreter = folder / "venv/bin/python" if language == "python" else "node"
            environment = {**os.environ, **settings, "PEERS_NODE": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
            command = [interpreter, HERE / script]
            run = subprocess.run(command, env=environment, cwd=HERE, text=True, capture_output=True, timeout=PATIENCE_S, check=False)
        passed += run.stdout.count("\n") if run.returncode == 0 else 0
        transcript.append(f"{peer}\n{run.stdout}")
        say(f"{peer}\n{run.stdout}".rstrip())
        if run.returncode:
            failed.append(peer)
            say("\n".join(line[:300] for line in run.stderr.splitlines()[-ERROR_LINES:]))
    (keep / "peers.txt").write_text("\n".join(transcript))
    say(f"\n{passed} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
