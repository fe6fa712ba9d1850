using System.Globalization;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Json;
using SessionMesh.Core.Sessions;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Sessions;

/// <summary>The checks that requests about sessions share.</summary>
internal static class SessionRequests
{
    public static int? Ttl(ref Check check, string pointer, int? ttl)
    {
        if (ttl is { } given && given != SessionTtlConverter.None && given is < 1 or > Limits.MaxSessionTtl)
        {
            check.Fail(pointer, $"is a number of seconds from 1 to {Limits.MaxSessionTtl} (a year), or the word \"none\"");
        }

        return ttl;
    }

    public static Meta Meta(ref Check check, IReadOnlyDictionary<string, string>? entries)
    {
        foreach (var (name, value) in entries ?? new Dictionary<string, string>())
        {
            CheckEntry(ref check, name, value, mayBeNull: false);
        }

        return entries is null || check.Error is not null ? Core.Sessions.Meta.Empty : Core.Sessions.Meta.Of(entries);
    }

    public static IReadOnlyDictionary<string, string?> Changes(ref Check check, IReadOnlyDictionary<string, string?>? changes)
    {
        if (changes is null or { Count: 0 })
        {
            check.Fail("/meta", "is missing: an object with a text for each entry to set, and null for each to take away");
        }

        // Checked here too, before the queue: the engine should not carry what it can only refuse.
        if (changes?.Sum(change => change.Value is null ? 0 : change.Key.Length + change.Value.Length) > Limits.SessionMetaBytes)
        {
            check.Fail("/meta", $"has at most {Limits.SessionMetaBytes / 1024} KiB in all");
            return changes;
        }

        foreach (var (name, value) in changes ?? new Dictionary<string, string?>())
        {
            CheckEntry(ref check, name, value, mayBeNull: true);
        }

        return changes ?? new Dictionary<string, string?>();
    }

    public static string? MetaKeyError(string name) =>
        name.Length is 0 or > Limits.SessionMetaKeyLength
            ? $"the name of an entry has 1 to {Limits.SessionMetaKeyLength} characters"
            : null;

    /// <summary>The version in <c>If-Match</c>; null if it is absent or <c>*</c>.</summary>
    public static long? IfMatch(HttpContext http, ref Check check)
    {
        var header = http.Request.Headers.IfMatch;
        if (header.Count == 0 || header is ["*"])
        {
            return null;
        }

        if (header is [{ Length: > 2 } text] && text[0] == '"' && text[^1] == '"'
            && long.TryParse(text.AsSpan(1, text.Length - 2), NumberStyles.None, CultureInfo.InvariantCulture, out var version))
        {
            return version;
        }

        check.Fail("/If-Match", "the header is one ETag of this session, in its quotes, or *");
        return null;
    }

    private static void CheckEntry(ref Check check, string name, string? value, bool mayBeNull)
    {
        if (value is null && mayBeNull)
        {
            return; // what an import brought can be taken away, whatever it is called
        }

        if (MetaKeyError(name) is { } wrong)
        {
            check.Fail("/meta", wrong);
        }
        else if (value is null)
        {
            check.Fail("/meta/" + name, "is a text");
        }
    }
}
