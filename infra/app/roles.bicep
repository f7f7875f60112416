// Every right that anybody has, in one file. Names derive from scope, holder and role, so that a second run finds them again.

@description('Principal of the app\'s identity.')
param appPrincipalId string

@description('Principal of the workers\' identity.')
param workerPrincipalId string

@description('Name of the workers\' identity, which the app gives to new machines.')
param workerIdentityName string

@description('Principal of the Event Grid topic.')
param topicPrincipalId string

@description('Object ids of the people or pipelines who upload the worker\'s program.')
@maxLength(20)
param operators string[]

@description('Name of the host\'s storage account.')
param hostStorageName string

@description('Name of the data\'s storage account.')
param dataStorageName string

@description('Name of the Application Insights component.')
param insightsName string

@description('Name of the Event Hubs namespace; empty without streaming.')
param eventHubsName string

@description('Names of the workers\' scale sets.')
param scaleSetNames string[]

@description('Names of the virtual networks, one a region of workers.')
param networkNames string[]

@description('Names of the workers\' security groups, one a region.')
param securityGroupNames string[]

var roles = {
  blobOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  blobContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  blobReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
  queueContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  queueSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
  tableContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  metricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
  hubsReceiver: 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde'
  hubsSender: '2b629674-e913-4c01-ae53-ef4638d8f975'
}

resource host 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: hostStorageName
  resource blobs 'blobServices' existing = {
    name: 'default'
    resource packages 'containers' existing = { name: 'packages' }
    resource undelivered 'containers' existing = { name: 'undelivered-events' }
  }
}

resource data 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: dataStorageName
  resource queues 'queueServices' existing = {
    name: 'default'
    resource dropEvents 'queues' existing = { name: 'drop-events' }
    resource jobEvents 'queues' existing = { name: 'job-events' }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = { name: insightsName }
resource scaleSets 'Microsoft.Compute/virtualMachineScaleSets@2024-11-01' existing = [
  for name in scaleSetNames: { name: name }
]
resource workerIdentity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: workerIdentityName
}
resource securityGroups 'Microsoft.Network/networkSecurityGroups@2024-05-01' existing = [
  for name in securityGroupNames: { name: name }
]
resource workerSubnets 'Microsoft.Network/virtualNetworks/subnets@2024-05-01' existing = [
  for name in networkNames: { name: '${name}/workers' }
]

// ---- The app: the host's storage as the Functions host asks for it, the data's storage, its telemetry. ----

resource appHost 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in [roles.blobOwner, roles.queueContributor, roles.tableContributor]: {
    scope: host
    name: guid(host.id, 'app', role)
    properties: {
      description: 'The Functions host keeps leases, orchestrations and its package here.'
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource appData 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for role in [roles.blobContributor, roles.queueContributor, roles.tableContributor]: {
    scope: data
    name: guid(data.id, 'app', role)
    properties: {
      description: 'The app reads drops, keeps data sets, models and runs, offers jobs.'
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
    }
  }
]

resource appInsights 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, 'app', roles.metricsPublisher)
  properties: {
    description: 'The app sends telemetry.'
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.metricsPublisher)
  }
}

var hubRights = [
  { hub: 'telemetry', role: roles.hubsReceiver, why: 'The app reads events.' }
  { hub: 'predictions', role: roles.hubsSender, why: 'The app answers events with predictions.' }
  { hub: 'alerts', role: roles.hubsSender, why: 'The app tells of scores above their threshold.' }
]

resource hubs 'Microsoft.EventHub/namespaces/eventhubs@2024-01-01' existing = [
  for right in hubRights: if (!empty(eventHubsName)) { name: '${eventHubsName}/${right.hub}' }
]

resource appHubs 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (right, i) in hubRights: if (!empty(eventHubsName)) {
    scope: hubs[i]
    name: guid(hubs[i].id, 'app', right.role)
    properties: {
      description: right.why
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', right.role)
    }
  }
]

// Built-in roles that can scale can also run commands on machines; this one can change a number and delete named instances.
resource scaler 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(resourceGroup().id, 'scaler')
  properties: {
    roleName: 'Serverless worker scaler ${uniqueString(resourceGroup().id)}'
    description: 'Raise the capacity of a scale set and delete named instances.'
    type: 'CustomRole'
    assignableScopes: [resourceGroup().id]
    permissions: [
      {
        actions: [
          'Microsoft.Compute/virtualMachineScaleSets/read'
          'Microsoft.Compute/virtualMachineScaleSets/write'
          'Microsoft.Compute/virtualMachineScaleSets/delete/action'
          'Microsoft.Compute/virtualMachineScaleSets/instanceView/read'
          'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/read'
          'Microsoft.Network/virtualNetworks/subnets/join/action'
          'Microsoft.Network/networkSecurityGroups/join/action'
          'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action'
        ]
        notActions: []
        dataActions: []
        notDataActions: []
      }
    ]
  }
}

// As Azure writes it down: "scaler.id" lies in the resource group, comes back as the subscription's, and every later run would show a change.
var scalerId = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', scaler.name)

resource appScaleSets 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, i) in scaleSetNames: {
    scope: scaleSets[i]
    name: guid(scaleSets[i].id, 'app', 'scaler')
    properties: {
      description: 'The app asks for machines and gives idle ones back.'
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: scalerId
    }
  }
]

resource appSubnets 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, i) in networkNames: {
    scope: workerSubnets[i]
    name: guid(workerSubnets[i].id, 'app', 'scaler')
    properties: {
      description: 'New machines join this subnet.'
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: scalerId
    }
  }
]

resource appSecurityGroups 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, i) in securityGroupNames: {
    scope: securityGroups[i]
    name: guid(securityGroups[i].id, 'app', 'scaler')
    properties: {
      description: 'New machines stand behind this group.'
      principalId: appPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: scalerId
    }
  }
]

resource appWorkerIdentity 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: workerIdentity
  name: guid(workerIdentity.id, 'app', 'scaler')
  properties: {
    description: 'New machines carry this identity.'
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: scalerId
  }
}

// ---- A worker: drops to read, data sets, reports and jobs to write, no model and no table: it cannot deploy. ----

resource workerContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' existing = [
  for name in ['datasets', 'jobs', 'quarantine', 'runs', 'scored', 'workers']: { name: '${dataStorageName}/default/${name}' }
]

resource workerWrites 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, i) in ['datasets', 'jobs', 'quarantine', 'runs', 'scored', 'workers']: {
    scope: workerContainers[i]
    name: guid(workerContainers[i].id, 'worker', roles.blobContributor)
    properties: {
      description: 'A job writes here.'
      principalId: workerPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobContributor)
    }
  }
]

resource workerSources 'Microsoft.Storage/storageAccounts/blobServices/containers@2024-01-01' existing = [
  for name in ['batch', 'drop']: { name: '${dataStorageName}/default/${name}' }
]

resource workerReads 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, i) in ['batch', 'drop']: {
    scope: workerSources[i]
    name: guid(workerSources[i].id, 'worker', roles.blobReader)
    properties: {
      description: 'A job that ingests or scores a large file reads it here.'
      principalId: workerPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobReader)
    }
  }
]

resource jobQueues 'Microsoft.Storage/storageAccounts/queueServices/queues@2024-01-01' existing = [
  for name in ['jobs-cpu', 'jobs-gpu']: { name: '${dataStorageName}/default/${name}' }
]

// The narrower role for receivers lacks the update that keeps a message hidden while its job runs.
resource workerJobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (name, i) in ['jobs-cpu', 'jobs-gpu']: {
    scope: jobQueues[i]
    name: guid(jobQueues[i].id, 'worker', roles.queueContributor)
    properties: {
      description: 'A worker takes jobs, keeps their messages hidden, deletes them.'
      principalId: workerPrincipalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.queueContributor)
    }
  }
]

resource workerEvents 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: data::queues::jobEvents
  name: guid(data::queues::jobEvents.id, 'worker', roles.queueSender)
  properties: {
    description: 'A worker tells of the end of a job.'
    principalId: workerPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.queueSender)
  }
}

resource workerInsights 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, 'worker', roles.metricsPublisher)
  properties: {
    description: 'A worker sends telemetry.'
    principalId: workerPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.metricsPublisher)
  }
}

resource workerPackages 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: host::blobs::packages
  name: guid(host::blobs::packages.id, 'worker', roles.blobReader)
  properties: {
    description: 'A new machine fetches its program.'
    principalId: workerPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobReader)
  }
}

// ---- The topic: one queue to send to, one container for what could not be delivered. ----

resource topicQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: data::queues::dropEvents
  name: guid(data::queues::dropEvents.id, 'topic', roles.queueSender)
  properties: {
    description: 'Event Grid tells of new blobs.'
    principalId: topicPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.queueSender)
  }
}

resource topicUndelivered 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: host::blobs::undelivered
  name: guid(host::blobs::undelivered.id, 'topic', roles.blobContributor)
  properties: {
    description: 'Event Grid keeps events here that it could not deliver.'
    principalId: topicPrincipalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobContributor)
  }
}

// ---- People and pipelines that deliver. ----

resource operatorPackages 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for operator in operators: {
    scope: host::blobs::packages
    name: guid(host::blobs::packages.id, operator, roles.blobContributor)
    properties: {
      description: 'Uploads the worker\'s program.'
      principalId: operator
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.blobContributor)
    }
  }
]
