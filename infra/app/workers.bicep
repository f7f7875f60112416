// One scale set of workers, Spot or on demand. Empty until there are jobs: it costs nothing at capacity 0.
import { resourceTags, workerPool, workerPackage, storageUris } from 'types.bicep'

@description('Where.')
param location string

@description('On every resource.')
param tags resourceTags

@description('Name of the scale set.')
@minLength(3)
@maxLength(64)
param name string

@description('The pool it belongs to.')
param pool workerPool

@description('Spot, or its on-demand sibling for when Spot has no capacity.')
param spot bool

@description('Machines at this moment, from capacity.bicep: a deployment changes none.')
@minValue(0)
@maxValue(1000)
param capacity int

@description('Account of the SSH key.')
@minLength(1)
@maxLength(32)
param adminUsername string = 'maintainer'

@description('Resource id of the workers\' identity.')
param identityId string

@description('Client id of the workers\' identity.')
param identityClientId string

@description('Addresses of the data\'s storage.')
param dataStorage storageUris

@description('Blob address of the host\'s storage, where the program lies.')
param packageStorage string

@description('The worker\'s program.')
param package workerPackage

@description('Public SSH key that Azure asks for; no port is open for it.')
@minLength(20)
param sshPublicKey string

@description('Subnet of the workers.')
param subnetId string

@description('Security group of the machines.')
param securityGroupId string

@description('Connection string of Application Insights.')
param insightsConnectionString string

@description('The NAT gateway is the way out; else every machine has a public address of its own, closed from outside.')
param privateNetworking bool

// Ubuntu's signed driver packages, chosen for the device that is there.
var driver = pool.gpu
  ? 'apt-get install -y ubuntu-drivers-common && ubuntu-drivers install --gpgpu && modprobe nvidia'
  : 'true'

var values = {
  '@BLOB@': dataStorage.blob
  '@QUEUE@': dataStorage.queue
  '@TABLE@': dataStorage.table
  '@CLIENT_ID@': identityClientId
  '@QUEUES@': pool.queue
  '@INSIGHTS@': insightsConnectionString
  '@INSIGHTS_LOGIN@': 'ClientId=${identityClientId};Authorization=AAD'
  '@PACKAGE@': '${packageStorage}packages/${package.blob}'
  '@SHA256@': toLower(package.sha256)
  '@DRIVER@': driver
}
var cloudInit = reduce(
  items(values),
  loadTextContent('worker-cloud-init.yaml'),
  (text, item) => replace(string(text), item.key, item.value)
)

var outward = privateNetworking
  ? {}
  : {
      publicIPAddressConfiguration: {
        name: 'out'
        sku: { name: 'Standard', tier: 'Regional' }
        properties: { deleteOption: 'Delete', idleTimeoutInMinutes: 4, publicIPAddressVersion: 'IPv4' }
      }
    }

var spotProfile = spot
  ? { priority: 'Spot', evictionPolicy: 'Delete', billingProfile: { maxPrice: json(pool.maxPrice) } }
  : { priority: 'Regular' }

resource scaleSet 'Microsoft.Compute/virtualMachineScaleSets@2024-11-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: pool.size, tier: 'Standard', capacity: capacity }
  identity: { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
  properties: {
    orchestrationMode: 'Flexible'
    platformFaultDomainCount: 1
    singlePlacementGroup: false
    virtualMachineProfile: union(spotProfile, {
      osProfile: {
        computerNamePrefix: take('w${pool.name}${spot ? 's' : 'd'}', 9)
        adminUsername: adminUsername
        customData: base64(cloudInit)
        linuxConfiguration: {
          disablePasswordAuthentication: true
          ssh: { publicKeys: [{ path: '/home/${adminUsername}/.ssh/authorized_keys', keyData: sshPublicKey }] }
        }
      }
      storageProfile: {
        imageReference: { publisher: 'Canonical', offer: 'ubuntu-24_04-lts', sku: 'server', version: 'latest' }
        osDisk: {
          createOption: 'FromImage'
          caching: 'ReadWrite'
          deleteOption: 'Delete'
          diskSizeGB: 64
          managedDisk: { storageAccountType: 'StandardSSD_LRS' }
        }
      }
      networkProfile: {
        networkApiVersion: '2022-11-01'
        networkInterfaceConfigurations: [
          {
            name: 'nic'
            properties: {
              primary: true
              deleteOption: 'Delete'
              networkSecurityGroup: { id: securityGroupId }
              ipConfigurations: [
                { name: 'ip', properties: union(outward, { primary: true, subnet: { id: subnetId } }) }
              ]
            }
          }
        ]
      }
      scheduledEventsProfile: { terminateNotificationProfile: { enable: true, notBeforeTimeout: 'PT5M' } }
      diagnosticsProfile: { bootDiagnostics: { enabled: true } }
    })
  }
}

@description('Resource id.')
output id string = scaleSet.id
