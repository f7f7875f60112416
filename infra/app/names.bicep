// Containers, queues and tables of the data's storage account: the names of pipeline/Storage/Names.cs. A test compares the two.
import { container } from 'types.bicep'

@export()
@description('What users drop stays (held-out files are needed again) but cools; jobs hold checkpoints and overwrite a document a second.')
var containers container[] = [
  { name: 'drop', coolAfterDays: 30, deleteAfterDays: null, versionDays: 30 }
  { name: 'batch', coolAfterDays: 30, deleteAfterDays: 90, versionDays: 30 }
  { name: 'scored', coolAfterDays: 30, deleteAfterDays: null, versionDays: 7 }
  { name: 'quarantine', coolAfterDays: 14, deleteAfterDays: 90, versionDays: 7 }
  { name: 'pipelines', coolAfterDays: null, deleteAfterDays: null, versionDays: 365 }
  { name: 'datasets', coolAfterDays: 60, deleteAfterDays: null, versionDays: 30 }
  { name: 'jobs', coolAfterDays: null, deleteAfterDays: 30, versionDays: 1 }
  { name: 'models', coolAfterDays: null, deleteAfterDays: null, versionDays: 365 }
  { name: 'deadletter', coolAfterDays: 30, deleteAfterDays: 90, versionDays: 7 }
  { name: 'monitoring', coolAfterDays: 30, deleteAfterDays: 90, versionDays: 1 }
  { name: 'workers', coolAfterDays: null, deleteAfterDays: 7, versionDays: 1 }
  { name: 'capacity', coolAfterDays: null, deleteAfterDays: null, versionDays: 1 }
  { name: 'runs', coolAfterDays: 60, deleteAfterDays: null, versionDays: 7 }
]

@export()
@description('Storage queues.')
var queues = ['drop-events', 'jobs-cpu', 'jobs-gpu', 'job-events']

@export()
@description('Tables.')
var tables = ['models']

@export()
@description('Containers whose new blobs become messages of queue "drop-events".')
var watchedContainers = ['drop', 'batch']

@export()
@description('Event hubs each with the consumer group of its reader, when streaming is on.')
var hubs = [
  { name: 'telemetry', group: 'scoring' }
  { name: 'predictions', group: 'monitoring' }
  { name: 'alerts', group: 'notify' }
]

@export()
@description('Containers of the host\'s storage account, beside those that the host makes itself.')
var hostContainers container[] = [
  { name: 'deployment', coolAfterDays: null, deleteAfterDays: null, versionDays: 90 }
  { name: 'packages', coolAfterDays: null, deleteAfterDays: null, versionDays: 90 }
  { name: 'undelivered-events', coolAfterDays: null, deleteAfterDays: 90, versionDays: 7 }
]

@export()
@description('Containers that the Functions host and Durable (hub of host.json) make themselves and write all the time: leases, timers, checkpoints, of which every write is a version. The keys of the app are worth bringing back.')
var containersOfTheHost container[] = [
  { name: 'azure-webjobs-eventhub', coolAfterDays: null, deleteAfterDays: null, versionDays: 1 }
  { name: 'azure-webjobs-hosts', coolAfterDays: null, deleteAfterDays: null, versionDays: 1 }
  { name: 'azure-webjobs-secrets', coolAfterDays: null, deleteAfterDays: null, versionDays: 90 }
  { name: 'serverless-applease', coolAfterDays: null, deleteAfterDays: null, versionDays: 1 }
  { name: 'serverless-largemessages', coolAfterDays: null, deleteAfterDays: null, versionDays: 1 }
  { name: 'serverless-leases', coolAfterDays: null, deleteAfterDays: null, versionDays: 1 }
]
