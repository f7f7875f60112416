// Every class starts a stack of its own; on two cores one at a time is quicker than two that wait for each other.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
