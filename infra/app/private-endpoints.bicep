// Private addresses for everything that the app and the workers talk to, with the DNS zones that make the usual names lead there.
import { resourceTags } from 'types.bicep'

@description('Where.')
param location string

@description('On every resource.')
param tags resourceTags

@description('Prefix of the endpoints\' names.')
param prefix string

@description('Name of the Azure Monitor private link scope.')
param linkScopeName string

@description('Virtual network of the endpoints, which the zones are linked to.')
param networkId string

@description('Virtual networks of other regions that find the endpoints by the same zones.')
param otherNetworkNames string[]

@description('Subnet of the endpoints.')
param subnetId string

@description('Host\'s storage account.')
param hostStorageId string

@description('Data\'s storage account.')
param dataStorageId string

@description('Key Vault.')
param vaultId string

@description('Functions app.')
param appId string

@description('Event Hubs namespace; empty without streaming.')
param eventHubsId string

@description('Log Analytics workspace.')
param workspaceId string

@description('Application Insights component.')
param insightsId string

var suffix = environment().suffixes.storage
var monitorZones = [
  'privatelink.monitor.azure.com'
  'privatelink.oms.opinsights.azure.com'
  'privatelink.ods.opinsights.azure.com'
  'privatelink.agentsvc.azure-automation.net'
]
var zoneNames = concat(
  [
    'privatelink.blob.${suffix}'
    'privatelink.queue.${suffix}'
    'privatelink.table.${suffix}'
    'privatelink.vaultcore.azure.net'
    'privatelink.azurewebsites.net'
    'privatelink.servicebus.windows.net'
  ],
  monitorZones
)

var always = [
  { name: 'host-blob', target: hostStorageId, group: 'blob', zones: ['privatelink.blob.${suffix}'] }
  { name: 'host-queue', target: hostStorageId, group: 'queue', zones: ['privatelink.queue.${suffix}'] }
  { name: 'host-table', target: hostStorageId, group: 'table', zones: ['privatelink.table.${suffix}'] }
  { name: 'data-blob', target: dataStorageId, group: 'blob', zones: ['privatelink.blob.${suffix}'] }
  { name: 'data-queue', target: dataStorageId, group: 'queue', zones: ['privatelink.queue.${suffix}'] }
  { name: 'data-table', target: dataStorageId, group: 'table', zones: ['privatelink.table.${suffix}'] }
  { name: 'vault', target: vaultId, group: 'vault', zones: ['privatelink.vaultcore.azure.net'] }
  { name: 'app', target: appId, group: 'sites', zones: ['privatelink.azurewebsites.net'] }
  {
    name: 'monitor'
    target: linkScope.id
    group: 'azuremonitor'
    zones: concat(monitorZones, ['privatelink.blob.${suffix}'])
  }
]
var endpoints = concat(
  always,
  empty(eventHubsId)
    ? []
    : [{ name: 'hubs', target: eventHubsId, group: 'namespace', zones: ['privatelink.servicebus.windows.net'] }]
)

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zone in zoneNames: {
    name: zone
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zone, i) in zoneNames: {
    parent: zones[i]
    name: 'network'
    location: 'global'
    tags: tags
    properties: { registrationEnabled: false, virtualNetwork: { id: networkId } }
  }
]

// A zone for each of the other networks.
var otherLinks = flatten(map(
  otherNetworkNames,
  name => map(range(0, length(zoneNames)), zone => { name: name, zone: zone })
))

resource networks 'Microsoft.Network/virtualNetworks@2024-05-01' existing = [
  for link in otherLinks: { name: link.name }
]

resource linksOfOthers 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (link, i) in otherLinks: {
    parent: zones[link.zone]
    name: link.name
    location: 'global'
    tags: tags
    properties: { registrationEnabled: false, virtualNetwork: { id: networks[i].id } }
  }
]

// Open: other subscriptions' telemetry through this network stays as it was; our own resources refuse the public way themselves.
resource linkScope 'Microsoft.Insights/privateLinkScopes@2021-07-01-preview' = {
  name: linkScopeName
  location: 'global'
  tags: tags
  properties: { accessModeSettings: { ingestionAccessMode: 'Open', queryAccessMode: 'Open' } }

  resource workspace 'scopedResources' = {
    name: 'workspace'
    properties: { linkedResourceId: workspaceId }
  }

  resource insights 'scopedResources' = {
    name: 'insights'
    properties: { linkedResourceId: insightsId }
  }
}

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2024-05-01' = [
  for item in endpoints: {
    name: '${prefix}-${item.name}'
    location: location
    tags: tags
    properties: {
      subnet: { id: subnetId }
      customNetworkInterfaceName: '${prefix}-${item.name}-nic'
      privateLinkServiceConnections: [
        { name: item.name, properties: { privateLinkServiceId: item.target, groupIds: [item.group] } }
      ]
    }
    dependsOn: [linkScope::workspace, linkScope::insights]
  }
]

resource records 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [
  for (item, i) in endpoints: {
    parent: privateEndpoints[i]
    name: 'default'
    dependsOn: [zones]
    properties: {
      privateDnsZoneConfigs: [
        for zone in item.zones: {
          name: replace(zone, '.', '-')
          properties: { privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', zone) }
        }
      ]
    }
  }
]
