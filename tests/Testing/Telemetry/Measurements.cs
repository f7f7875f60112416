using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Serverless.Testing.Telemetry;

/// <summary>A measurement as it was made.</summary>
public sealed record Measurement(string Name, double Value, IReadOnlyDictionary<string, object?> Tags);

/// <summary>Keeps what is measured on meter <c>Serverless</c> while it lives: in the whole process, or by the meters of one factory alone.</summary>
public sealed class Measurements : IDisposable
{
    private readonly MeterListener listener;
    private readonly ConcurrentQueue<Measurement> made = new();

    /// <param name="of">Null hears the meter that a process shares; tests beside this one measure there too.</param>
    public Measurements(IMeterFactory? of = null)
    {
        listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter.Name == "Serverless" && instrument.Meter.Scope == of)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Keep(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Keep(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Keep(instrument, value, tags));
        listener.Start();
    }

    /// <summary>Of one instrument, in their order.</summary>
    public IReadOnlyList<Measurement> Of(string name) => [.. made.Where(one => one.Name == name)];

    public void Dispose() => listener.Dispose();

    private void Keep(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        made.Enqueue(new Measurement(instrument.Name, value, new Dictionary<string, object?>(tags.ToArray())));
}
