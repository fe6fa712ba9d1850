using SessionMesh.Client.Streams;
using SessionMesh.Contracts.Sessions;

namespace SessionMesh.Client;

public sealed partial class MeshClient
{
    private static readonly TimeSpan s_exportIdle = TimeSpan.FromSeconds(60);

    /// <summary>Begins a session without an agent: a user, a time to live, metadata.</summary>
    public Task<SessionRow> CreateSessionAsync(CreateSessionRequest? request = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.CreateSession(request), ClientJson.Context.SessionRow, cancellation);

    /// <summary>One page of <c>GET /sessions</c>, oldest first.</summary>
    public Task<SessionPage> SessionsAsync(SessionQuery? query = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Sessions(query), ClientJson.Context.SessionPage, cancellation);

    /// <summary>One session, an agent's too; 404 <c>session_not_found</c> for none.</summary>
    public Task<SessionRow> SessionAsync(string sessionId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Session(sessionId), ClientJson.Context.SessionRow, cancellation);

    /// <inheritdoc cref="MeshCall.UpdateSession(string, UpdateSessionRequest)" path="/summary"/>
    /// <param name="ifVersion">Only while the session has this version; otherwise 412 <c>precondition_failed</c>. Null does not
    /// ask.</param>
    public Task<SessionRow> UpdateSessionAsync(
        string sessionId, UpdateSessionRequest request, long? ifVersion = null, CancellationToken cancellation = default)
    {
        var call = ifVersion is { } version
            ? MeshCall.UpdateSession(sessionId, request, version)
            : MeshCall.UpdateSession(sessionId, request);
        return SendAsync(call, ClientJson.Context.SessionRow, cancellation);
    }

    /// <inheritdoc cref="MeshCall.RefreshSession"/>
    public Task<SessionRow> RefreshSessionAsync(
        string sessionId, RefreshSessionRequest? request = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.RefreshSession(sessionId, request), ClientJson.Context.SessionRow, cancellation);

    /// <summary>Ends a session now; it stays readable, as <c>expired</c>.</summary>
    public Task<SessionRow> ExpireSessionAsync(string sessionId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.ExpireSession(sessionId), ClientJson.Context.SessionRow, cancellation);

    /// <summary>Removes a session and its metadata.</summary>
    public Task<DeletedSession> DeleteSessionAsync(string sessionId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.DeleteSession(sessionId), ClientJson.Context.DeletedSession, cancellation);

    /// <summary>How many sessions there are, of how many users, and how long they live.</summary>
    public Task<SessionStats> SessionStatsAsync(CancellationToken cancellation = default) =>
        SendAsync(MeshCall.SessionStats(), ClientJson.Context.SessionStats, cancellation);

    /// <inheritdoc cref="MeshCall.CleanupSessions"/>
    public Task<CleanupAnswer> CleanupSessionsAsync(CleanupRequest? request = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.CleanupSessions(request), ClientJson.Context.CleanupAnswer, cancellation);

    /// <summary>
    /// Imports records, a JSON object a line. What already exists is left as it is, so that a call may be sent again, and is, up to
    /// three times; a record that the lost first attempt imported then counts as existing. Each attempt may take a minute more than
    /// other calls. Cut a large file at line ends into several calls: a few megabytes each keep an attempt short.
    /// </summary>
    /// <param name="since"><see cref="ImportAnswer.Since"/> of an import of nothing before the first of several calls, so that of two lines
    /// with one id the last counts whichever call has them.</param>
    public Task<ImportAnswer> ImportSessionsAsync(
        ReadOnlyMemory<byte> lines, bool dryRun = false, long? since = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.ImportSessions(lines, dryRun, since), ClientJson.Context.ImportAnswer, cancellation);

    /// <summary>
    /// Opens all sessions as one stream, in one of <see cref="ExportFormat.All"/>. Opening is retried; once there, the stream is not, and
    /// reading throws <see cref="IOException"/> or <see cref="HttpRequestException"/> where the answer breaks off,
    /// <see cref="TimeoutException"/> after a minute of silence. Dispose of it to close the connection.
    /// </summary>
    public async Task<Stream> ExportSessionsAsync(
        string? format = null, string? status = null, string? user = null, CancellationToken cancellation = default)
    {
        var response = await _transport.OpenAsync(MeshCall.ExportSessions(format, status, user), cancellation);
        return new IdleStream(await response.Content.ReadAsStreamAsync(cancellation), s_exportIdle, Options.TimeProvider);
    }
}
