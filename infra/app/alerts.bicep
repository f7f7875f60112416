// What wakes somebody. What each alert means and what to do: docs/operations.md.
import { resourceTags } from 'types.bicep'

@description('Where.')
param location string

@description('On every resource.')
param tags resourceTags

@description('Prefix of the alerts\' names.')
param prefix string

@description('Log Analytics workspace that is asked.')
param workspaceId string

@description('Action group that is told.')
param actionGroupId string

@description('Data\'s storage account.')
param storageId string

@description('Event Grid system topic.')
param topicId string

@description('Event Hubs namespace; empty without streaming.')
param eventHubsId string

@description('Slowest acceptable 99th percentile of predictions, in milliseconds.')
@minValue(10)
param predictionP99Ms int

@description('Highest acceptable share of failed requests, in percent.')
@minValue(1)
@maxValue(100)
param errorPercent int

@description('Minutes after which a job that no worker took is late. A machine needs about 5 to start.')
@minValue(10)
@maxValue(300)
param queueMinutes int

@description('Population stability index from which the data has drifted, in hundredths: Bicep has no numbers with decimals.')
@minValue(5)
@maxValue(500)
param driftPsiHundredths int

@description('Evictions an hour from which Spot is no bargain.')
@minValue(1)
@maxValue(1000)
param evictionsPerHour int

// Runs, drift and evictions are counted by the app and the workers themselves (metric names: docs/operations.md).
var logAlerts = [
  {
    name: 'failed-runs'
    severity: 2
    window: 'PT15M'
    description: 'A run ended in failure.'
    query: '''
      union isfuzzy=true
        (AppMetrics | where Name == "serverless.runs" and tostring(Properties.state) == "failed" | project Failures = toreal(Sum)),
        (AppRequests | where Name startswith "orchestration:" and Success == false | project Failures = 1.0 * ItemCount)
      | summarize Value = sum(Failures)
      | where Value > 0
    '''
  }
  {
    name: 'dead-letters'
    severity: 2
    window: 'PT15M'
    description: 'A message was given up after its last attempt and lies in a -poison queue, or an event was set aside in container deadletter.'
    query: '''
      union isfuzzy=true
        (
          StorageQueueLogs
          | where OperationName == "PutMessage" and StatusCode < 300
          | extend Place = extract(@"\.queue\.[^/]+/([^/?]+)", 1, Uri)
          | where Place endswith "-poison"
          | project Place, Messages = 1.0
        ),
        (
          AppMetrics
          | where Name == "serverless.stream.failures"
          | project Place = strcat("deadletter: ", tostring(Properties.reason)), Messages = toreal(Sum)
        )
      | summarize Messages = sum(Messages) by Place
      | where Messages > 0
    '''
  }
  {
    name: 'queue-age'
    severity: 2
    window: 'PT6H'
    description: 'A job waits and no worker has touched its queue since.'
    query: replace(
      '''
      let log = StorageQueueLogs
        | where StatusCode < 300
        | extend Queue = extract(@"\.queue\.[^/]+/([^/?]+)", 1, Uri)
        | where Queue in ("jobs-cpu", "jobs-gpu");
      let put = log | where OperationName == "PutMessage" | summarize Put = max(TimeGenerated) by Queue;
      let taken = log | where OperationName in ("UpdateMessage", "DeleteMessage") | summarize Taken = max(TimeGenerated) by Queue;
      put
      | join kind=leftouter taken on Queue
      | where Put < ago(@MINUTES@m) and (isnull(Taken) or Taken < Put)
      | project Queue, Put
    ''',
      '@MINUTES@',
      string(queueMinutes)
    )
  }
  {
    name: 'drift'
    severity: 3
    window: 'PT1H'
    description: 'The data that is predicted on no longer looks like the data that was trained on.'
    query: replace(
      '''
      AppMetrics
      | where Name == "serverless.drift.psi"
      | summarize Psi = max(Max) by Model = tostring(Properties.model), Column = tostring(Properties.column)
      | where Psi > @HUNDREDTHS@ / 100.0
    ''',
      '@HUNDREDTHS@',
      string(driftPsiHundredths)
    )
  }
  {
    name: 'latency'
    severity: 2
    window: 'PT15M'
    description: 'Predictions are slow at the 99th percentile.'
    query: replace(
      '''
      AppRequests
      | where Name contains "infer" or Name contains "predict"
      | summarize P99 = percentile(DurationMs, 99), Requests = sum(ItemCount)
      | where Requests >= 20 and P99 > @MS@
    ''',
      '@MS@',
      string(predictionP99Ms)
    )
  }
  {
    name: 'errors'
    severity: 1
    window: 'PT15M'
    description: 'Too many requests fail for a reason of ours (5xx).'
    query: replace(
      '''
      AppRequests
      | where isnotempty(Url)
      | summarize Failed = sumif(ItemCount, toint(ResultCode) >= 500), Requests = sum(ItemCount)
      | where Requests >= 20 and 100.0 * Failed / Requests > @PERCENT@
    ''',
      '@PERCENT@',
      string(errorPercent)
    )
  }
  {
    name: 'evictions'
    severity: 3
    window: 'PT1H'
    description: 'Azure takes Spot machines back more often than is worth it.'
    query: replace(
      '''
      AppMetrics
      | where Name == "serverless.evictions"
      | summarize Evictions = sum(Sum) by Pool = tostring(Properties.pool)
      | where Evictions >= @COUNT@
    ''',
      '@COUNT@',
      string(evictionsPerHour)
    )
  }
]

var metricAlerts = concat(
  [
    {
      name: 'storage-availability'
      description: 'The data\'s storage answers with errors of its own.'
      scope: storageId
      namespace: 'Microsoft.Storage/storageAccounts'
      metric: 'Availability'
      aggregation: 'Average'
      operator: 'LessThan'
      threshold: 99
    }
    {
      name: 'undelivered-drops'
      description: 'Event Grid gave up on an event; it lies in container undelivered-events of the host\'s storage.'
      scope: topicId
      namespace: 'Microsoft.EventGrid/systemTopics'
      metric: 'DeadLetteredCount'
      aggregation: 'Total'
      operator: 'GreaterThan'
      threshold: 0
    }
  ],
  empty(eventHubsId)
    ? []
    : [
        {
          name: 'throttled-events'
          description: 'Event Hubs turns senders or readers away; raise its throughput units.'
          scope: eventHubsId
          namespace: 'Microsoft.EventHub/namespaces'
          metric: 'ThrottledRequests'
          aggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
)

resource logRules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in logAlerts: {
    name: '${prefix}-${alert.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: alert.name
      description: alert.description
      severity: alert.severity
      enabled: true
      autoMitigate: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT15M'
      windowSize: alert.window
      // A new workspace has no such table until the first line is written into it.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [actionGroupId] }
    }
  }
]

resource metricRules 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for alert in metricAlerts: {
    name: '${prefix}-${alert.name}'
    location: 'global'
    tags: tags
    properties: {
      description: alert.description
      severity: 2
      enabled: true
      autoMitigate: true
      scopes: [alert.scope]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            name: alert.name
            criterionType: 'StaticThresholdCriterion'
            metricNamespace: alert.namespace
            metricName: alert.metric
            timeAggregation: alert.aggregation
            operator: alert.operator
            threshold: alert.threshold
          }
        ]
      }
      actions: [{ actionGroupId: actionGroupId }]
    }
  }
]
