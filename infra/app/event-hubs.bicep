// Streaming in and out. Standard, because Basic has one consumer group only; nothing of it exists when streaming is off.
import { resourceTags } from 'types.bicep'
import { hubs } from 'names.bicep'

@description('Where.')
param location string

@description('On every resource.')
param tags resourceTags

@description('Name of the namespace.')
@minLength(6)
@maxLength(50)
param name string

@description('Throughput units that are there always; each is billed by the hour.')
@minValue(1)
@maxValue(40)
param units int

@description('Throughput units it may grow to by itself; 0 keeps it at the number above.')
@minValue(0)
@maxValue(40)
param maxUnits int

@description('Partitions of every hub; cannot be changed later.')
@minValue(1)
@maxValue(32)
param partitions int

@description('Closed to everything but private endpoints.')
param privateNetworking bool

@description('Log Analytics workspace for logs and metrics.')
param workspaceId string

resource namespace 'Microsoft.EventHub/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: 'Standard', tier: 'Standard', capacity: units }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    isAutoInflateEnabled: maxUnits > 0
    maximumThroughputUnits: maxUnits
    publicNetworkAccess: privateNetworking ? 'Disabled' : 'Enabled'
  }
}

resource eventHubs 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' = [
  for hub in hubs: {
    parent: namespace
    name: hub.name
    properties: {
      partitionCount: partitions
      retentionDescription: { cleanupPolicy: 'Delete', retentionTimeInHours: 72 }
    }
  }
]

// Never the default group: a person who looks in with a tool would take its place.
resource groups 'Microsoft.EventHub/namespaces/eventhubs/consumergroups@2024-01-01' = [
  for (hub, i) in hubs: {
    parent: eventHubs[i]
    name: hub.group
  }
]

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: namespace
  name: 'all'
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Resource id.')
output id string = namespace.id

@description('Host name for settings and clients.')
output hostName string = split(split(namespace.properties.serviceBusEndpoint, '//')[1], ':')[0]
