#!/usr/bin/env bash
# Puts one version onto one environment and tries it; what does not work is taken back to the version before.
#   infra/release.sh dev 1.2.3 artifacts/packages
# Wants the Azure CLI, logged in, and the variables of docs/deploy.md but those of the worker, which it finds out. In a workflow it logs in anew by
# itself, with AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_SUBSCRIPTION_ID. It deploys the commit of the clone that it lies in, and refuses one that
# does not contain the commit that is deployed, but where SERVERLESS_REPLACES names the version there. Exit code 1: taken back, or nothing to go
# back to; 2: nothing was changed; 3: not everything could be taken back.
set -euo pipefail

environment=${1:?which environment? infra/release.sh ENVIRONMENT VERSION PACKAGES}
version=${2:?which version? infra/release.sh ENVIRONMENT VERSION PACKAGES}
packages=${3:?where are the packages? infra/release.sh ENVIRONMENT VERSION PACKAGES}
infra=$(cd "$(dirname "$0")" && pwd)
location=${SERVERLESS_LOCATION:-westeurope}
deployment=serverless-$environment
archive=serverless-worker.tar.gz
cuda=serverless-worker-cuda.tar.gz
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# What is known of the environment; and of the version before: none before the first deployment.
host= group= app= before= before_sum= before_cuda=- before_commit=- looked= unknown= published= late=
# What is deployed is of this commit; a folder that is no clone has none.
commit=$(git -C "$infra" rev-parse --verify --quiet HEAD 2>/dev/null) || commit=-

# A workflow's assertion ages within minutes, and with an aged one az gets no token where it has none (AADSTS700024): not for another service,
# and for none after an hour, which is when a trial that hangs is to be taken back. A login alone keeps the old tokens; the logout drops them.
login() {
  [ -n "${ACTIONS_ID_TOKEN_REQUEST_URL:-}" ] || return 0
  local assertion
  assertion=$(curl -fsS --retry 5 --retry-all-errors --max-time 30 -H "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
    "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=api://AzureADTokenExchange" | jq -er .value) || return 1
  az logout --username "$AZURE_CLIENT_ID" 2>/dev/null || true
  az login --service-principal --username "$AZURE_CLIENT_ID" --tenant "$AZURE_TENANT_ID" --federated-token "$assertion" -o none \
    && az account set --subscription "$AZURE_SUBSCRIPTION_ID"
}

phase() { # what begins
  printf '\n== %s\n' "$*"
  login
}

value() { az deployment sub show -n "$deployment" --query "properties.outputs.$1.value" -o tsv; }

names() { host=$(value hostStorageName) && group=$(value resourceGroupName) && app=$(value appName); }

# A record of a deployment that failed names nothing, and records are pruned: then by the tags and names that the template gives.
find_names() {
  local groups name system dense
  groups=$(az group list --query "[?tags.environment=='$environment' && tags.system].[name, tags.system]" -o tsv) || return 1
  while read -r name system; do
    [ "$name" = "rg-$system-$environment" ] || continue
    dense=${system//-/}${environment//-/}
    host=$(one "$name" Microsoft.Storage/storageAccounts "st${dense,,}h") || return 1
    app=$(one "$name" Microsoft.Web/sites "func-$system-$environment-") || return 1
    if [ -n "$host" ] && [ -n "$app" ]; then group=$name && return 0; fi
  done <<<"$groups"
  host= app=
}

one() { # group, type, what its name starts with
  az resource list -g "$1" --resource-type "$2" --query "[?starts_with(name, '$3')].name | [0]" -o tsv
}

# What the parameter files take from the environment: the version's worker and its sum, and those with CUDA where there is one.
template() { # version, sum, sum with CUDA or -
  local gpu=
  if [ "$3" != - ]; then gpu="worker/$1/$cuda"; fi
  SERVERLESS_WORKER_BLOB="worker/$1/$archive" SERVERLESS_WORKER_SHA256="$2" \
    SERVERLESS_GPU_WORKER_BLOB="$gpu" SERVERLESS_GPU_WORKER_SHA256="${3#-}" \
    az deployment sub create -n "$deployment" -l "$location" -f "$infra/main.bicep" -p "$infra/$environment.bicepparam" -o none
}

there() { # blob
  [ "$(az storage blob exists --auth-mode login --account-name "$host" -c packages -n "$1" --query exists -o tsv)" = true ]
}

# A role that was just assigned takes minutes to count, and a new app to take a program.
patiently() {
  local attempt
  for attempt in 1 2 3 4 5 6 7 8; do
    if "$@"; then return 0; fi
    echo "attempt $attempt failed: $1" >&2
    sleep "${SERVERLESS_PAUSE:-30}"
    login || echo "logging in anew failed" >&2
  done
  return 1
}

upload() { # file, blob: never overwritten, since machines know it by its sum
  if there "$2"; then return 0; fi
  az storage blob upload --auth-mode login --account-name "$host" -c packages -n "$2" -f "$1" --no-progress -o none
}

download() { # blob, file
  az storage blob download --auth-mode login --account-name "$host" -c packages -n "$1" -f "$2" --no-progress -o none
}

publish() { # zip
  az functionapp deployment source config-zip -g "$group" -n "$app" --src "$1" -o none
}

# The app asks for the machine of the trial's run itself, as for any other.
smoke() { # seed of the sample
  local url key result=0
  url=$(value appUrl) && key=$(az functionapp keys list -g "$group" -n "$app" --query functionKeys.default -o tsv) || return 1
  SERVERLESS_URL="$url" SERVERLESS_KEY="$key" SERVERLESS_SMOKE_VERSION="${version%%[-+]*}" "$infra/smoke.sh" "$1" || result=1
  login || echo "logging in anew failed" >&2
  return $result
}

remember() { # in the storage itself, so that any machine knows where to go back to
  printf '%s %s %s %s\n' "$version" "$sum" "$cuda_sum" "$commit" >"$scratch/current"
  az storage blob upload --auth-mode login --account-name "$host" -c packages -n current -f "$scratch/current" --overwrite --no-progress -o none
}

# What container packages remembers of the version before; fails where it cannot be asked.
look() {
  local known
  known=$(az storage blob exists --auth-mode login --account-name "$host" -c packages -n current --query exists -o tsv) || return 1
  looked=yes
  [ "$known" = true ] || return 0
  download current "$scratch/before" && read -r before before_sum before_cuda before_commit <"$scratch/before"
}

# The slower of two runs, an old run that is repeated, one that is approved late: none may bring an old version back. Who wants to go back names
# the version to be replaced, so that the same run, repeated, does nothing once another one is there.
in_order() {
  local there=${before_commit:--} why
  if [ -z "$before" ] || [ "$there" = "$commit" ]; then return 0; fi
  if [[ " ${SERVERLESS_REPLACES:-} " == *" $before "* ]]; then
    echo "$before may be replaced whatever its commit, as SERVERLESS_REPLACES says"
    return 0
  fi
  if [ "$there" = - ]; then
    echo "$before does not say its commit: $version is taken for newer"
    return 0
  fi
  if [ "$commit" = - ]; then
    why="$infra is in no clone, so that nobody knows whether $version contains it"
  elif ! git -C "$infra" cat-file -e "$there^{commit}" 2>/dev/null; then
    why="this clone does not know it: fetch all branches with all their history, unless its branch is gone"
  elif git -C "$infra" merge-base --is-ancestor "$there" "$commit"; then
    return 0
  elif git -C "$infra" merge-base --is-ancestor "$commit" "$there"; then
    why="$version is of $commit, which is older"
  else
    why="$version is of $commit, which does not contain it"
  fi
  echo "$environment has $before of $there; $why. To replace it all the same: workflow Deploy by hand with 'replaces' $before, or" \
    "SERVERLESS_REPLACES=$before (docs/operations.md)" >&2
  return 1
}

cannot_look() {
  echo "container packages of $host cannot be read: have you its role (SERVERLESS_OPERATOR), and are you inside its network?" >&2
}

# Written as chains: bash does not stop at an error inside a function whose result is asked for.
put() {
  phase "Programs of $version" \
    && patiently upload "$packages/worker/$version/$archive" "worker/$version/$archive" \
    && { [ "$cuda_sum" = - ] || patiently upload "$packages/worker/$version/$cuda" "worker/$version/$cuda"; } \
    && patiently upload "$packages/serverless-app.zip" "app/$version/serverless-app.zip" \
    && phase "App $version" && published=yes && patiently publish "$packages/serverless-app.zip" \
    && phase "Trying it" && smoke "${SERVERLESS_SMOKE_SEED:-1}" \
    && remember
}

# First the app, which is what callers feel; neither step waits for the other to succeed.
take_back() {
  local left=0
  phase "$version does not work: back to $before" || true
  if [ -n "$published" ]; then
    patiently download "app/$before/serverless-app.zip" "$scratch/before.zip" && patiently publish "$scratch/before.zip" \
      || { echo "the app is not back: publish app/$before/serverless-app.zip of container packages by hand (docs/operations.md)" >&2; left=1; }
  fi
  phase "Template of $environment for $before" || true
  template "$before" "$before_sum" "$before_cuda" \
    || { echo "the template is not back: deploy it with the worker of $before by hand (docs/operations.md)" >&2; left=1; }
  return $left
}

sum=$(cut -d' ' -f1 "$packages/worker/$version/$archive.sha256") || exit 2
cuda_sum=-
if [ -f "$packages/worker/$version/$cuda.sha256" ]; then cuda_sum=$(cut -d' ' -f1 "$packages/worker/$version/$cuda.sha256"); fi
[ -f "$packages/serverless-app.zip" ] || { echo "$packages/serverless-app.zip is not there; publish the app first (docs/deploy.md)" >&2; exit 2; }

[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+([-+].*)?$ ]] || { echo "version '$version': expected three numbers, as 1.0.7, which the app is asked for" >&2; exit 2; }
if [ -n "${ACTIONS_ID_TOKEN_REQUEST_URL:-}" ]; then
  : "${AZURE_CLIENT_ID:?whom does the workflow log in as?}" "${AZURE_TENANT_ID:?in which tenant?}" "${AZURE_SUBSCRIPTION_ID:?into which subscription?}"
fi

phase "What is there" || { echo "the workflow cannot log in: has the job 'id-token: write', and does the federated credential fit? (docs/deploy.md)" >&2; exit 2; }
deployments=$(az deployment sub list --query "[?name=='$deployment'] | length(@)" -o tsv) || exit 2
if [ "$deployments" != 0 ]; then names || exit 2; fi
if [ -n "$group" ]; then
  # The record of a deployment outlives its resource group; but storage that is there and cannot be asked must not pass for none.
  exists=$(az group exists -n "$group") || exit 2
  if [ "$exists" = true ]; then
    look || { cannot_look; exit 2; }
  fi
else
  find_names || exit 2
  # A first deployment that failed may have made the storage and not the role to read it: the template makes it.
  if [ -n "$host" ]; then
    look || {
      looked= before= before_commit=- unknown=yes
      echo "container packages of $host cannot be read: asked again after the template" >&2
    }
  fi
fi
in_order || exit 2

works=no
if phase "Template of $environment for $version (now: ${before:-none})" && template "$version" "$sum" "$cuda_sum" && patiently names; then
  if [ -z "$looked" ]; then
    patiently look || { cannot_look; exit 1; }
    unknown=
    in_order || late=yes
  fi
  if [ -z "$late" ] && put; then works=yes; fi
fi

if [ $works = yes ]; then
  echo "$environment has $version"
elif [ -n "$unknown" ]; then
  echo "$version does not work on $environment, and what was there before could not be read: container packages of $host remembers it" >&2
  exit 1
elif [ -z "$before" ]; then
  echo "$version does not work on $environment, and there is no version before it to go back to" >&2
  exit 1
elif take_back; then
  echo "$environment is back at $before; $version did not work" >&2
  exit 1
else
  echo "$environment is not wholly back at $before (above); $version did not work" >&2
  exit 3
fi
