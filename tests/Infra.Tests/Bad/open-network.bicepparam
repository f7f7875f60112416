using 'open-network.bicep'
