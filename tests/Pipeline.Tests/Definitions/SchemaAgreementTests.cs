using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Serverless.Pipeline.Definitions;
using Serverless.Pipeline.Evaluation;

namespace Serverless.Pipeline.Tests.Definitions;

/// <summary>The schema file, the records and the enums list the same keys, words and defaults.</summary>
public sealed class SchemaAgreementTests
{
    [Fact]
    public void Schema_AndRecords_HaveTheSameKeys() => Compare(SchemaRule.Pipeline, typeof(PipelineDefinition), "");

    [Fact]
    public void Schema_Metrics_AreAllOfMetricNames()
    {
        var names = typeof(MetricNames).GetFields().Select(field => (string)field.GetRawConstantValue()!);

        Assert.Equal(names.Order(), SchemaRule.Pipeline.Properties["gate"].Properties["metric"].Enum.Order());
    }

    [Fact]
    public void Metrics_OfAllTasks_AreInTheSchema()
    {
        var all = Enum.GetValues<PredictionTask>().SelectMany(DefinitionRules.MetricsOf).Distinct();

        Assert.Equal(SchemaRule.Pipeline.Properties["gate"].Properties["metric"].Enum.Order(), all.Order());
    }

    [Fact]
    public void Schema_Defaults_AreTheRecords()
    {
        using var schema = JsonDocument.Parse(DefinitionReader.JsonSchema);
        var definitions = schema.RootElement.GetProperty("$defs");
        Defaults(definitions.GetProperty("split"), new SplitDefinition());
        Defaults(definitions.GetProperty("training"), new TrainingDefinition());
        Defaults(definitions.GetProperty("compute"), new ComputeDefinition());
        Defaults(definitions.GetProperty("lightgbm"), new LightGbmSettings());
        Defaults(definitions.GetProperty("torch"), new TorchSettings());
        Defaults(definitions.GetProperty("command"), new CommandSettings { Run = ["program"] });
        Defaults(definitions.GetProperty("image"), new ImageSettings { Height = 4, Width = 4 });
        Defaults(definitions.GetProperty("gate"), new GateDefinition());
        Defaults(definitions.GetProperty("deployment"), new DeploymentDefinition());
        Defaults(definitions.GetProperty("expectation"), new Expectation());
    }

    private static void Defaults(JsonElement schema, object record)
    {
        foreach (var property in schema.GetProperty("properties").EnumerateObject().Where(p => p.Value.TryGetProperty("default", out _)))
        {
            var actual = record
                .GetType()
                .GetProperty(property.Name, BindingFlags.IgnoreCase | BindingFlags.Public | BindingFlags.Instance)!
                .GetValue(record);
            var text = actual is TimeSpan time ? $"{time.TotalHours}h" : Convert.ToString(actual, CultureInfo.InvariantCulture);
            Assert.Equal(property.Value.GetProperty("default").ToString(), text, ignoreCase: true);
        }
    }

    private static void Compare(SchemaRule rule, Type type, string path)
    {
        if (type.IsEnum)
        {
            Assert.Equal(Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName).Order(), rule.Enum.Order());
            return;
        }

        if (rule.Values is { } values)
        {
            Compare(values, type.GetGenericArguments()[1], path + ".*");
            return;
        }

        if (type != typeof(string) && type.IsAssignableTo(typeof(IEnumerable)))
        {
            Assert.True(rule.Items is not null, path);
            Compare(rule.Items, type.GetGenericArguments()[0], path + "[]");
            return;
        }

        if (type.Assembly != typeof(PipelineDefinition).Assembly)
        {
            Assert.Empty(rule.Properties);
            return;
        }

        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.Name != nameof(Expectation.Line))
            .ToDictionary(property => property.Name, StringComparer.OrdinalIgnoreCase);
        Assert.Equal(
            properties.Keys.Order(StringComparer.OrdinalIgnoreCase),
            rule.Properties.Keys.Order(StringComparer.OrdinalIgnoreCase),
            StringComparer.OrdinalIgnoreCase
        );
        foreach (var (name, below) in rule.Properties)
        {
            var property = properties[name].PropertyType;
            Compare(below, Nullable.GetUnderlyingType(property) ?? property, $"{path}.{name}");
        }
    }
}
