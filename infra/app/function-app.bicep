// The Functions app on Flex Consumption: .NET 10, isolated worker, no key in any setting.
import { resourceTags, storageUris } from 'types.bicep'

@description('Where.')
param location string

@description('On every resource.')
param tags resourceTags

@description('Name of the app, which is its address too.')
@minLength(2)
@maxLength(60)
param name string

@description('Name of the plan.')
param planName string

@description('Resource id of the app\'s identity.')
param identityId string

@description('Client id of the app\'s identity.')
param identityClientId string

@description('Addresses of the host\'s storage (AzureWebJobsStorage).')
param hostStorage storageUris

@description('Addresses of the data\'s storage (Storage).')
param dataStorage storageUris

@description('There is an Event Hubs namespace.')
param streaming bool

@description('Its host name; empty without streaming.')
param eventHubsHost string

@description('Connection string of Application Insights.')
param insightsConnectionString string

@description('Memory of an instance in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMb int

@description('Most instances at once.')
@minValue(40)
@maxValue(1000)
param maximumInstances int

@description('Instances that always stand ready for orchestrations; each costs also when idle.')
@minValue(0)
@maxValue(20)
param alwaysReadyDurable int

@description('Instances that always stand ready for HTTP; each costs also when idle.')
@minValue(0)
@maxValue(20)
param alwaysReadyHttp int

@description('Files up to this many bytes are read inside the app, larger ones by a worker.')
@minValue(0)
@maxValue(2147483648)
param localBytes int

@description('Threads of a trainer: the cores of a worker\'s machine.')
@minValue(1)
@maxValue(1024)
param trainThreads int

@description('Scale sets that the app may ask for machines, as JSON, the preferred first.')
param offers string

@description('US dollars a day for machines on demand.')
@minValue(0)
param onDemandDollarsPerDay int

@description('Subnet to send through; empty without private networking.')
param subnetId string

@description('Not reachable but by its private endpoint.')
param privateNetworking bool

@description('Log Analytics workspace for logs and metrics.')
param workspaceId string

// Read by our own code: pipeline/Storage/StorageClients.cs, pipeline/PipelineOptions.cs, pipeline/Serving/ServingOptions.cs,
// pipeline/Streaming/StreamingOptions.cs, pipeline/Capacity/CapacityOptions.cs.
var codeSettings = {
  Storage__blobServiceUri: dataStorage.blob
  Storage__queueServiceUri: dataStorage.queue
  Storage__tableServiceUri: dataStorage.table
  Storage__clientId: identityClientId
  LocalBytes: string(localBytes)
  InstanceMemoryMb: string(instanceMemoryMb)
  TrainThreads: string(trainThreads)
  Serving__MaxBodyBytes: '67108864'
  Serving__MaxRows: '100000'
  Serving__LoadedVersions: '4'
  Serving__Poll: '00:00:01'
  Serving__LoadWait: '00:00:30'
  Serving__BrokenRetry: '00:00:30'
  Streaming__ModelWait: '00:01:00'
  Streaming__DeadLetterWait: '00:02:00'
  Streaming__ScoreWait: '00:05:00'
  Capacity__Offers: offers
  Capacity__Grace: '00:05:00'
  Capacity__Evictions: '3'
  Capacity__OnDemandDollarsPerDay: string(onDemandDollarsPerDay)
  Capacity__ClientId: identityClientId
}

// Read by the platform: the host, its triggers and its telemetry. The durable setting slows the polling of idle queues (every poll is billed).
var platformSettings = {
  AzureWebJobsStorage__blobServiceUri: hostStorage.blob
  AzureWebJobsStorage__queueServiceUri: hostStorage.queue
  AzureWebJobsStorage__tableServiceUri: hostStorage.table
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  Storage__credential: 'managedidentity'
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  AzureFunctionsJobHost__extensions__durableTask__storageProvider__maxQueuePollingInterval: '00:00:10'
  AzureFunctionsJobHost__extensions__queues__maxPollingInterval: '00:00:10'
}

var streamingSettings = streaming
  ? {
      EventHubConnection__fullyQualifiedNamespace: eventHubsHost
      EventHubConnection__credential: 'managedidentity'
      EventHubConnection__clientId: identityClientId
    }
  : { 'AzureWebJobs.OnTelemetry.Disabled': 'true' }

var alwaysReady = filter(
  [{ name: 'durable', instanceCount: alwaysReadyDurable }, { name: 'http', instanceCount: alwaysReadyHttp }],
  item => item.instanceCount > 0
)

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostStorage.blob}deployment'
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      runtime: { name: 'dotnet-isolated', version: '10.0' }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMb
        maximumInstanceCount: maximumInstances
        alwaysReady: alwaysReady
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      remoteDebuggingEnabled: false
    }
  }

  resource settings 'config' = {
    name: 'appsettings'
    properties: union(codeSettings, platformSettings, streamingSettings)
  }

  resource publishingByFtp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource publishingByPassword 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

resource appDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: app
  name: 'all'
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

resource planDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: plan
  name: 'all'
  properties: { workspaceId: workspaceId, metrics: [{ category: 'AllMetrics', enabled: true }] }
}

@description('Resource id.')
output id string = app.id

@description('Name.')
output name string = app.name

@description('Address.')
output url string = 'https://${app.properties.defaultHostName}'
