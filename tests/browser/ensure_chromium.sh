#!/bin/sh
# Prints the path of a Chromium that starts, and gets one first where there is none.
# Only the path goes to standard output; whatever an installer says goes to standard error.
set -u
cd "$(dirname "$0")/../.." || exit 1
python=.venv/bin/python

fail() {
    echo "$1" >&2
    exit 1
}

# Ubuntu has a chromium-browser that only says "install the snap": so start it, do not just find it.
use_if_it_starts() {
    path=$(command -v "$1") && "$path" --version >/dev/null 2>&1 || return 1
    echo "$path"
    exit 0
}

use_playwrights() {
    path=$("$python" 2>/dev/null -c '
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)') && use_if_it_starts "$path"
}

if [ -n "${ELBO_LAB_CHROMIUM:-}" ]; then
    use_if_it_starts "$ELBO_LAB_CHROMIUM"
    fail "ELBO_LAB_CHROMIUM=$ELBO_LAB_CHROMIUM does not start: correct it, or unset it."
fi

for name in chromium chromium-browser google-chrome google-chrome-stable \
    "/Applications/Chromium.app/Contents/MacOS/Chromium" \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    use_if_it_starts "$name"
done
use_playwrights

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the browser tests with apt-get" >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >&2 && apt-get install -q -y chromium fonts-liberation >&2 && use_if_it_starts chromium
fi

echo "Downloading Chromium for the browser tests with Playwright" >&2
"$python" -m playwright install chromium >&2 && use_playwrights
fail "No Chromium for the browser tests: install Chromium or Chrome, or set ELBO_LAB_CHROMIUM to the path of one."
