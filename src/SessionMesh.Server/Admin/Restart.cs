namespace SessionMesh.Server.Admin;

/// <summary>Ends this server so that the process starts another in its place, on the same directory and addresses.</summary>
public sealed class Restart(IHostApplicationLifetime lifetime)
{
    public bool IsAsked { get; private set; }

    /// <summary>Begins to stop: open streams are told, and calls under way are finished.</summary>
    public void Ask()
    {
        IsAsked = true;
        lifetime.StopApplication();
    }
}
