#!/bin/sh
# Runs a command with a PostgreSQL server of its own: `.ci/postgres.sh cargo test -p tests`.
# The server lives in a temporary folder, listens on a free port of 127.0.0.1 and is gone afterwards. The command finds its address in
# TEST_DATABASE_URL. Without a command the address is printed and the server stays until ctrl-c.
set -eu

# The newest version that is installed, wherever the distribution keeps it.
bin=$(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb || echo missing/initdb)")
if [ ! -x "$bin/initdb" ]; then
    echo "PostgreSQL is not installed: its package is called postgresql in most distributions" >&2
    exit 1
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/cpconnect-postgres.XXXXXX")
chmod 755 "$folder"
# PostgreSQL refuses to run as root.
as=""
if [ "$(id -u)" = 0 ]; then
    chown postgres "$folder"
    as="setpriv --reuid=postgres --regid=postgres --clear-groups"
fi

stop() {
    trap - EXIT INT TERM
    (cd "$folder" && $as "$bin/pg_ctl" --pgdata="$folder/data" --mode=immediate --silent stop) || true
    rm -rf "$folder"
}
trap stop EXIT
trap 'exit 130' INT TERM

(cd "$folder" && $as "$bin/initdb" --pgdata="$folder/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync >"$folder/initdb.log")

# A port is free when the server could take it: another may have been quicker.
port=${CPCONNECT_POSTGRES_PORT:-54300}
until (cd "$folder" && $as "$bin/pg_ctl" --pgdata="$folder/data" --silent --wait --log="$folder/data/log" --options="-c port=$port \
    -c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder -c max_connections=300 -c shared_buffers=128MB -c fsync=off" start >/dev/null 2>&1); do
    port=$((port + 1))
    if [ "$port" -gt "$((${CPCONNECT_POSTGRES_PORT:-54300} + 50))" ]; then
        cat "$folder/data/log" >&2
        exit 1
    fi
done

TEST_DATABASE_URL="postgres://postgres@127.0.0.1:$port/postgres"
export TEST_DATABASE_URL
if [ "$#" -gt 0 ]; then
    "$@"
else
    echo "$TEST_DATABASE_URL"
    while :; do sleep 1; done
fi
