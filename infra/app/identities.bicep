// Who the app and the workers are. What they may do is in roles.bicep.
import { resourceTags } from 'types.bicep'

@description('Where.')
param location string

@description('On every resource.')
param tags resourceTags

@description('Name of the app\'s identity.')
@minLength(3)
@maxLength(128)
param appName string

@description('Name of the workers\' identity.')
@minLength(3)
@maxLength(128)
param workerName string

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: appName
  location: location
  tags: tags
}

resource worker 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: workerName
  location: location
  tags: tags
}

@description('Resource id of the app\'s identity.')
output appId string = app.id

@description('Client id of the app\'s identity, for settings.')
output appClientId string = app.properties.clientId

@description('Principal of the app\'s identity, for roles.')
output appPrincipalId string = app.properties.principalId

@description('Resource id of the workers\' identity.')
output workerId string = worker.id

@description('Client id of the workers\' identity, for settings.')
output workerClientId string = worker.properties.clientId

@description('Principal of the workers\' identity, for roles.')
output workerPrincipalId string = worker.properties.principalId
