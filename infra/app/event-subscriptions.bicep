// New blobs of the watched containers become messages of queue "drop-events". Apart from the topic, because its identity needs its roles first.
import { watchedContainers } from 'names.bicep'

@description('Name of the system topic.')
param topicName string

@description('Storage account with the queue.')
param storageId string

@description('Storage account with the container for events that could not be delivered.')
param hostStorageId string

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = { name: topicName }

resource subscriptions 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = [
  for watched in watchedContainers: {
    parent: topic
    name: watched
    properties: {
      eventDeliverySchema: 'EventGridSchema'
      filter: {
        includedEventTypes: ['Microsoft.Storage.BlobCreated']
        subjectBeginsWith: '/blobServices/default/containers/${watched}/blobs/'
        isSubjectCaseSensitive: true
      }
      deliveryWithResourceIdentity: {
        identity: { type: 'SystemAssigned' }
        destination: {
          endpointType: 'StorageQueue'
          // -1: a message waits for the app however long that takes.
          properties: { resourceId: storageId, queueName: 'drop-events', queueMessageTimeToLiveInSeconds: -1 }
        }
      }
      retryPolicy: { eventTimeToLiveInMinutes: 1440, maxDeliveryAttempts: 30 }
      deadLetterWithResourceIdentity: {
        identity: { type: 'SystemAssigned' }
        deadLetterDestination: {
          endpointType: 'StorageBlob'
          properties: { resourceId: hostStorageId, blobContainerName: 'undelivered-events' }
        }
      }
    }
  }
]
