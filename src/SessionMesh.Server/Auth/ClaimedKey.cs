namespace SessionMesh.Server.Auth;

/// <summary>The id of the key that an unauthenticated caller presented: a lead for the audit, not proof.</summary>
internal static class ClaimedKey
{
    private const string Scheme = "Bearer ";

    /// <summary>
    /// The key id in the header, if the token there is complete and its checksum is right; else null. A mistyped key, or text that is not a
    /// key, could otherwise put part of a secret into the audit.
    /// </summary>
    public static string? IdOf(HttpContext http)
    {
        var header = http.Request.Headers.Authorization;
        return header is [{ } value] && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && KeyToken.TryReadWhole(value.AsSpan(Scheme.Length).Trim(), out var id)
            ? id.ToString()
            : null;
    }
}
