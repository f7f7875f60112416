// Workers in three regions behind private networking; one of them is named in words, one is the deployment's own by name.
using 'main.bicep'

param environmentName = 'two'
param privateNetworking = true
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
  { name: 'cpu', queue: 'jobs-cpu', size: 'Standard_D2as_v5', gpu: false, maxMachines: 4, maxPrice: '-1' }
  { name: 'cpun', queue: 'jobs-cpu', region: 'North Europe', size: 'Standard_D2as_v5', gpu: false, maxMachines: 8, maxPrice: '-1' }
  { name: 'gpus', queue: 'jobs-gpu', region: 'swedencentral', size: 'Standard_NC4as_T4_v3', gpu: true, maxMachines: 2, maxPrice: '-1' }
  { name: 'gpu', queue: 'jobs-gpu', region: 'westeurope', size: 'Standard_NC4as_T4_v3', gpu: true, maxMachines: 4, maxPrice: '-1' }
  { name: 'gpun', queue: 'jobs-gpu', region: 'northeurope', size: 'Standard_NC8as_T4_v3', gpu: true, maxMachines: 1, maxPrice: '0.5' }
]
