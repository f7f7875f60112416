using 'roles-and-settings.bicep'
