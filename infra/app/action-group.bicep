// Who is told.
import { resourceTags } from 'types.bicep'

@description('On every resource.')
param tags resourceTags

@description('Name of the group.')
param name string

@description('Mail addresses.')
@minLength(1)
@maxLength(50)
param emails string[]

resource group 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: name
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'serverless'
    emailReceivers: [for (email, i) in emails: { name: 'mail${i}', emailAddress: email, useCommonAlertSchema: true }]
  }
}

@description('Resource id.')
output id string = group.id
