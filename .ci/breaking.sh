#!/usr/bin/env bash
# Whether the schema breaks what was promised: programs that work with api/schema.promised.graphql must work with api/schema.graphql.
# A break that is meant is written into api/schema.breaks, in the words that this prints; `.ci/breaking.sh FOLDER promise` promises
# the schema of today (at a release) and empties the list. The judge is graphql-js, kept in FOLDER between runs.
# Usage: .ci/breaking.sh FOLDER [promise]
set -euo pipefail
cd "$(dirname "$0")/.."
version=16.11.0
home="$1/graphql-js-$version"
if [ ! -e "$home/ready" ]; then
    rm -rf "$home"
    mkdir -p "$home"
    (cd "$home" && npm install --no-audit --no-fund --no-save --ignore-scripts --loglevel=error "graphql@$version" >&2)
    touch "$home/ready"
fi
if [ "${2:-}" = promise ]; then
    cp api/schema.graphql api/schema.promised.graphql
    printf '' >api/schema.breaks
    exit
fi
cp .ci/breaking.mjs "$home/breaking.mjs"
node "$home/breaking.mjs" api/schema.promised.graphql api/schema.graphql api/schema.breaks
# A judge that lets everything pass is none: the promise itself, turned around and broken, must be found.
broken="$(mktemp)"
trap 'rm -f "$broken"' EXIT
sed 's/^\tstartMigration(/\tbeginMigration(/' api/schema.promised.graphql >"$broken"
if cmp -s api/schema.promised.graphql "$broken" || node "$home/breaking.mjs" api/schema.promised.graphql "$broken" /dev/null >/dev/null; then
    echo "a mutation that is gone was not found" >&2
    exit 1
fi
