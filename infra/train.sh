#!/usr/bin/env bash
# Stores a changed definition in a deployed app and runs its pipeline on the newest file that was dropped for it:
#   infra/train.sh dev samples/machine-failure/pipeline.yaml
# Wants the Azure CLI, logged in, with the right to read the data's storage. A pipeline that no file was dropped for gets its
# definition alone: the first file starts it.
set -euo pipefail
environment=${1:?which environment? infra/train.sh ENVIRONMENT DEFINITION}
definition=${2:?which definition? infra/train.sh ENVIRONMENT DEFINITION}
deployment=serverless-$environment
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
read -ra program <<<"${SERVERLESS:-dotnet run --project cli --}"

value() { az deployment sub show -n "$deployment" --query "properties.outputs.$1.value" -o tsv; }

name=$("${program[@]}" validate "$definition" --json | jq -r '.[0].name')
SERVERLESS_URL=$(value appUrl)
[ -n "$SERVERLESS_URL" ] || { echo "deployment $deployment names no app: its last run failed; release first (docs/deploy.md)" >&2; exit 1; }
SERVERLESS_KEY=$(az functionapp keys list -g "$(value resourceGroupName)" -n "$(value appName)" --query functionKeys.default -o tsv)
export SERVERLESS_URL SERVERLESS_KEY

# The held-out files of drop/{pipeline}/test/ start no run.
account=$(value dataStorageName)
newest=$(az storage blob list --auth-mode login --account-name "$account" -c drop --prefix "$name/" -o tsv \
  --query "sort_by([?!starts_with(name, '$name/test/')], &properties.lastModified)[-1].name")
if [ -z "$newest" ]; then
  curl -fsS -X PUT -H "x-functions-key: $SERVERLESS_KEY" -H 'content-type: application/yaml' --data-binary "@$definition" \
    "${SERVERLESS_URL%/}/api/pipelines/$name"
  echo "$name is stored; no file was dropped for it yet, so nothing runs"
  exit 0
fi

file=$scratch/${newest##*/}
az storage blob download --auth-mode login --account-name "$account" -c drop -n "$newest" -f "$file" --no-progress -o none
"${program[@]}" run "$file" --pipeline "$definition"
