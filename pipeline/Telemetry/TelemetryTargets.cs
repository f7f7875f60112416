using Azure.Core;
using Azure.Identity;
using Microsoft.Extensions.Configuration;

namespace Serverless.Pipeline.Telemetry;

/// <summary>Where telemetry goes: nowhere unless a setting names a target.</summary>
/// <param name="ConnectionString">Of Application Insights; null is none.</param>
/// <param name="Credential">For it; null where the connection string opens it alone.</param>
/// <param name="Otlp">A collector is named; its exporter reads <c>OTEL_EXPORTER_OTLP_*</c> itself.</param>
/// <param name="Scraped">Metrics are kept for Prometheus, which fetches them.</param>
internal sealed record TelemetryTargets(string? ConnectionString, TokenCredential? Credential, bool Otlp, bool Scraped)
{
    /// <summary>There is somebody to send to; otherwise spans and logs have no reader.</summary>
    public bool Sends => ConnectionString is not null || Otlp;

    /// <exception cref="InvalidOperationException">A setting cannot be understood; the message names it.</exception>
    public static TelemetryTargets Of(IConfiguration configuration)
    {
        var collector = configuration["OTEL_EXPORTER_OTLP_ENDPOINT"];
        if (collector is { Length: > 0 } && !Uri.TryCreate(collector, UriKind.Absolute, out _))
        {
            throw new InvalidOperationException(
                $"Setting 'OTEL_EXPORTER_OTLP_ENDPOINT' is '{collector}'; expected an address such as http://localhost:4318, or no such setting."
            );
        }

        var insights = configuration["APPLICATIONINSIGHTS_CONNECTION_STRING"];
        return new TelemetryTargets(
            string.IsNullOrWhiteSpace(insights) ? null : insights,
            CredentialOf(configuration["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]),
            collector is { Length: > 0 },
            configuration["OTEL_METRICS_EXPORTER"] is { } exporters
                && exporters.Split(',', StringSplitOptions.TrimEntries).Contains("prometheus", StringComparer.OrdinalIgnoreCase)
        );
    }

    // As the Functions host reads it: "Authorization=AAD", with "ClientId=..." for an identity of one's own making.
    private static ManagedIdentityCredential? CredentialOf(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        var parts = text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(part => part.Split('=', 2))
            .ToDictionary(part => part[0], part => part.Length > 1 ? part[1] : "", StringComparer.OrdinalIgnoreCase);
        if (!parts.TryGetValue("Authorization", out var scheme) || !scheme.Equals("AAD", StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidOperationException(
                $"Setting 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING' is '{text}'; expected Authorization=AAD, and ClientId=... for a user-assigned identity."
            );
        }

        return new ManagedIdentityCredential(
            parts.TryGetValue("ClientId", out var client)
                ? ManagedIdentityId.FromUserAssignedClientId(client)
                : ManagedIdentityId.SystemAssigned
        );
    }
}
