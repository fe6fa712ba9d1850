namespace SessionMesh.Server.Tests.Engine;

/// <summary>A clock that stands still until it is moved; the wall may be moved alone. Its timers never fire.</summary>
internal sealed class ManualTime : TimeProvider
{
    private long _elapsed = 1_000_000;
    private DateTimeOffset _wall = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => 1000;

    public override long GetTimestamp() => Volatile.Read(ref _elapsed);

    public override DateTimeOffset GetUtcNow() => _wall;

    public void Advance(TimeSpan by)
    {
        Volatile.Write(ref _elapsed, _elapsed + (long)by.TotalMilliseconds);
        _wall += by;
    }

    public void MoveWall(TimeSpan by) => _wall += by;
}
