#!/usr/bin/env bash
# demo.sh: sets up what is missing, then trains, traces, dumps and runs the SDK: see python/miai/demo.
set -euo pipefail
bash "$(dirname "$0")/setup.sh" package
source "$(dirname "$0")/common.sh"
exec "$venv/bin/python" -m miai.demo "$@"
