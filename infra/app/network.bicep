// One virtual network: workers always live in it; the app and private endpoints do when private networking is on.
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

@description('A NAT gateway is the way out, in the place of an address per machine.')
param privateNetworking bool

@description('Log Analytics workspace for logs and metrics.')
param workspaceId string

var space = '10.20.0.0/16'
var appRange = '10.20.0.0/24'
var endpointRange = '10.20.1.0/24'
var workerRange = '10.20.4.0/22'

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

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [space] }
    subnets: [
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
      {
        name: 'workers'
        properties: union(wayOut, {
          addressPrefix: workerRange
          defaultOutboundAccess: false
          networkSecurityGroup: { id: securityGroup.id }
        })
      }
    ]
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

@description('Subnet that the app sends through.')
output appSubnetId string = network::app.id

@description('Subnet of the private endpoints.')
output endpointSubnetId string = network::endpoints.id

@description('Subnet of the workers.')
output workerSubnetId string = network::workers.id

@description('Security group of the workers.')
output securityGroupId string = securityGroup.id
