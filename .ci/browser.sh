#!/usr/bin/env bash
# The stories that need a real browser. Installs Chromium and its driver from Debian when they are missing.
# Pictures of what was seen are kept in $CPCONNECT_ARTEFACTS (default: target/artefacts).
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v chromedriver >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq chromium chromium-driver >/dev/null
fi
export CPCONNECT_ARTEFACTS="${CPCONNECT_ARTEFACTS:-$PWD/target/artefacts}"
# Without a driver the stories now fail instead of being skipped.
CI=true cargo test --package sandbox --test it -- browser::
ls -l "$CPCONNECT_ARTEFACTS"/zoho-contact.png "$CPCONNECT_ARTEFACTS"/xero-contact.png
