using System.Diagnostics.Metrics;

namespace SessionMesh.Server.Tests.Telemetry;

/// <summary>Meters that nobody keeps, for what is built without a host.</summary>
internal sealed class Meters : IMeterFactory
{
    public Meter Create(MeterOptions options) => new(options);

    public void Dispose()
    {
        // They go with what they measure.
    }
}
