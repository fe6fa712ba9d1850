namespace SessionMesh.Dashboard;

/// <summary>
/// What the page must know where several servers are one: what one of them put into a page, another must be able to read, and a tab's
/// requests need not reach the same one.
/// </summary>
public sealed class PageNodes
{
    /// <summary>Bytes of <see cref="Secret"/>.</summary>
    public const int SecretLength = 64;

    /// <summary>Whether there may be other servers.</summary>
    public bool AreMany { get; init; }

    /// <summary>
    /// The same on every server, and known to nobody else; null where there are none. Set before the services of the page start.
    /// </summary>
    public byte[]? Secret { get; set; }
}
