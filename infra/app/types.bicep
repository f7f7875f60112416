// What more than one module must agree on.

@export()
@description('Tags on a resource.')
type resourceTags = {
  @description('Value of a tag.')
  *: string
}

@export()
@description('A pool of workers: one queue of jobs, one size of machine, a Spot scale set and its on-demand sibling.')
@sealed()
type workerPool = {
  @description('Short name, part of the scale sets\' names.')
  @minLength(2)
  @maxLength(6)
  name: string

  @description('Queue whose jobs these machines take.')
  queue: 'jobs-cpu' | 'jobs-gpu'

  @description('Region of its machines, as northeurope: another one has Spot, or quota, where this has none. Null is that of everything else.')
  @minLength(4)
  region: string?

  @description('Size of machine. Spot has no B series.')
  @minLength(5)
  size: string

  @description('Installs the NVIDIA driver.')
  gpu: bool

  @description('Most machines of each of its two scale sets at once; the subscription needs quota for as many.')
  @minValue(1)
  @maxValue(1000)
  maxMachines: int

  @description('Highest price an hour in US dollars for Spot, as text because it has decimals; -1 is up to the on-demand price.')
  @minLength(1)
  maxPrice: string
}

@export()
@description('The worker\'s program: an archive in container "packages" of the host\'s storage, and its SHA-256.')
@sealed()
type workerPackage = {
  @description('Name of the blob, with its version: worker/1.0.0/serverless-worker.tar.gz. Never overwritten.')
  @minLength(5)
  blob: string

  @description('SHA-256 of the archive, 64 hexadecimal digits; a machine refuses any other archive.')
  @minLength(64)
  @maxLength(64)
  sha256: string
}

@export()
@description('Addresses of a storage account\'s services, as the settings of an identity-based connection want them.')
@sealed()
type storageUris = {
  @description('Blob service.')
  blob: string

  @description('Queue service.')
  queue: string

  @description('Table service.')
  table: string
}

@export()
@description('A container with its lifecycle. Days since the last change; null leaves it as it is.')
@sealed()
type container = {
  @description('Name of the container.')
  @minLength(3)
  @maxLength(63)
  name: string

  @description('Move to the cool tier after so many days.')
  @minValue(1)
  coolAfterDays: int?

  @description('Delete after so many days.')
  @minValue(1)
  deleteAfterDays: int?

  @description('Delete overwritten and deleted versions after so many days.')
  @minValue(1)
  versionDays: int
}
