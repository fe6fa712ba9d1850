using SessionMesh.Contracts;
using SessionMesh.Contracts.Steering;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.OpenApi;

namespace SessionMesh.Server.Steering;

internal static class SteeringRoutes
{
    private const string Tag = "Steering";

    private static readonly RequiredScope s_read = new(ScopeSet.MeshRead);
    private static readonly RequiredScope s_readOrSelf = new(ScopeSet.MeshRead, ScopeSet.AgentSelf);
    private static readonly RequiredScope s_agent = new(ScopeSet.RegistryWrite, ScopeSet.AgentSelf);
    private static readonly RequiredScope s_readOrSteer = new(ScopeSet.MeshRead, ScopeSet.Steer);
    private static readonly RequiredScope s_steer = new(ScopeSet.Steer);

    public static IServiceCollection AddSteering(this IServiceCollection services) => services
        .AddSingleton<DirectiveWriter>()
        .AddSingleton<DirectiveReader>()
        .AddSingleton<DirectiveWaits>()
        .AddSingleton<SteeringEndpoints>()
        .AddSingleton<InboxEndpoints>()
        .AddSingleton<HistoryEndpoints>();

    public static void MapSteering(this IEndpointRouteBuilder routes)
    {
        routes.MapDirectives();
        routes.MapInbox();
    }

    private static void MapDirectives(this IEndpointRouteBuilder routes)
    {
        var steering = routes.ServiceProvider.GetRequiredService<SteeringEndpoints>();

        routes.MapPost(Routes.Steer, steering.Steer)
            .Describe(steering.Steer, "steer", Tag, s_steer, "Send one word to one agent, or to many",
                "Answers once the directive is durable. `wait` holds the answer until it is delivered, accepted or acknowledged. "
                + "With `selector` the answer is "
                + "`{\"matched\", \"results\": [{\"agent_id\", \"directive_id\", \"seq\", \"state\"} "
                + "| {\"agent_id\", \"code\", \"detail\"}]}`.")
            .Takes<SteerRequest>().Answers<Directive>(200, 404, 409, 429).Mutates();
        routes.MapPost(Routes.Steers, steering.SteerEach)
            .Describe(steering.SteerEach, "steerEach", Tag, s_steer, "Send many words, each to one agent",
                $"Up to {Limits.Steers} in one call and one commit, each with an outcome of its own; the body is at most "
                + $"{Limits.SteersBytes >> 20} MiB. It counts as as many requests of the key as it has steers.")
            .Takes<SteersRequest>().Answers<SteersAnswer>(200, 429).Mutates();
        routes.MapGet(Routes.Directives + "/{directive_id}", steering.Get)
            .Describe(steering.Get, "getDirective", Tag, s_readOrSteer, "What became of a directive")
            .WithQuery("wait", "Hold the answer until the directive is `delivered`, `accepted` or `acknowledged`, or over.")
            .WithQuery("wait_seconds", "Seconds to hold it, 0 to 60; 30 by default.")
            .Answers<Directive>(200, 400, 404);
        routes.MapDelete(Routes.Directives + "/{directive_id}", steering.Cancel)
            .Describe(steering.Cancel, "cancelDirective", Tag, s_steer, "Take back a directive that is not delivered")
            .Answers<Directive>(200, 404, 409).Mutates();
    }

    private static void MapInbox(this IEndpointRouteBuilder routes)
    {
        var history = routes.ServiceProvider.GetRequiredService<HistoryEndpoints>();
        var inbox = routes.ServiceProvider.GetRequiredService<InboxEndpoints>();
        var steering = routes.ServiceProvider.GetRequiredService<SteeringEndpoints>();

        routes.MapGet(Routes.Agents + "/{id}/directives/history", history.Get)
            .Describe(history.Get, "getDirectiveHistory", Tag, s_readOrSelf, "Everything an agent was told, newest first")
            .WithQuery("limit", "1 to 1000; 100 by default.").WithQuery("cursor", "`next_cursor` of the page before.")
            .Answers<DirectiveHistory>(200, 404);
        routes.MapGet(Routes.Agents + "/{id}/directives", inbox.Listen)
            .Describe(inbox.Listen, "listenToDirectives", Tag, s_agent, "An agent's pending directives",
                "As a long poll, or with `Accept: text/event-stream` as a stream that resumes at `Last-Event-ID`.")
            .WithQuery("after", "Only those with a higher sequence number.")
            .WithQuery("wait", "Seconds to wait for one, 0 to 60.")
            .WithQuery("incarnation", "The incarnation that listens.")
            .WithQuery("epoch", "The epoch that `after` and `incarnation` are of: 409 `restored` in another.")
            .WithQuery("verbs", "Only these, with commas: `steer`, `pause`, `resume`, `stop`. The others stay queued for another listener.")
            .Answers<DirectiveList>(200, 404, 409).Holds();
        routes.MapPost(Routes.Agents + "/{id}/directives/{seq}/ack", steering.Ack)
            .Describe(steering.Ack, "acknowledge", Tag, s_agent, "Say what became of a directive")
            .Takes<AckRequest>().Answers<Directive>(200, 404, 409).Mutates();
    }
}
