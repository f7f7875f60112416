// For trying out and developing: nothing runs, and nothing costs by the hour, while nobody uses it.
using 'main.bicep'

param environmentName = 'dev'
param privateNetworking = false
param streaming = false
param alwaysReadyDurable = 0
param purgeProtection = false
param softDeleteDays = 7
param logDailyCapGb = 1
param budgetAmount = 50

// What is yours comes from the environment, so that this file is the same for everybody (docs/deploy.md).
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
