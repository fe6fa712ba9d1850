using SessionMesh.Client.Http;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Client;

public sealed partial record MeshCall
{
    public static MeshCall Steers(SteersRequest request) =>
        Write(HttpMethod.Post, Routes.Steers, request, ClientJson.Context.SteersRequest);

    public static MeshCall Steer(SteerRequest request) =>
        Write(HttpMethod.Post, Routes.Steer, request, ClientJson.Context.SteerRequest) with
        {
            Hold = request.Wait is null ? TimeSpan.Zero : TimeSpan.FromSeconds(request.WaitSeconds ?? 30),
        };

    /// <summary>Takes back a directive that has not been delivered.</summary>
    public static MeshCall CancelDirective(string directiveId) => Write(HttpMethod.Delete, Routes.Directive(CheckedId(directiveId)));

    /// <summary>Everything an agent was told, newest first.</summary>
    /// <param name="limit">1 to 1000; 100 by default.</param>
    /// <param name="cursor"><c>next_cursor</c> of the page before.</param>
    public static MeshCall History(string agentId, int? limit = null, string? cursor = null) =>
        Get(Routes.History(CheckedId(agentId)) + new QueryText().Add("limit", limit).Add("cursor", cursor));

    /// <summary>What became of a directive.</summary>
    /// <param name="wait">Holds the answer until it is so far, or over: <c>delivered</c>, <c>accepted</c> or <c>acknowledged</c>.</param>
    /// <param name="waitSeconds">How long, 0 to 60; 30 by default.</param>
    public static MeshCall Directive(string directiveId, string? wait = null, int? waitSeconds = null) =>
        Get(Routes.Directive(CheckedId(directiveId)) + new QueryText().Add("wait", wait).Add("wait_seconds", waitSeconds)) with
        {
            Hold = wait is null ? TimeSpan.Zero : TimeSpan.FromSeconds(waitSeconds ?? 30),
        };

    /// <summary>
    /// Directives of an agent's inbox past <paramref name="after"/>, held back up to <paramref name="waitSeconds"/> while there is
    /// none.
    /// </summary>
    /// <param name="verbs">Only these, of <see cref="DirectiveVerb.All"/>; null for all. The others stay as they are.</param>
    public static MeshCall Directives(
        string agentId, long? after = null, int? waitSeconds = null, IReadOnlyList<string>? verbs = null) =>
        Get(Routes.AgentDirectives(CheckedId(agentId)) + new QueryText().Add("after", after).Add("wait", waitSeconds)
            .Add("verbs", Words(verbs))) with
        {
            Hold = TimeSpan.FromSeconds(waitSeconds ?? 0),
        };

    public static MeshCall Ack(string agentId, long seq, AckRequest request) =>
        Idempotent(Routes.Ack(CheckedId(agentId), seq), request, ClientJson.Context.AckRequest);
}
