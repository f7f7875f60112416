using 'keys.bicep'
