using SessionMesh.Client.Http;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Sessions;

namespace SessionMesh.Client;

public sealed partial record MeshCall
{
    private static readonly TimeSpan s_importHold = TimeSpan.FromSeconds(60);

    public static MeshCall CreateSession(CreateSessionRequest? request = null) =>
        Write(HttpMethod.Post, Routes.Sessions, request ?? new(), ClientJson.Context.CreateSessionRequest);

    public static MeshCall Sessions(SessionQuery? query = null) => Get(Routes.Sessions + (query ?? new()).ToQueryString());

    public static MeshCall Session(string sessionId) => Get(Routes.Session(CheckedId(sessionId)));

    /// <summary>Sets entries of the metadata, or takes them away, and touches <c>last_access</c>.</summary>
    public static MeshCall UpdateSession(string sessionId, UpdateSessionRequest request) =>
        Write(HttpMethod.Patch, Routes.Session(CheckedId(sessionId)), request, ClientJson.Context.UpdateSessionRequest);

    /// <summary>Begins the TTL anew; what has expired is active again.</summary>
    public static MeshCall RefreshSession(string sessionId, RefreshSessionRequest? request = null) =>
        Write(HttpMethod.Post, Routes.SessionRefresh(CheckedId(sessionId)), request ?? new(), ClientJson.Context.RefreshSessionRequest);

    public static MeshCall ExpireSession(string sessionId) => Write(HttpMethod.Post, Routes.SessionExpire(CheckedId(sessionId)));

    public static MeshCall DeleteSession(string sessionId) => Write(HttpMethod.Delete, Routes.Session(CheckedId(sessionId)));

    public static MeshCall SessionStats() => Get(Routes.SessionStats);

    /// <summary>Removes what has expired, up to a limit; the answer's <c>more</c> asks for another call.</summary>
    public static MeshCall CleanupSessions(CleanupRequest? request = null) =>
        Write(HttpMethod.Post, Routes.SessionCleanup, request ?? new(), ClientJson.Context.CleanupRequest);

    /// <summary>The same as without a version, but refused with 412 <c>precondition_failed</c> where the session has another one.</summary>
    internal static MeshCall UpdateSession(string sessionId, UpdateSessionRequest request, long ifVersion) =>
        UpdateSession(sessionId, request) with { IfMatch = $"\"{ifVersion}\"" };

    internal static MeshCall ImportSessions(ReadOnlyMemory<byte> lines, bool dryRun, long? since) =>
        new(HttpMethod.Post, Routes.SessionImport + new QueryText().Add("dry_run", dryRun ? "true" : null).Add("since", since))
        {
            Body = lines,
            ContentType = "application/x-ndjson",
            Hold = s_importHold,
        };

    internal static MeshCall ExportSessions(string? format, string? status, string? user) =>
        Get(Routes.SessionExport + new QueryText().Add("format", format).Add("status", status).Add("user", user));
}
