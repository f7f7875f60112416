#!/usr/bin/env bash
# Waits for ci.yml's verdict on a commit that was pushed to main; exit code 1: it did not succeed.  infra/wait-for-ci.sh COMMIT
# Wants the GitHub CLI with a token that may read the repository's actions.
set -euo pipefail
commit=${1:?which commit? infra/wait-for-ci.sh COMMIT}

# 80 minutes: longer than all of CI's own limits.
for ((attempt = 0; attempt < 160; attempt++)); do
  # A call that fails, or a run that is not listed yet, is asked for again.
  verdict=$(gh run list --workflow ci.yml --commit "$commit" --event push --limit 1 --json status,conclusion \
    --jq '.[0] | "\(.status) \(.conclusion)"') || verdict=
  case $verdict in
    "completed success")
      echo "CI took $commit"
      exit 0
      ;;
    "completed "*)
      echo "CI ended with '${verdict#completed }' on $commit, so it is not deployed: mend it, or run CI again and then this job" >&2
      exit 1
      ;;
  esac
  sleep "${SERVERLESS_PAUSE:-30}"
done
echo "CI has no verdict on $commit after $attempt looks; is it queued or switched off? Run this job again when it has ended" >&2
exit 1
