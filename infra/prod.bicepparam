// For work: private networking, three copies of the data in three zones, orchestrations without a cold start.
using 'main.bicep'

param environmentName = 'prod'
param privateNetworking = true
// Costs by the hour also when idle; turn it on with the first sender of events.
param streaming = false
param alwaysReadyDurable = 1
param maximumInstances = 100
param dataRedundancy = 'Standard_ZRS'
param purgeProtection = true
param softDeleteDays = 30
param logRetentionDays = 90
param logDailyCapGb = 10
param budgetAmount = 500
param predictionP99Ms = 500

param alertEmails = [readEnvironmentVariable('SERVERLESS_ALERT_EMAIL')]
param budgetStart = readEnvironmentVariable('SERVERLESS_BUDGET_START')
param sshPublicKey = readEnvironmentVariable('SERVERLESS_SSH_PUBLIC_KEY')
param operators = filter([readEnvironmentVariable('SERVERLESS_OPERATOR', '')], id => !empty(id))
param package = {
  blob: readEnvironmentVariable('SERVERLESS_WORKER_BLOB')
  sha256: readEnvironmentVariable('SERVERLESS_WORKER_SHA256')
}
// Empty: no archive with CUDA.
var gpuBlob = readEnvironmentVariable('SERVERLESS_GPU_WORKER_BLOB', '')
param gpuPackage = empty(gpuBlob)
  ? null
  : { blob: gpuBlob, sha256: readEnvironmentVariable('SERVERLESS_GPU_WORKER_SHA256', '') }
