#!/usr/bin/env bash
# Runs a suite to its end. Tests that failed, three at most, are run once more by themselves: what passes alone
# is told as unsteady, loudly and in a file, and does not stop a landing; what fails twice does.
# Usage: .ci/suite.sh WHERE COMMAND…   (the command is a `cargo test` without `--`)
set -uo pipefail
where="$1"
shift
log="$(mktemp)"
trap 'rm -f "$log"' EXIT

"$@" --no-fail-fast 2>&1 | tee "$log"
[ "${PIPESTATUS[0]}" -eq 0 ] && exit 0

mapfile -t failed < <(sed -nE 's/^test ([^ ]+)( - should panic)? \.\.\. FAILED$/\1/p' "$log" | sort -u)
if [ "${#failed[@]}" -eq 0 ] || [ "${#failed[@]}" -gt 3 ]; then
    printf '\n%s: %s tests failed\n' "$where" "${#failed[@]}" >&2
    exit 101
fi
printf '\n%s: once more, alone: %s\n' "$where" "${failed[*]}"
if RUST_TEST_THREADS=1 "$@" --no-fail-fast -- --exact "${failed[@]}"; then
    printf 'UNSTEADY on %s: %s\n' "$where" "${failed[*]}" | tee -a "$CPCONNECT_ARTEFACTS/unsteady.txt"
    exit 0
fi
exit 101
