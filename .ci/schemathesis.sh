#!/usr/bin/env bash
# Installs Schemathesis once into a folder of its own, and prints where it is.
# Usage: .ci/schemathesis.sh FOLDER
set -euo pipefail
version=4.32.5
venv="$1/schemathesis-$version"
if [ ! -e "$venv/ready" ]; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "schemathesis==$version" >&2
    touch "$venv/ready"
fi
echo "$venv/bin/schemathesis"
