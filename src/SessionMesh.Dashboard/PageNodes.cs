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
    /// The same on every server, and known to nobody else; null for one of this process alone. Set before the first page.
    /// </summary>
    public byte[]? Secret { get; set; }
}
