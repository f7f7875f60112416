#!/usr/bin/env bash
# Stands in for the Azure CLI: $FAKE/storage is the container; everything that was asked lies in $FAKE/calls.
set -euo pipefail
echo "$*" >>"$FAKE/calls"
name= file= src= query=
arguments=("$@")
for ((i = 0; i < $#; i++)); do
  case ${arguments[i]} in
    -n) name=${arguments[i + 1]} ;;
    -f) file=${arguments[i + 1]} ;;
    --src) src=${arguments[i + 1]} ;;
    --query) query=${arguments[i + 1]} ;;
  esac
done

# An aged login: of no use until it was dropped and made anew. A new one alone goes on with the old tokens.
case $1 in
  logout) touch "$FAKE/dropped"; exit 0 ;;
  login) if [ -f "$FAKE/dropped" ]; then rm -f "$FAKE/aged" "$FAKE/dropped"; fi; exit 0 ;;
esac
if [ -f "$FAKE/aged" ]; then echo "AADSTS700024: Client assertion is not within its valid time range" >&2; exit 1; fi

case "$1 $2 $3" in
  "account set --subscription") ;;
  "deployment sub list") [ -f "$FAKE/templates" ] && [ ! -f "$FAKE/no-record" ] && echo 1 || echo 0 ;;
  "deployment sub create")
    echo "$SERVERLESS_WORKER_BLOB $SERVERLESS_WORKER_SHA256 $SERVERLESS_GPU_WORKER_BLOB $SERVERLESS_GPU_WORKER_SHA256" | sed 's/ *$//' >>"$FAKE/templates"
    # What fails leaves a record without outputs.
    rm -f "$FAKE/no-outputs" "$FAKE/no-record"
    if [ -f "$FAKE/refuse-template" ] && [[ $SERVERLESS_WORKER_BLOB == $(<"$FAKE/refuse-template") ]]; then
      touch "$FAKE/no-outputs"
      echo "SkuNotAvailable" >&2
      exit 1
    fi
    rm -f "$FAKE/no-role-yet"
    ;;
  "deployment sub show")
    if [ -f "$FAKE/no-outputs" ]; then exit 0; fi
    case $query in
      *appUrl*) echo http://app.test ;;
      *) echo "${query}" | cut -d. -f3 ;;
    esac
    ;;
  "group exists -n") [ -f "$FAKE/no-group" ] && echo false || echo true ;;
  "group list --query")
    cat "$FAKE/groups" 2>/dev/null || true
    if [ -d "$FAKE/storage" ]; then printf 'rg-sml-dev\tsml\n'; fi
    ;;
  "resource list -g")
    prefix=$(sed -n "s/.*starts_with(name, '\([^']*\)').*/\1/p" <<<"$query")
    case "$4 $6" in
      "rg-sml-dev Microsoft.Storage/storageAccounts") names="stsmldevd0 stsmldevh0" ;;
      "rg-sml-dev Microsoft.Web/sites") names=func-sml-dev-0 ;;
      *) names= ;;
    esac
    tr ' ' '\n' <<<"$names" | grep "^$prefix" | head -1 || true
    ;;
  "storage blob exists")
    if [ -f "$FAKE/no-access" ] || [ -f "$FAKE/no-role-yet" ]; then echo "403" >&2; exit 1; fi
    [ -f "$FAKE/storage/$name" ] && echo true || echo false
    ;;
  "storage blob upload")
    if [ -f "$FAKE/refuse-upload" ]; then rm "$FAKE/refuse-upload"; echo "403: the role does not count yet" >&2; exit 1; fi
    mkdir -p "$(dirname "$FAKE/storage/$name")" && cp "$file" "$FAKE/storage/$name"
    ;;
  "storage blob download")
    if [ -f "$FAKE/refuse-download" ] && [ "$name" != current ]; then rm "$FAKE/refuse-download"; echo "503" >&2; exit 1; fi
    cp "$FAKE/storage/$name" "$file"
    ;;
  "storage blob list") cat "$FAKE/newest" 2>/dev/null || true ;;
  "functionapp deployment source") cat "$src" >>"$FAKE/published" ;;
  "functionapp keys list") echo the-key ;;
  *) echo "unexpected: az $*" >&2 && exit 2 ;;
esac
