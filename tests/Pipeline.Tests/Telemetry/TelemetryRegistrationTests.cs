using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using Serverless.Pipeline.Telemetry;

namespace Serverless.Pipeline.Tests.Telemetry;

public sealed class TelemetryRegistrationTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "")]
    [InlineData("APPLICATIONINSIGHTS_CONNECTION_STRING", " ")]
    [InlineData("OTEL_METRICS_EXPORTER", "none")]
    public void AddTelemetry_NoTarget_RegistersNothing(string? setting, string? value)
    {
        var services = new ServiceCollection();

        Assert.False(services.AddTelemetry(Configuration(setting, value), "test"));

        Assert.Empty(services);
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318")]
    [InlineData("APPLICATIONINSIGHTS_CONNECTION_STRING", "InstrumentationKey=11111111-2222-3333-4444-555555555555")]
    public void AddTelemetry_TargetToSendTo_RegistersTracesAndMetrics(string setting, string value)
    {
        var services = new ServiceCollection();

        Assert.True(services.AddTelemetry(Configuration(setting, value), "test"));

        Assert.Contains(services, service => service.ServiceType == typeof(TracerProvider));
        Assert.Contains(services, service => service.ServiceType == typeof(MeterProvider));
        Assert.DoesNotContain(services, service => service.ServiceType == typeof(MetricsScrape));
    }

    [Theory]
    [InlineData("prometheus")]
    [InlineData("otlp, Prometheus")]
    public void AddTelemetry_PrometheusAlone_RegistersMetricsAlone(string value)
    {
        var services = new ServiceCollection();

        Assert.False(services.AddTelemetry(Configuration("OTEL_METRICS_EXPORTER", value), "test"));

        Assert.Contains(services, service => service.ServiceType == typeof(MeterProvider));
        Assert.Contains(services, service => service.ServiceType == typeof(MetricsScrape));
        Assert.DoesNotContain(services, service => service.ServiceType == typeof(TracerProvider));
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost without a scheme")]
    [InlineData("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "Authorization=Key")]
    public void AddTelemetry_SettingThatCannotBeUnderstood_IsNamed(string setting, string value)
    {
        var failure = Assert.Throws<InvalidOperationException>(() =>
            new ServiceCollection().AddTelemetry(Configuration(setting, value), "test")
        );

        Assert.Contains(setting, failure.Message, StringComparison.Ordinal);
        Assert.Contains(value, failure.Message, StringComparison.Ordinal);
    }

    private static IConfiguration Configuration(string? setting, string? value) =>
        new ConfigurationBuilder()
            .AddInMemoryCollection(setting is null ? [] : new Dictionary<string, string?> { [setting] = value })
            .Build();
}
