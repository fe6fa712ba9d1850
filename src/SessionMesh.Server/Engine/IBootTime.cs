namespace SessionMesh.Server.Engine;

/// <summary>
/// What a <see cref="TimeProvider"/> may know beside its two clocks: how long the machine has been up, suspended or not. On Linux the
/// monotonic clock stands still while a machine is suspended, so that it alone cannot tell that time has passed.
/// </summary>
public interface IBootTime
{
    /// <summary>
    /// Never goes back, and goes on while the machine is suspended. Null where it cannot be read; that never changes while the process
    /// runs.
    /// </summary>
    TimeSpan? Uptime { get; }
}
