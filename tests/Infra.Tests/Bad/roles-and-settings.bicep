// Deliberately bad: a worker that may do anything, a setting nobody reads and one too few. RoleList and SettingRules must say so.
param location string = resourceGroup().location

resource worker 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'bad-worker'
  location: location
}

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = { name: 'baddata' }

resource everything 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account
  name: guid(account.id, 'worker', 'owner')
  properties: {
    principalId: worker.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
    )
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' existing = { name: 'bad-app' }

resource settings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: app
  name: 'appsettings'
  properties: { Storage__blobServiceUri: 'x', LocalByte: '1' }
}
