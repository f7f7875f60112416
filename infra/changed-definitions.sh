#!/usr/bin/env bash
# Which pipeline.yaml differ from a commit, as "changed=[...]" for GITHUB_OUTPUT:  infra/changed-definitions.sh COMMIT
# A commit that is not there (a new branch, a forced push) counts every definition as changed.
set -euo pipefail
base=${1:-}
if [ -n "$base" ] && git cat-file -e "$base^{commit}" 2>/dev/null; then
  found=$(git diff --name-only --diff-filter=AMR "$base" HEAD -- pipeline.yaml '**/pipeline.yaml')
else
  found=$(git ls-files -- pipeline.yaml '**/pipeline.yaml')
fi
printf 'changed=%s\n' "$(jq -Rnc '[inputs | select(length > 0)]' <<<"$found")"
