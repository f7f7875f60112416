// The virtual network of one region: workers always live in it; in the deployment's own region the app and private endpoints do too when
// private networking is on.
import { resourceTags } from 'types.bicep'

@description('Where.')
param location string

@description('On every resource.')
param tags resourceTags

@description('Name of the network.')
param name string

@description('Name of the security group of the workers\' subnet.')
param securityGroupName string

@description('Name of the NAT gateway, which exists under private networking only.')
param natGatewayName string

@description('Name of the gateway\'s public address.')
param natAddressName string

@description('Second of the network\'s four numbers, see regions.bicep.')
@minValue(20)
@maxValue(255)
param number int

@description('A region of workers alone: nothing of the app, no private endpoint.')
param workersOnly bool

@description('A NAT gateway is the way out, in the place of an address per machine.')
param privateNetworking bool

@description('Log Analytics workspace for logs and metrics.')
param workspaceId string

var space = '10.${number}.0.0/16'
var appRange = '10.${number}.0.0/24'
var endpointRange = '10.${number}.1.0/24'
var workerRange = '10.${number}.4.0/22'

resource securityGroup 'Microsoft.Network/networkSecurityGroups@2024-05-01' = {
  name: securityGroupName
  location: location
  tags: tags
  properties: {
    securityRules: [
      {
        name: 'AllowBetweenWorkers'
        properties: {
          description: 'Distributed training: the machines of one job talk to each other.'
          priority: 1000
          direction: 'Inbound'
          access: 'Allow'
          protocol: 'Tcp'
          sourceAddressPrefix: workerRange
          sourcePortRange: '*'
          destinationAddressPrefix: workerRange
          destinationPortRange: '1024-65535'
        }
      }
      {
        name: 'DenyInbound'
        properties: {
          description: 'A worker takes jobs from a queue; nobody calls it.'
          priority: 4000
          direction: 'Inbound'
          access: 'Deny'
          protocol: '*'
          sourceAddressPrefix: '*'
          sourcePortRange: '*'
          destinationAddressPrefix: '*'
          destinationPortRange: '*'
        }
      }
    ]
  }
}

resource natAddress 'Microsoft.Network/publicIPAddresses@2024-05-01' = if (privateNetworking) {
  name: natAddressName
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

resource natGateway 'Microsoft.Network/natGateways@2024-05-01' = if (privateNetworking) {
  name: natGatewayName
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: {
    idleTimeoutInMinutes: 4
    publicIpAddresses: [{ id: natAddress.id }]
  }
}

var wayOut = privateNetworking ? { natGateway: { id: natGateway.id } } : {}

var appSubnets = [
  {
    name: 'app'
    properties: union(wayOut, {
      addressPrefix: appRange
      defaultOutboundAccess: false
      delegations: [{ name: 'app', properties: { serviceName: 'Microsoft.App/environments' } }]
    })
  }
  {
    name: 'endpoints'
    properties: {
      addressPrefix: endpointRange
      defaultOutboundAccess: false
      privateEndpointNetworkPolicies: 'Enabled'
    }
  }
]
var workerSubnet = {
  name: 'workers'
  properties: union(wayOut, {
    addressPrefix: workerRange
    defaultOutboundAccess: false
    networkSecurityGroup: { id: securityGroup.id }
  })
}

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [space] }
    subnets: concat(workersOnly ? [] : appSubnets, [workerSubnet])
  }

  resource app 'subnets' existing = { name: 'app' }
  resource endpoints 'subnets' existing = { name: 'endpoints' }
  resource workers 'subnets' existing = { name: 'workers' }
}

resource networkDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: network
  name: 'all'
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

resource securityGroupDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: securityGroup
  name: 'all'
  properties: { workspaceId: workspaceId, logs: [{ categoryGroup: 'allLogs', enabled: true }] }
}

resource natAddressDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (privateNetworking) {
  scope: natAddress
  name: 'all'
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

resource natGatewayDiagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (privateNetworking) {
  scope: natGateway
  name: 'all'
  properties: { workspaceId: workspaceId, metrics: [{ category: 'AllMetrics', enabled: true }] }
}

@description('Resource id of the network.')
output id string = network.id

@description('Subnet that the app sends through; empty where there are workers alone.')
output appSubnetId string = workersOnly ? '' : network::app.id

@description('Subnet of the private endpoints; empty where there are workers alone.')
output endpointSubnetId string = workersOnly ? '' : network::endpoints.id

@description('Subnet of the workers.')
output workerSubnetId string = network::workers.id

@description('Security group of the workers.')
output securityGroupId string = securityGroup.id
