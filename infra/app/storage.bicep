// One storage account without keys: containers with their lifecycle, queues, tables, logs of every change.
import { resourceTags, container, storageUris } from 'types.bicep'

@description('Where.')
param location string

@description('On every resource.')
param tags resourceTags

@description('Name of the account.')
@minLength(3)
@maxLength(24)
param name string

@description('Redundancy.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param sku string

@description('Closed to everything but private endpoints and trusted Azure services (Event Grid delivers as one).')
param privateNetworking bool

@description('Containers with their lifecycle.')
param containers container[]

@description('Containers that somebody else makes: they get a lifecycle alone.')
param others container[] = []

@description('Queues.')
param queues string[] = []

@description('Tables.')
param tables string[] = []

@description('Days a deleted blob or container can be brought back.')
@minValue(1)
@maxValue(365)
param softDeleteDays int

@description('Log Analytics workspace for logs and metrics.')
param workspaceId string

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    // The public endpoint stays there for Event Grid alone: with Deny only trusted services pass it, and private endpoints need it not.
    publicNetworkAccess: 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: privateNetworking ? 'Deny' : 'Allow'
      ipRules: []
      virtualNetworkRules: []
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: true
    changeFeed: { enabled: false }
    deleteRetentionPolicy: { enabled: true, days: softDeleteDays }
    containerDeleteRetentionPolicy: { enabled: true, days: softDeleteDays }
  }
}

resource blobContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' = [
  for item in containers: {
    parent: blobs
    name: item.name
    properties: { publicAccess: 'None' }
  }
]

var governed = concat(containers, others)

// Append blobs, which logs of jobs are, can be deleted but not moved to another tier: a rule that cools takes block blobs alone.
var expiry = [
  for item in governed: {
    name: item.name
    enabled: true
    type: 'Lifecycle'
    definition: {
      filters: { blobTypes: ['blockBlob', 'appendBlob'], prefixMatch: ['${item.name}/'] }
      actions: union(
        { version: { delete: { daysAfterCreationGreaterThan: item.versionDays } } },
        item.?deleteAfterDays == null
          ? {}
          : { baseBlob: { delete: { daysAfterModificationGreaterThan: item.?deleteAfterDays } } }
      )
    }
  }
]
var cooling = [
  for item in filter(governed, item => item.?coolAfterDays != null): {
    name: '${item.name}-cool'
    enabled: true
    type: 'Lifecycle'
    definition: {
      filters: { blobTypes: ['blockBlob'], prefixMatch: ['${item.name}/'] }
      actions: { baseBlob: { tierToCool: { daysAfterModificationGreaterThan: item.?coolAfterDays } } }
    }
  }
]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2024-01-01' = {
  parent: account
  name: 'default'
  dependsOn: [blobs]
  properties: { policy: { rules: concat(expiry, cooling) } }
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2024-01-01' = {
  parent: account
  name: 'default'
}

resource storageQueues 'Microsoft.Storage/storageAccounts/queueServices/queues@2024-01-01' = [
  for item in queues: {
    parent: queueService
    name: item
  }
]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2024-01-01' = {
  parent: account
  name: 'default'
}

resource storageTables 'Microsoft.Storage/storageAccounts/tableServices/tables@2024-01-01' = [
  for item in tables: {
    parent: tableService
    name: item
  }
]

// Reads are left out: a polled queue alone would write thousands of lines a day. Writes and deletions are what alerts and audits read.
var changes = [
  { category: 'StorageWrite', enabled: true }
  { category: 'StorageDelete', enabled: true }
]

resource accountDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: account
  name: 'all'
  properties: {
    workspaceId: workspaceId
    metrics: [{ category: 'Transaction', enabled: true }]
  }
}

resource blobDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobs
  name: 'all'
  properties: { workspaceId: workspaceId, logs: changes }
}

resource queueDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: queueService
  name: 'all'
  properties: { workspaceId: workspaceId, logs: changes }
}

resource tableDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: tableService
  name: 'all'
  properties: { workspaceId: workspaceId, logs: changes }
}

@description('Resource id.')
output id string = account.id

@description('Addresses of the services.')
output uris storageUris = {
  blob: account.properties.primaryEndpoints.blob
  queue: account.properties.primaryEndpoints.queue
  table: account.properties.primaryEndpoints.table
}
