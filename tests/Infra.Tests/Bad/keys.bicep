// Deliberately bad: keys everywhere, old TLS, no diagnostics. KeyRules, TlsRules and DiagnosticsRules must name each of them.
param location string = resourceGroup().location

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: 'badkeys'
  location: location
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: { allowSharedKeyAccess: true, allowBlobPublicAccess: true, minimumTlsVersion: 'TLS1_0' }
}

resource hubs 'Microsoft.EventHub/namespaces@2024-01-01' = {
  name: 'badkeys-hubs'
  location: location
  sku: { name: 'Standard', tier: 'Standard' }
  properties: { minimumTlsVersion: '1.0' }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: 'badkeys-app'
  location: location
  kind: 'functionapp,linux'
  properties: { siteConfig: { minTlsVersion: '1.1' } }

  resource settings 'config' = {
    name: 'appsettings'
    properties: { AzureWebJobsStorage: 'AccountName=badkeys;AccountKey=${account.listKeys().keys[0].value}' }
  }
}
