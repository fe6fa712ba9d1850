using SessionMesh.Contracts;
using SessionMesh.Contracts.Audit;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.OpenApi;

namespace SessionMesh.Server.Audit;

internal static class AuditRoutes
{
    private static readonly RequiredScope s_audit = new(ScopeSet.AuditRead);

    public static IServiceCollection AddAudit(this IServiceCollection services) => services
        .AddSingleton<RefusalLog>()
        .AddSingleton<AuditReader>()
        .AddSingleton<AuditEndpoints>();

    public static void MapAudit(this IEndpointRouteBuilder routes)
    {
        var audit = routes.ServiceProvider.GetRequiredService<AuditEndpoints>();
        routes.MapGet(Routes.Audit, audit.Read)
            .Describe(audit.Read, "readAudit", "Audit", s_audit, "Who did what and from where, and who was not allowed to",
                "The log and the refusals for want of a right, newest first. One call looks at so many entries of the log and no more, "
                + "so that a page may have fewer entries than asked for, or none, and still a `next_cursor`. "
                + "With `Accept: text/event-stream` a stream of both, as they happen, that resumes in the log at `Last-Event-ID`; "
                + "it begins at `since`, or now, and takes no `until`, `limit` and `cursor`.")
            .WithQuery("actor", "Only what this key did; `mesh` for the server itself.")
            .WithQuery("operation",
                "Only this kind of change, such as `agent.stopping`, or, of refusals, this operation, such as `killAgent`; "
                + "what ends with `.` or `*` is what it begins with.")
            .WithQuery("subject", "Only what was done to this agent or key.")
            .WithWord("outcome", AuditOutcome.Allowed, $"One of: {string.Join(", ", AuditOutcome.Allowed)}; all by default.")
            .WithQuery("since", "Not before this time, ISO 8601.")
            .WithQuery("until", "Before this time, ISO 8601.")
            .WithQuery("limit", "Entries a page, 1 to 1000; 100 by default.")
            .WithQuery("cursor", "`next_cursor` of the page before.")
            .Answers<AuditPage>().Holds();
    }
}
