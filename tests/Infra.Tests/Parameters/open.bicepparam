// Workers in two regions without private networking, the other region first; the deployment's own is named in words.
using 'main.bicep'

param environmentName = 'open'
param location = 'West Europe'
param privateNetworking = false
param streaming = false
param alwaysReadyDurable = 0
param purgeProtection = false
param logDailyCapGb = 1
param budgetAmount = 50
param alertEmails = ['one@example.com']
param budgetStart = '2026-12-01'
param sshPublicKey = readEnvironmentVariable('SERVERLESS_SSH_PUBLIC_KEY')
param package = {
  blob: readEnvironmentVariable('SERVERLESS_WORKER_BLOB')
  sha256: readEnvironmentVariable('SERVERLESS_WORKER_SHA256')
}
param pools = [
  { name: 'cpus', queue: 'jobs-cpu', region: 'swedencentral', size: 'Standard_D2as_v5', gpu: false, maxMachines: 4, maxPrice: '-1' }
  { name: 'cpu', queue: 'jobs-cpu', size: 'Standard_D2as_v5', gpu: false, maxMachines: 4, maxPrice: '-1' }
]
