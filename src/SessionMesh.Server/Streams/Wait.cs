using SessionMesh.Server.Engine;
using SessionMesh.Server.Push;

namespace SessionMesh.Server.Streams;

/// <summary>The time for which an answer may be held back. It ends early when the caller's key ends.</summary>
internal readonly struct Wait
{
    private readonly TimeProvider _time;
    private readonly long _began;
    private readonly TimeSpan _most;
    private readonly MeshEngine _engine;
    private readonly KeyWatch _watch;

    private Wait(TimeSpan most, MeshEngine engine, KeyWatch watch) =>
        (_time, _began, _most, _engine, _watch) = (engine.Time, engine.Time.GetTimestamp(), most, engine, watch);

    public static Wait For(TimeSpan most, MeshEngine engine, KeyWatch watch) => new(most, engine, watch);

    /// <summary>True if the caller should look again; false if the time is up or the key has ended.</summary>
    /// <param name="lookAt">When to look again even without a signal, in wall milliseconds; 0 for never.</param>
    public async Task<bool> UntilAsync(AsyncSignal signal, CancellationToken cancellation, long lookAt = 0)
    {
        var left = _most - _time.GetElapsedTime(_began);
        if (_watch.End() is not null)
        {
            return false;
        }

        var keyLeft = _watch.ExpiresAt == 0 ? left : TimeSpan.FromMilliseconds(Math.Max(0, _watch.ExpiresAt - _engine.Now.Wall));
        var most = left < keyLeft ? left : keyLeft;
        var look = lookAt == 0 ? most : TimeSpan.FromMilliseconds(Math.Max(1, lookAt - _engine.Now.Wall));
        return (await signal.WaitAsync(look < most ? look : most, _time, cancellation) || look < most) && _watch.End() is null;
    }
}
