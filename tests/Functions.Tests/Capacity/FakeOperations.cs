using System.Text.Json.Nodes;

namespace Serverless.Functions.Tests.Capacity;

/// <summary>A change that goes on after its answer.</summary>
internal sealed class FakeOperation(string id, string set, Action work)
{
    public string Id => id;
    public string Set => set;
    public Action Work => work;
    public ArmError? Error { get; set; }
    public bool Ended { get; set; }
}

/// <summary>What goes on behind <c>Azure-AsyncOperation</c>, and the answers to those who ask how it stands.</summary>
/// <param name="refusal">What the next change of a scale set fails with; null where it comes to a good end.</param>
internal sealed class FakeOperations(Func<string, ArmError?> refusal)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, FakeOperation> operations = [];

    /// <summary>True: changes stay under way until <see cref="Finish"/>.</summary>
    public bool Slow { get; set; }

    public FakeOperation New(string set, Action work)
    {
        lock (gate)
        {
            var operation = new FakeOperation($"{Guid.Parse($"00000000-0000-0000-0000-{operations.Count + 1:D12}")}", set, work);
            operations[operation.Id] = operation;
            return operation;
        }
    }

    public void EndUnlessSlow(FakeOperation operation)
    {
        if (!Slow)
        {
            End(operation);
        }
    }

    /// <summary>Ends the changes that are under way.</summary>
    public void Finish()
    {
        List<FakeOperation> waiting;
        lock (gate)
        {
            waiting = [.. operations.Values.Where(operation => !operation.Ended)];
        }

        foreach (var operation in waiting)
        {
            End(operation);
        }
    }

    public JsonObject Json(string id)
    {
        lock (gate)
        {
            var operation = operations[id];
            var answer = new JsonObject
            {
                ["name"] = id,
                ["status"] = operation.Ended
                    ? operation.Error is null
                        ? "Succeeded"
                        : "Failed"
                    : "InProgress",
            };
            if (operation is { Ended: true, Error: { } error })
            {
                answer["error"] = error.Json();
            }

            return answer;
        }
    }

    private void End(FakeOperation operation)
    {
        if (refusal(operation.Set) is { } error)
        {
            operation.Error = error;
        }
        else
        {
            operation.Work();
        }

        operation.Ended = true;
    }
}
