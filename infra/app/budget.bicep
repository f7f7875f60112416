// Tells before the money is gone; it stops nothing by itself.

@description('Name of the budget.')
param name string

@description('Amount a month, in the currency of the subscription.')
@minValue(1)
param amount int

@description('First day of the first month, as 2026-12-01. A parameter, so that a second run changes nothing.')
@minLength(10)
@maxLength(10)
param start string

@description('Action group that is told.')
param actionGroupId string

@description('Mail addresses that are told.')
@minLength(1)
@maxLength(50)
param emails string[]

var actual = [50, 80, 100]

var notifications = toObject(actual, threshold => 'actual${threshold}', threshold => {
  enabled: true
  operator: 'GreaterThanOrEqualTo'
  threshold: threshold
  thresholdType: 'Actual'
  contactEmails: emails
  contactGroups: [actionGroupId]
})

resource budget 'Microsoft.Consumption/budgets@2023-11-01' = {
  name: name
  properties: {
    category: 'Cost'
    amount: amount
    timeGrain: 'Monthly'
    timePeriod: { startDate: start }
    notifications: union(notifications, {
      forecast100: {
        enabled: true
        operator: 'GreaterThanOrEqualTo'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: emails
        contactGroups: [actionGroupId]
      }
    })
  }
}
