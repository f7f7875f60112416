#!/usr/bin/env bash
# Tries a deployed app with the sample: health, key, one run to its end, one prediction.
#   SERVERLESS_URL=https://... SERVERLESS_KEY=... infra/smoke.sh [SEED]
# A new seed is a new file and so a new run; the same one shows the run that was. SERVERLESS names the program (default: from this clone);
# SERVERLESS_SMOKE_VERSION is the version that must answer (default: any); SERVERLESS_SMOKE_RUN=no leaves the run out.
set -euo pipefail
cd "$(dirname "$0")/.."

seed=${1:-1}
: "${SERVERLESS_URL:?the address of the app}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
read -ra program <<<"${SERVERLESS:-dotnet run --project cli --}"

echo "waiting for $SERVERLESS_URL"
curl -fsS --retry 30 --retry-delay 10 --retry-all-errors --max-time 60 -o "$scratch/health" "${SERVERLESS_URL%/}/v2/health/live"

# The program before answers until the new one stands, and of several instances each by itself: only the version tells them apart.
expected=${SERVERLESS_SMOKE_VERSION:-} answers=0 said=
for ((attempt = 0; attempt < 40 && answers < 3; attempt++)); do
  if [ -z "$expected" ]; then break; fi
  said=$(curl -fsS --max-time 20 -H "x-functions-key: ${SERVERLESS_KEY:-}" "${SERVERLESS_URL%/}/v2" | jq -r .version) || said=nothing
  if [ "$said" = "$expected" ]; then
    answers=$((answers + 1))
  else
    answers=0
    sleep "${SERVERLESS_PAUSE:-10}"
  fi
done
if [ -n "$expected" ] && [ $answers -lt 3 ]; then
  echo "$SERVERLESS_URL/v2 still says '$said', expected version $expected: was the app published with -p:Version=$expected?" >&2
  exit 1
fi

"${program[@]}" doctor
if [ "${SERVERLESS_SMOKE_RUN:-yes}" = no ]; then exit 0; fi

"${program[@]}" sample "$scratch/machines-$seed.csv" --rows 10000 --seed "$seed"
# A machine needs minutes to start; one that never comes must not hold the deployment for ever.
timeout "${SERVERLESS_SMOKE_TIME:-45m}" "${program[@]}" run "$scratch/machines-$seed.csv" --pipeline samples/machine-failure/pipeline.yaml
row='{"Type": "L", "Air temperature [K]": 300.1, "Process temperature [K]": 310.2, "Rotational speed [rpm]": 1400, "Torque [Nm]": 45.5, "Tool wear [min]": 120}'
"${program[@]}" predict machine-failure --row "$row" --json | tee "$scratch/answer"
grep -q '"prediction"' "$scratch/answer"
echo "the app answers"
