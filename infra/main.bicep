// Everything, from an empty subscription: az deployment sub create -l LOCATION -f infra/main.bicep -p infra/dev.bicepparam
targetScope = 'subscription'

import { resourceTags, workerPool, workerPackage } from 'app/types.bicep'
import { homeNumber, regionNumbers } from 'app/regions.bicep'
import { containers, containersOfTheHost, hostContainers, queues, tables } from 'app/names.bicep'

@description('Name of the system, part of every name.')
@minLength(2)
@maxLength(6)
param name string = 'sml'

@description('Name of the environment, part of every name.')
@minLength(2)
@maxLength(6)
param environmentName string

@description('Where everything is made.')
param location string = deployment().location

@description('Tags beside "system" and "environment".')
param extraTags resourceTags = {}

@description('Private endpoints, no public access, a NAT gateway. Costs by the hour also when idle.')
param privateNetworking bool

@description('Event Hubs for streaming. Costs by the hour also when idle; false creates none.')
param streaming bool

@description('Instances that always stand ready for orchestrations; each costs also when idle.')
@minValue(0)
@maxValue(20)
param alwaysReadyDurable int

@description('Instances that always stand ready for HTTP; each costs also when idle.')
@minValue(0)
@maxValue(20)
param alwaysReadyHttp int = 0

@description('Memory of an instance in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMb int = 2048

@description('Most instances of the app at once.')
@minValue(40)
@maxValue(1000)
param maximumInstances int = 40

@description('Files up to this many bytes are read inside the app, larger ones by a worker.')
@minValue(0)
@maxValue(2147483648)
param localBytes int = 314572800

@description('Threads of a trainer: the cores of the CPU pool\'s machines.')
@minValue(1)
@maxValue(1024)
param trainThreads int = 2

@description('Pools of workers, the preferred first. All are empty at rest and cost nothing then; a pool needs quota of its size, in its region, only when machines are asked for.')
@minLength(1)
@maxLength(12)
param pools workerPool[] = [
  { name: 'cpu', queue: 'jobs-cpu', size: 'Standard_D2as_v5', gpu: false, maxMachines: 4, maxPrice: '-1' }
  { name: 'gpu', queue: 'jobs-gpu', size: 'Standard_NC4as_T4_v3', gpu: true, maxMachines: 4, maxPrice: '-1' }
]

@description('US dollars a day for machines on demand, when Spot has none; 0 is Spot alone.')
@minValue(0)
@maxValue(100000)
param onDemandDollarsPerDay int = 0

@description('The worker\'s program.')
param package workerPackage

@description('The worker\'s program with CUDA, for pools with a GPU; null gives them the other one, which trains on their CPU.')
param gpuPackage workerPackage?

@description('Public SSH key for the workers\' machines. Azure wants one; no port is open for it.')
@minLength(20)
param sshPublicKey string

@description('Redundancy of the data\'s storage.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param dataRedundancy string = 'Standard_LRS'

@description('Days a deleted blob or container can be brought back.')
@minValue(1)
@maxValue(365)
param softDeleteDays int = 14

@description('Key Vault cannot be purged before its time. Cannot be taken back.')
param purgeProtection bool

@description('Throughput units of Event Hubs: always, and at most (0: no growth).')
@minLength(2)
@maxLength(2)
param hubUnits int[] = [1, 4]

@description('Partitions of every event hub; cannot be changed later.')
@minValue(1)
@maxValue(32)
param hubPartitions int = 4

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Gigabytes of logs a day after which nothing more is taken in; -1 is no limit.')
@minValue(-1)
param logDailyCapGb int

@description('Mail addresses for alerts and the budget.')
@minLength(1)
@maxLength(50)
param alertEmails string[]

@description('Budget a month, in the currency of the subscription.')
@minValue(1)
param budgetAmount int

@description('First day of the budget\'s first month, as 2026-12-01: the month of the first deployment.')
@minLength(10)
@maxLength(10)
param budgetStart string

@description('Object ids of those who upload the worker\'s program.')
@maxLength(20)
param operators string[] = []

@description('Slowest acceptable 99th percentile of predictions, in milliseconds.')
@minValue(10)
param predictionP99Ms int = 2000

@description('Highest acceptable share of failed requests (5xx), in percent.')
@minValue(1)
@maxValue(100)
param errorPercent int = 5

@description('Minutes after which a job that no worker took is late. A machine needs about 5 to start.')
@minValue(10)
@maxValue(300)
param queueMinutes int = 20

@description('Population stability index from which data has drifted, in hundredths: 20 is 0.2. Below 10 it tells of chance.')
@minValue(5)
@maxValue(500)
param driftPsiHundredths int = 20

@description('Evictions an hour from which Spot is no bargain.')
@minValue(1)
@maxValue(1000)
param evictionsPerHour int = 5

var abbreviations = loadJsonContent('abbreviations.json')
var tags = union(extraTags, { system: name, environment: environmentName })
var unique = uniqueString(subscription().id, name, environmentName, location)
var base = '${name}-${environmentName}'
// Names that the whole of Azure shares.
var global = '${base}-${unique}'
// Storage accounts take 24 lower-case letters and digits.
var dense = toLower(replace('${name}${environmentName}', '-', ''))

// Known before anything is made, so that "what-if" can see through the modules that get them.
var workerIdentityName = '${abbreviations.identity}-${base}-worker'
var insightsName = '${abbreviations.applicationInsights}-${base}'
var hostStorageName = take('${abbreviations.storage}${dense}h${unique}', 24)
var dataStorageName = take('${abbreviations.storage}${dense}d${unique}', 24)
var hubsName = '${abbreviations.eventHubNamespace}-${global}'
var topicName = '${abbreviations.eventGridTopic}-${base}'

// Where workers are: first where everything is, then each other region that a pool names, as Azure writes it.
var home = toLower(replace(location, ' ', ''))
var named = map(pools, pool => toLower(replace(pool.?region ?? home, ' ', '')))
var regions = concat([home], union(filter(named, region => region != home), []))
var places = map(regions, region => {
  location: region == home ? location : region
  // A region that has no number is refused by name: regions.bicep.
  number: region == home ? homeNumber : regionNumbers[region]
  suffix: region == home ? '' : '-${region}'
})
var networkNames = map(places, place => '${abbreviations.virtualNetwork}-${base}${place.suffix}')
var securityGroupNames = map(places, place => '${abbreviations.networkSecurityGroup}-${base}-workers${place.suffix}')

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: '${abbreviations.resourceGroup}-${base}'
  location: location
  tags: tags
}

module monitoring 'app/monitoring.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    workspaceName: '${abbreviations.logAnalytics}-${base}'
    insightsName: insightsName
    retentionDays: logRetentionDays
    dailyCapGb: logDailyCapGb
    privateNetworking: privateNetworking
  }
}

module identities 'app/identities.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    appName: '${abbreviations.identity}-${base}-app'
    workerName: workerIdentityName
  }
}

module networks 'app/network.bicep' = [
  for (place, i) in places: {
    name: 'network${place.suffix}'
    scope: group
    params: {
      location: place.location
      tags: tags
      name: networkNames[i]
      securityGroupName: securityGroupNames[i]
      natGatewayName: '${abbreviations.natGateway}-${base}${place.suffix}'
      natAddressName: '${abbreviations.publicIp}-${base}-out${place.suffix}'
      number: place.number
      workersOnly: i > 0
      privateNetworking: privateNetworking
      workspaceId: monitoring.outputs.workspaceId
    }
  }
]

// Workers of another region reach the private endpoints. One after another: each changes the first network.
@batchSize(1)
module peerings 'app/peering.bicep' = [
  for (place, i) in skip(places, 1): if (privateNetworking) {
    name: 'peering${place.suffix}'
    scope: group
    dependsOn: [networks]
    params: { name: networkNames[0], otherName: networkNames[i + 1] }
  }
]

module hostStorage 'app/storage.bicep' = {
  name: 'host-storage'
  scope: group
  params: {
    location: location
    tags: tags
    name: hostStorageName
    sku: 'Standard_LRS'
    privateNetworking: privateNetworking
    containers: hostContainers
    others: containersOfTheHost
    softDeleteDays: softDeleteDays
    workspaceId: monitoring.outputs.workspaceId
  }
}

module dataStorage 'app/storage.bicep' = {
  name: 'data-storage'
  scope: group
  params: {
    location: location
    tags: tags
    name: dataStorageName
    sku: dataRedundancy
    privateNetworking: privateNetworking
    containers: containers
    queues: queues
    tables: tables
    softDeleteDays: softDeleteDays
    workspaceId: monitoring.outputs.workspaceId
  }
}

module vault 'app/vault.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    name: take('${abbreviations.keyVault}-${dense}-${unique}', 24)
    purgeProtection: purgeProtection
    privateNetworking: privateNetworking
    workspaceId: monitoring.outputs.workspaceId
  }
}

module hubs 'app/event-hubs.bicep' = if (streaming) {
  scope: group
  params: {
    location: location
    tags: tags
    name: hubsName
    units: hubUnits[0]
    maxUnits: hubUnits[1]
    partitions: hubPartitions
    privateNetworking: privateNetworking
    workspaceId: monitoring.outputs.workspaceId
  }
}

module events 'app/events.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    name: topicName
    storageId: dataStorage.outputs.id
    workspaceId: monitoring.outputs.workspaceId
  }
}

// Every pool twice: Spot, and on demand for when Spot has no capacity.
var scaleSets = flatten(map(pools, (pool, i) => [
  {
    name: '${abbreviations.scaleSet}-${base}-${pool.name}-spot'
    pool: pool
    place: indexOf(regions, named[i])
    spot: true
  }
  {
    name: '${abbreviations.scaleSet}-${base}-${pool.name}-demand'
    pool: pool
    place: indexOf(regions, named[i])
    spot: false
  }
]))

// What the app may ask for, the preferred first: Spot of every pool, then on demand.
var offers = [
  for item in concat(filter(scaleSets, item => item.spot), filter(scaleSets, item => !item.spot)): {
    queue: item.pool.queue
    scaleSet: '${subscription().id}/resourceGroups/${abbreviations.resourceGroup}-${base}/providers/Microsoft.Compute/virtualMachineScaleSets/${item.name}'
    size: item.pool.size
    region: regions[item.place]
    spot: item.spot
    max: item.pool.maxMachines
  }
]

module capacities 'app/capacity.bicep' = [
  for item in scaleSets: {
    name: 'capacity-${item.name}'
    scope: group
    params: { name: item.name }
  }
]

module workers 'app/workers.bicep' = [
  for (item, i) in scaleSets: {
    name: item.name
    scope: group
    params: {
      capacity: capacities[i].outputs.machines
      location: places[item.place].location
      tags: tags
      name: item.name
      pool: item.pool
      spot: item.spot
      identityId: identities.outputs.workerId
      identityClientId: identities.outputs.workerClientId
      dataStorage: dataStorage.outputs.uris
      packageStorage: hostStorage.outputs.uris.blob
      package: item.pool.gpu ? (gpuPackage ?? package) : package
      sshPublicKey: sshPublicKey
      insightsConnectionString: monitoring.outputs.connectionString
      subnetId: networks[item.place].outputs.workerSubnetId
      securityGroupId: networks[item.place].outputs.securityGroupId
      privateNetworking: privateNetworking
    }
  }
]

module roles 'app/roles.bicep' = {
  scope: group
  dependsOn: [workers, hubs, hostStorage, networks]
  params: {
    appPrincipalId: identities.outputs.appPrincipalId
    workerPrincipalId: identities.outputs.workerPrincipalId
    workerIdentityName: workerIdentityName
    topicPrincipalId: events.outputs.principalId
    operators: operators
    hostStorageName: hostStorageName
    dataStorageName: dataStorageName
    insightsName: insightsName
    eventHubsName: streaming ? hubsName : ''
    scaleSetNames: [for item in scaleSets: item.name]
    networkNames: networkNames
    securityGroupNames: securityGroupNames
  }
}

module eventSubscriptions 'app/event-subscriptions.bicep' = {
  scope: group
  dependsOn: [roles]
  params: {
    topicName: topicName
    storageId: dataStorage.outputs.id
    hostStorageId: hostStorage.outputs.id
  }
}

module app 'app/function-app.bicep' = {
  scope: group
  dependsOn: [roles]
  params: {
    location: location
    tags: tags
    name: '${abbreviations.functionApp}-${global}'
    planName: '${abbreviations.plan}-${base}'
    identityId: identities.outputs.appId
    identityClientId: identities.outputs.appClientId
    hostStorage: hostStorage.outputs.uris
    dataStorage: dataStorage.outputs.uris
    streaming: streaming
    eventHubsHost: streaming ? hubs!.outputs.hostName : ''
    insightsConnectionString: monitoring.outputs.connectionString
    instanceMemoryMb: instanceMemoryMb
    maximumInstances: maximumInstances
    alwaysReadyDurable: alwaysReadyDurable
    alwaysReadyHttp: alwaysReadyHttp
    localBytes: localBytes
    trainThreads: trainThreads
    offers: string(offers)
    onDemandDollarsPerDay: onDemandDollarsPerDay
    subnetId: privateNetworking ? networks[0].outputs.appSubnetId : ''
    privateNetworking: privateNetworking
    workspaceId: monitoring.outputs.workspaceId
  }
}

// Behind the peerings: both change the first network, which takes one change at a time.
module privateEndpoints 'app/private-endpoints.bicep' = if (privateNetworking) {
  scope: group
  dependsOn: [networks, peerings]
  params: {
    location: location
    tags: tags
    prefix: '${abbreviations.privateEndpoint}-${base}'
    linkScopeName: '${abbreviations.privateLinkScope}-${base}'
    networkId: networks[0].outputs.id
    otherNetworkNames: skip(networkNames, 1)
    subnetId: networks[0].outputs.endpointSubnetId
    hostStorageId: hostStorage.outputs.id
    dataStorageId: dataStorage.outputs.id
    vaultId: vault.outputs.id
    appId: app.outputs.id
    eventHubsId: streaming ? hubs!.outputs.id : ''
    workspaceId: monitoring.outputs.workspaceId
    insightsId: monitoring.outputs.insightsId
  }
}

module actionGroup 'app/action-group.bicep' = {
  scope: group
  params: {
    tags: tags
    name: '${abbreviations.actionGroup}-${base}'
    emails: alertEmails
  }
}

module budget 'app/budget.bicep' = {
  scope: group
  params: {
    name: '${abbreviations.budget}-${base}'
    amount: budgetAmount
    start: budgetStart
    actionGroupId: actionGroup.outputs.id
    emails: alertEmails
  }
}

module alerts 'app/alerts.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    prefix: base
    workspaceId: monitoring.outputs.workspaceId
    actionGroupId: actionGroup.outputs.id
    storageId: dataStorage.outputs.id
    topicId: events.outputs.id
    eventHubsId: streaming ? hubs!.outputs.id : ''
    predictionP99Ms: predictionP99Ms
    errorPercent: errorPercent
    queueMinutes: queueMinutes
    driftPsiHundredths: driftPsiHundredths
    evictionsPerHour: evictionsPerHour
  }
}

@description('Resource group that holds everything; delete it to have nothing.')
output resourceGroupName string = group.name

@description('Name of the Functions app, for publishing to it.')
output appName string = app.outputs.name

@description('Address of the Functions app.')
output appUrl string = app.outputs.url

@description('Data\'s storage account.')
output dataStorageName string = dataStorageName

@description('Host\'s storage account, with the worker\'s program in container "packages".')
output hostStorageName string = hostStorageName
