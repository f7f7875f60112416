// Deliberately bad: private networking with doors left open. NetworkRules must name each of them.
param location string = resourceGroup().location

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: 'badnetwork'
  location: location
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: { networkAcls: { defaultAction: 'Deny', bypass: 'None', ipRules: [{ value: '203.0.113.0/24' }] } }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2024-01-01' = {
  parent: account
  name: 'default'

  resource open 'containers' = {
    name: 'open'
    properties: { publicAccess: 'Blob' }
  }
}

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: 'badnetwork-vault'
  location: location
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    publicNetworkAccess: 'Enabled'
  }
}

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'badnetwork-log'
  location: location
}

resource machines 'Microsoft.Compute/virtualMachineScaleSets@2024-11-01' = {
  name: 'badnetwork-machines'
  location: location
  sku: { name: 'Standard_D2as_v5', capacity: 1 }
  properties: {
    orchestrationMode: 'Flexible'
    virtualMachineProfile: {
      networkProfile: {
        networkApiVersion: '2022-11-01'
        networkInterfaceConfigurations: [
          {
            name: 'nic'
            properties: {
              ipConfigurations: [{ name: 'ip', properties: { publicIPAddressConfiguration: { name: 'out' } } }]
            }
          }
        ]
      }
    }
  }
}
