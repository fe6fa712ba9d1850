namespace SessionMesh.Server.Auth;

/// <summary>Whose key a caller shows who could not be authenticated: a trace to follow, and no proof.</summary>
internal static class ClaimedKey
{
    private const string Scheme = "Bearer ";

    /// <summary>
    /// The key id in the header, if the key there is whole, with the checksum it should have; else null. So a mistyped key, or
    /// something that is no key at all, never ends up in the audit with a piece of a secret.
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
