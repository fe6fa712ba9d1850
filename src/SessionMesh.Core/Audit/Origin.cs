namespace SessionMesh.Core.Audit;

/// <summary>Where the call that asked for a change came from. For the audit only: no decision depends on it. Immutable.</summary>
/// <param name="RemoteAddress">The other end of the connection, an IPv4-mapped address as IPv4; null where there is none.</param>
/// <param name="RequestId">The <c>X-Request-Id</c> of the answer.</param>
public sealed record Origin(string? RemoteAddress, string? RequestId)
{
    /// <summary>The server itself: no connection, no request.</summary>
    public static readonly Origin Mesh = new(null, null);

    /// <summary>The origin in a row of the log. Rows from before it was recorded have neither value.</summary>
    public static Origin Of(string? remoteAddress, string? requestId) =>
        remoteAddress is null && requestId is null ? Mesh : new Origin(remoteAddress, requestId);
}
