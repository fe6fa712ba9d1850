using SessionMesh.Contracts.Steering;

namespace SessionMesh.Client;

public sealed partial class MeshClient
{
    /// <summary>Answers once the directive is durable, or when the state asked for by <c>wait</c> is reached or its bound passed.</summary>
    public Task<Directive> SteerAsync(SteerRequest request, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Steer(request), ClientJson.Context.Directive, cancellation);

    /// <summary>The same directive to every agent that <see cref="SteerRequest.Selector"/> matches. It waits for none of them.</summary>
    public Task<SteerManyAnswer> SteerManyAsync(SteerRequest request, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Steer(request), ClientJson.Context.SteerManyAnswer, cancellation);

    /// <summary>
    /// Up to 1,000 directives, each to one agent, in one call and one commit. One that is refused is in the answer, not an exception.
    /// </summary>
    public Task<SteersAnswer> SteersAsync(SteersRequest request, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Steers(request), ClientJson.Context.SteersAnswer, cancellation);

    /// <inheritdoc cref="MeshCall.CancelDirective"/>
    public Task<Directive> CancelDirectiveAsync(string directiveId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.CancelDirective(directiveId), ClientJson.Context.Directive, cancellation);

    /// <inheritdoc cref="MeshCall.History"/>
    public Task<DirectiveList> HistoryAsync(
        string agentId, int? limit = null, string? cursor = null, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.History(agentId, limit, cursor), ClientJson.Context.DirectiveList, cancellation);

    /// <summary>What became of a directive: its state, and when it came to each.</summary>
    public Task<Directive> DirectiveAsync(string directiveId, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Directive(directiveId), ClientJson.Context.Directive, cancellation);

    /// <inheritdoc cref="MeshCall.Directives"/>
    public Task<DirectiveList> DirectivesAsync(
        string agentId, long? after = null, int? waitSeconds = null, IReadOnlyList<string>? verbs = null,
        CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Directives(agentId, after, waitSeconds, verbs), ClientJson.Context.DirectiveList, cancellation);

    /// <summary>
    /// Answers for a directive as the agent that it was for. Once more with the same state it changes nothing; 409 <c>ack_conflict</c> for
    /// one that has another end.
    /// </summary>
    public Task<Directive> AckAsync(string agentId, long seq, AckRequest request, CancellationToken cancellation = default) =>
        SendAsync(MeshCall.Ack(agentId, seq, request), ClientJson.Context.Directive, cancellation);
}
