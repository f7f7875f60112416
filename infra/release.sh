#!/usr/bin/env bash
# Puts one version onto one environment and tries it; what does not work is taken back to the version before.
#   infra/release.sh dev 1.2.3 artifacts/packages
# Wants the Azure CLI, logged in, and the variables of docs/deploy.md but those of the worker, which it finds out. Exit code 1: taken back.
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

say() { printf '\n== %s\n' "$*"; }

value() { az deployment sub show -n "$deployment" --query "properties.outputs.$1.value" -o tsv; }

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

# Where the app asks for none itself: SERVERLESS_SMOKE_POOL is a scale set that gets one for the trial.
machines() { # how many
  [ -z "${SERVERLESS_SMOKE_POOL:-}" ] || az vmss scale -g "$group" -n "$SERVERLESS_SMOKE_POOL" --new-capacity "$1" -o none
}

smoke() { # seed of the sample
  local url key result=0
  url=$(value appUrl) && key=$(az functionapp keys list -g "$group" -n "$app" --query functionKeys.default -o tsv) || return 1
  machines 1 || return 1
  SERVERLESS_URL="$url" SERVERLESS_KEY="$key" "$infra/smoke.sh" "$1" || result=1
  machines 0 || echo "give the machine of $SERVERLESS_SMOKE_POOL back by hand: az vmss scale -g $group -n $SERVERLESS_SMOKE_POOL --new-capacity 0" >&2
  return $result
}

remember() { # in the storage itself, so that any machine knows where to go back to
  printf '%s %s %s\n' "$version" "$sum" "$cuda_sum" >"$scratch/current"
  az storage blob upload --auth-mode login --account-name "$host" -c packages -n current -f "$scratch/current" --overwrite --no-progress -o none
}

# Written as one chain: bash does not stop at an error inside a function whose result is asked for.
put() {
  say "Programs of $version" \
    && patiently upload "$packages/worker/$version/$archive" "worker/$version/$archive" \
    && { [ "$cuda_sum" = - ] || patiently upload "$packages/worker/$version/$cuda" "worker/$version/$cuda"; } \
    && patiently upload "$packages/serverless-app.zip" "app/$version/serverless-app.zip" \
    && say "App $version" && patiently publish "$packages/serverless-app.zip" \
    && say "Trying it" && smoke "${SERVERLESS_SMOKE_SEED:-1}" \
    && remember
}

sum=$(cut -d' ' -f1 "$packages/worker/$version/$archive.sha256")
cuda_sum=-
if [ -f "$packages/worker/$version/$cuda.sha256" ]; then cuda_sum=$(cut -d' ' -f1 "$packages/worker/$version/$cuda.sha256"); fi
[ -f "$packages/serverless-app.zip" ] || { echo "$packages/serverless-app.zip is not there; publish the app first (docs/deploy.md)" >&2; exit 2; }

# The version before: none before the first deployment.
before= before_sum= before_cuda=-
if [ "$(az deployment sub list --query "[?name=='$deployment'] | length(@)" -o tsv)" != 0 ]; then
  host=$(value hostStorageName) group=$(value resourceGroupName)
  # The record of a deployment outlives its resource group; but storage that is there and cannot be asked must not pass for none.
  if [ "$(az group exists -n "$group")" = true ]; then
    known=$(az storage blob exists --auth-mode login --account-name "$host" -c packages -n current --query exists -o tsv) || {
      echo "container packages of $host cannot be read: have you its role (SERVERLESS_OPERATOR), and are you inside its network?" >&2
      exit 2
    }
    if [ "$known" = true ]; then
      download current "$scratch/before"
      read -r before before_sum before_cuda <"$scratch/before"
    fi
  fi
fi

say "Template of $environment for $version (now: ${before:-none})"
template "$version" "$sum" "$cuda_sum"
host=$(value hostStorageName) group=$(value resourceGroupName) app=$(value appName)

if put; then
  say "$environment has $version"
  exit 0
fi

if [ -z "$before" ]; then
  echo "$version does not work on $environment, and there is no version before it to go back to" >&2
  exit 1
fi

say "$version does not work: back to $before"
template "$before" "$before_sum" "$before_cuda"
download "app/$before/serverless-app.zip" "$scratch/before.zip"
patiently publish "$scratch/before.zip"
echo "$environment is back at $before; $version did not work" >&2
exit 1
