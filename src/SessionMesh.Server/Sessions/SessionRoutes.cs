using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Sessions;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.OpenApi;

namespace SessionMesh.Server.Sessions;

internal static class SessionRoutes
{
    private const string Tag = "Sessions";

    private static readonly RequiredScope s_read = new(ScopeSet.SessionsRead);
    private static readonly RequiredScope s_readOrSelf = new(ScopeSet.SessionsRead, ScopeSet.AgentSelf);
    private static readonly RequiredScope s_write = new(ScopeSet.SessionsWrite);
    private static readonly RequiredScope s_writeOrSelf = new(ScopeSet.SessionsWrite, ScopeSet.AgentSelf);

    public static IServiceCollection AddSessions(this IServiceCollection services) => services
        .AddSingleton<SessionWriter>()
        .AddSingleton<AgentSessionIndex>()
        .AddSingleton<SessionEndpoints>()
        .AddSingleton<SessionLists>()
        .AddSingleton<SessionExport>()
        .AddSingleton<SessionImport>();

    public static void MapSessions(this IEndpointRouteBuilder routes)
    {
        routes.MapMany();
        routes.MapOne();
    }

    private static void MapMany(this IEndpointRouteBuilder routes)
    {
        var sessions = routes.ServiceProvider.GetRequiredService<SessionEndpoints>();
        var lists = routes.ServiceProvider.GetRequiredService<SessionLists>();
        var export = routes.ServiceProvider.GetRequiredService<SessionExport>();
        var import = routes.ServiceProvider.GetRequiredService<SessionImport>();

        routes.MapPost(Routes.Sessions, sessions.Create)
            .Describe(sessions.Create, "createSession", Tag, s_write, "Create a session",
                "Its state and time to live, for whoever needs some.")
            .Takes<CreateSessionRequest>(optional: true).Answers<SessionRow>(201, 409).Mutates();
        routes.MapGet(Routes.Sessions, lists.List)
            .Describe(lists.List, "listSessions", Tag, s_read, "Sessions, oldest first", "Plain ones, unless `kind` says else.")
            .Filters().WithWord("kind", SessionKind.Allowed, $"One of: {string.Join(", ", SessionKind.Allowed)}; session by default.")
            .WithQuery("limit", "1 to 1000; 100 by default.").WithQuery("cursor", "`next_cursor` of the page before.")
            .Answers<SessionPage>();
        routes.MapGet(Routes.SessionStats, lists.Stats)
            .Describe(lists.Stats, "getSessionStats", Tag, s_read, "How many sessions there are, and of whom")
            .Answers<SessionStats>();
        routes.MapGet(Routes.SessionExport, export.Get)
            .Describe(export.Get, "exportSessions", Tag, s_read, "Every session that matches, as a file", "Streamed; plain sessions alone.")
            .WithWord("format", ["json", "jsonl", "csv"], "`json` (an array, by default), `jsonl` or `csv`.").Filters()
            .Answers<IReadOnlyList<SessionRow>>();
        routes.MapPost(Routes.SessionImport, import.Post)
            .Describe(import.Post, "importSessions", Tag, s_write, "Take over sessions of another store",
                "The body is a record a line, of any length in all. Ids, times and states are kept; an id that is there already is left "
                + "as it is.")
            .WithFlag("dry_run", "Only say what would be taken.")
            .WithQuery("since", "`since` of an answer before: what was made after that, and not changed, is of this import, too.")
            .Answers<ImportAnswer>().Mutates()
            .WithMetadata(new FileBody("application/x-ndjson", IsAnswer: false) { IsText = true });
        routes.MapPost(Routes.SessionCleanup, sessions.Cleanup)
            .Describe(sessions.Cleanup, "cleanupSessions", Tag, s_write, "Remove sessions that have expired")
            .Takes<CleanupRequest>(optional: true).Answers<CleanupAnswer>().Mutates();
    }

    private static void MapOne(this IEndpointRouteBuilder routes)
    {
        const string One = Routes.Sessions + "/{id}";
        var sessions = routes.ServiceProvider.GetRequiredService<SessionEndpoints>();
        var lists = routes.ServiceProvider.GetRequiredService<SessionLists>();

        routes.MapGet(One, lists.Get)
            .Describe(lists.Get, "getSession", Tag, s_readOrSelf, "One session", "An id `s-N` is the registration of an agent.")
            .Answers<SessionRow>(200, 404);
        routes.MapPatch(One, sessions.Update)
            .Describe(sessions.Update, "updateSession", Tag, s_writeOrSelf, "Set entries of a session's metadata, or take them away",
                "With `If-Match`, only if nobody changed the session meanwhile.")
            .Takes<UpdateSessionRequest>().Answers<SessionRow>(200, 404, 412).Mutates();
        routes.MapPost(One + "/refresh", sessions.Refresh)
            .Describe(sessions.Refresh, "refreshSession", Tag, s_writeOrSelf, "Begin a session's time anew",
                "One that has expired is active again.")
            .Takes<RefreshSessionRequest>(optional: true).Answers<SessionRow>(200, 404, 409, 412).Mutates();
        routes.MapPost(One + "/expire", sessions.Expire)
            .Describe(sessions.Expire, "expireSession", Tag, s_writeOrSelf, "End a session's time now",
                "Of an agent's registration: the agent is lost.")
            .Answers<SessionRow>(200, 404, 409, 412).Mutates();
        routes.MapDelete(One, sessions.Delete)
            .Describe(sessions.Delete, "deleteSession", Tag, s_write, "Remove a session")
            .Answers<DeletedSession>(200, 404, 409, 412).Mutates();
    }

    private static RouteHandlerBuilder Filters(this RouteHandlerBuilder route) =>
        route.WithWord("status", SessionStatus.All, "`active` or `expired`.")
            .WithQuery("user", "Only this user's.")
            .WithQuery("meta", "`name=value`, several separated by commas.");
}
