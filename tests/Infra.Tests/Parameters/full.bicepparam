// Everything on, which no environment is yet.
using 'main.bicep'

param environmentName = 'full'
param privateNetworking = true
param streaming = true
param alwaysReadyDurable = 1
param alwaysReadyHttp = 1
param purgeProtection = true
param logDailyCapGb = -1
param budgetAmount = 1000
param alertEmails = ['one@example.com', 'two@example.com']
param budgetStart = '2026-12-01'
param sshPublicKey = readEnvironmentVariable('SERVERLESS_SSH_PUBLIC_KEY')
param operators = ['33333333-3333-3333-3333-333333333333']
param package = {
  blob: readEnvironmentVariable('SERVERLESS_WORKER_BLOB')
  sha256: readEnvironmentVariable('SERVERLESS_WORKER_SHA256')
}
param gpuPackage = { blob: 'worker/1.0.0/serverless-worker-cuda.tar.gz', sha256: '1111111111111111111111111111111111111111111111111111111111111112' }
param errorPercent = 7
param queueMinutes = 45
param driftPsiHundredths = 35
param evictionsPerHour = 9
