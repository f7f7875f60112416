// The app raises and lowers the number of machines. A deployment must not: it asks for the number first and writes back what it found.

@description('Name of the scale set.')
param name string

@nullIfNotFound()
resource scaleSet 'Microsoft.Compute/virtualMachineScaleSets@2024-11-01' existing = { name: name }

@description('Machines the scale set has; 0 when it is not there yet.')
output machines int = int(scaleSet.?sku.?capacity ?? 0)
