#!/usr/bin/env bash
# Stands in for the command line: $FAKE/broken lets the run fail, $FAKE/long lets the workflow's login age meanwhile.
set -euo pipefail
echo "serverless $* (${SERVERLESS_URL:-} ${SERVERLESS_KEY:-})" >>"$FAKE/calls"
case $1 in
  run)
    if [ -f "$FAKE/long" ]; then touch "$FAKE/aged"; fi
    if [ -f "$FAKE/broken" ]; then echo "Failed: the app is broken" >&2; exit 1; fi
    ;;
  predict) echo '{"predictions":[{"prediction":"0"}]}' ;;
  validate) echo '[{"file":"a","name":"cars","mistakes":[],"warnings":[]}]' ;;
esac
