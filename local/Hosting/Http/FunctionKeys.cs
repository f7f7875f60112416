using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Serverless.Local.Hosting.Http;

/// <summary>The app's keys as they lie in <c>keys.json</c>.</summary>
internal sealed record FunctionKeys
{
    /// <summary>The system key of the HTTP management API of Durable.</summary>
    public const string DurableExtension = "durabletask_extension";

    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public required string MasterKey { get; init; }

    /// <summary>Keys that open every function of level Function, by name.</summary>
    [JsonPropertyName("functionKeys")]
    public required IReadOnlyDictionary<string, string> Functions { get; init; }

    /// <summary>Keys that open one function, by its name and theirs. None are made: write them where a caller is to reach that function alone.</summary>
    [JsonPropertyName("functions")]
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> OfFunctions { get; init; } =
        new Dictionary<string, IReadOnlyDictionary<string, string>>(StringComparer.Ordinal);

    /// <summary>Keys of extensions, by name.</summary>
    [JsonPropertyName("systemKeys")]
    public required IReadOnlyDictionary<string, string> Systems { get; init; }

    /// <summary>Reads the keys, or makes them at the first start.</summary>
    /// <param name="path">The file.</param>
    /// <param name="configured"><c>FUNCTIONS_KEY</c>: opens functions instead of the file's default key.</param>
    public static FunctionKeys Open(string path, string? configured)
    {
        var keys = File.Exists(path) ? Read(path) : Create(path);
        return string.IsNullOrWhiteSpace(configured)
            ? keys
            : keys with
            {
                Functions = new Dictionary<string, string>(keys.Functions, StringComparer.Ordinal) { ["default"] = configured },
            };
    }

    private static FunctionKeys Read(string path)
    {
        try
        {
            var keys = JsonSerializer.Deserialize<FunctionKeys>(File.ReadAllBytes(path), Format);
            if (
                keys is { MasterKey.Length: > 0 }
                && keys.Functions.Values.Concat(keys.Systems.Values).All(k => k is { Length: > 0 })
                && AreWhole(keys.OfFunctions)
            )
                return keys;
            throw new InvalidOperationException($"{path}: a key is empty. Delete the file to have new keys made at the next start.");
        }
        catch (JsonException e)
        {
            throw new InvalidOperationException($"{path}: {e.Message} Delete the file to have new keys made at the next start.", e);
        }
    }

    // Written by hand: anything in it may be null.
    private static bool AreWhole(IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? ofFunctions) =>
        ofFunctions is not null && ofFunctions.Values.All(own => own is not null && own.Values.All(key => key is { Length: > 0 }));

    private static FunctionKeys Create(string path)
    {
        var keys = new FunctionKeys
        {
            MasterKey = New(),
            Functions = new Dictionary<string, string>(StringComparer.Ordinal) { ["default"] = New() },
            Systems = new Dictionary<string, string>(StringComparer.Ordinal) { [DurableExtension] = New() },
        };
        PrivateFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(keys, Format));
        return keys;
    }

    private static string New() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(40)).Replace('+', '-').Replace('/', '_');
}
