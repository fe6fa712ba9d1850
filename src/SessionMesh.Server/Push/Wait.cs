using SessionMesh.Server.Engine;

namespace SessionMesh.Server.Push;

/// <summary>A bounded time in which an answer is held back.</summary>
internal readonly struct Wait
{
    private readonly TimeProvider _time;
    private readonly long _began;
    private readonly TimeSpan _most;

    private Wait(TimeProvider time, TimeSpan most) => (_time, _began, _most) = (time, time.GetTimestamp(), most);

    public static Wait For(TimeSpan most, MeshEngine engine) => new(engine.Time, most);

    /// <summary>True when there is something to look at again; false when the time is up.</summary>
    public Task<bool> UntilAsync(AsyncSignal signal, CancellationToken cancellation) =>
        signal.WaitAsync(_most - _time.GetElapsedTime(_began), _time, cancellation);
}
