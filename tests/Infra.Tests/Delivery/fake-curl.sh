#!/usr/bin/env bash
# Stands in for curl: the app at http://app.test answers by the last zip that was published, $FAKE/answers-before times by the one before.
set -euo pipefail
echo "curl $*" >>"$FAKE/calls"
case "$*" in
  *"&audience=api://AzureADTokenExchange") echo '{"count":1,"value":"an-assertion"}' ;;
  *"http://app.test/v2")
    left=$(cat "$FAKE/answers-before" 2>/dev/null || echo 0)
    if [ "$left" -gt 0 ]; then
      echo $((left - 1)) >"$FAKE/answers-before"
      echo '{"name":"serverless","version":"0.9.0"}'
    else
      printf '{"name":"serverless","version":"%s"}\n' "$(tr ';' '\n' <"$FAKE/published" | sed -n 's/^app //p' | tail -1)"
    fi
    ;;
esac
