// Two networks that reach each other, whatever their regions. Made from both sides: one side alone carries nothing.

@description('Name of the one network.')
param name string

@description('Name of the other network.')
param otherName string

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' existing = { name: name }

resource other 'Microsoft.Network/virtualNetworks@2024-05-01' existing = { name: otherName }

// What comes from one of the two, and nothing that is passed on through it.
var rights = {
  allowVirtualNetworkAccess: true
  allowForwardedTraffic: false
  allowGatewayTransit: false
  useRemoteGateways: false
}

resource out 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings@2024-05-01' = {
  parent: network
  name: otherName
  properties: union(rights, { remoteVirtualNetwork: { id: other.id } })
}

resource back 'Microsoft.Network/virtualNetworks/virtualNetworkPeerings@2024-05-01' = {
  parent: other
  name: name
  dependsOn: [out]
  properties: union(rights, { remoteVirtualNetwork: { id: network.id } })
}
