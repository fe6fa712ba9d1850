namespace SessionMesh.Server.Admin;

/// <summary>Stops this server so that the process starts another in its place, on the same directory and addresses.</summary>
public sealed class Restart(IHostApplicationLifetime lifetime)
{
    public bool IsAsked { get; private set; }

    /// <summary>
    /// Starts the shutdown: open streams are told, and running calls are finished. A server that still starts finishes that first: to stop
    /// it then would look like a start that failed.
    /// </summary>
    public void Ask()
    {
        IsAsked = true;
        lifetime.ApplicationStarted.Register(lifetime.StopApplication);
    }
}
