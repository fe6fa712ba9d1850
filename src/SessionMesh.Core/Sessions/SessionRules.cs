using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Sessions;

/// <summary>What the commands about sessions share.</summary>
public static class SessionRules
{
    public const string DefaultUser = "anonymous";

    public static MeshError NotFound(string id) =>
        new(
            ErrorKind.NotFound,
            ErrorCodes.SessionNotFound,
            $"No session '{id}' is known. List what is known with GET /api/session-mesh/sessions.");

    /// <summary>
    /// Null when the caller may create sessions. A key that is limited to some agents may not: it could not see what it created.
    /// </summary>
    internal static MeshError? CheckMayCreate(MeshDraft draft) => draft.Caller?.Reach is { } reach
        ? new MeshError(
            ErrorKind.Forbidden,
            ErrorCodes.OutsideReach,
            $"This key is limited to agents within {reach}, and a plain session has no agent. Use a key without such a limit.")
        : null;

    /// <summary>Characters in changes of the metadata.</summary>
    internal static int Length(IReadOnlyDictionary<string, string?> changes) =>
        changes.Sum(change => change.Key.Length + (change.Value?.Length ?? 0));

    /// <summary>Microseconds.</summary>
    public static long Micros(this Moment now) => now.Wall * 1000;

    /// <summary>A TTL that was given, where 0 stands for none.</summary>
    internal static double? TtlOf(int given) => given == 0 ? null : given;

    /// <summary>The TTL for another life of a session: what it has, 0 for none.</summary>
    internal static int TtlAgain(Session session) => session.Ttl switch
    {
        null => 0,
        >= 1 and <= Limits.MaxSessionTtl and var ttl when ttl == Math.Floor(ttl) => (int)ttl,
        _ => Limits.DefaultSessionTtl,
    };

    /// <summary>Microseconds at which a TTL that starts now ends; 0 for none.</summary>
    internal static long EndOf(Moment now, int ttl) => ttl == 0 ? 0 : now.Micros() + (ttl * 1_000_000L);

    /// <summary>Null when the session is still at the version that the caller has seen, or when the caller names none.</summary>
    internal static MeshError? CheckVersion(string id, long version, long? expected) => expected is null || expected == version
        ? null
        : new MeshError(
            ErrorKind.Stale,
            ErrorCodes.PreconditionFailed,
            $"Session '{id}' is at version {version} now, not {expected}. Nothing was changed. "
            + "Read it again, and send the ETag you get.");

    /// <summary>
    /// Null when the metadata is within the limits. What an import brought over them may stay; it may get smaller and no larger.
    /// </summary>
    /// <param name="before">What it was; null for a new session.</param>
    internal static MeshError? CheckSize(Meta meta, Meta? before = null) =>
        meta.Utf8().Length <= Limits.SessionMetaBytes || meta.Utf8().Length < before?.Utf8().Length
        ? null
        : MeshError.Invalid(
            "/meta", $"has at most {Limits.SessionMetaBytes / 1024} KiB in all, as JSON; this would be {meta.Utf8().Length} bytes");

    /// <summary>Those of the changes that change anything in the metadata.</summary>
    internal static Dictionary<string, string?> Effective(Meta meta, IReadOnlyDictionary<string, string?> changes)
    {
        var before = meta.Read().ToDictionary(StringComparer.Ordinal);
        return changes.Where(change => before.GetValueOrDefault(change.Key) != change.Value).ToDictionary(StringComparer.Ordinal);
    }
}
