namespace SessionMesh.Dashboard;

/// <summary>The clock that the page goes by: the server's, which a sandbox moves.</summary>
public sealed record PageTime(TimeProvider Provider)
{
    public DateTimeOffset Now => Provider.GetUtcNow();
}
