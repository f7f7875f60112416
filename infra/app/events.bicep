// Tells of new blobs. The topic has an identity of its own kind (system-assigned): only that one passes a storage firewall.
import { resourceTags } from 'types.bicep'

@description('Where.')
param location string

@description('On every resource.')
param tags resourceTags

@description('Name of the system topic.')
@minLength(3)
@maxLength(128)
param name string

@description('Storage account whose events it tells.')
param storageId string

@description('Log Analytics workspace for logs and metrics.')
param workspaceId string

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: name
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    source: storageId
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: topic
  name: 'all'
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('Resource id.')
output id string = topic.id

@description('Principal of the topic\'s identity, for roles.')
output principalId string = topic.identity.principalId
