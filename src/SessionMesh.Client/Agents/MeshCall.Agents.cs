using SessionMesh.Client.Http;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Hooks;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Client;

public sealed partial record MeshCall
{
    public static MeshCall Alive(AgentQuery query) => Get(Routes.Alive + query.ToQueryString());

    public static MeshCall Agents(AgentQuery query) => Get(Routes.Agents + query.ToQueryString());

    /// <param name="events">How many of the newest entries of the log about it to add, up to 100; null for none.</param>
    public static MeshCall Agent(string agentId, int? events = null) =>
        Get(Routes.Agent(CheckedId(agentId)) + new QueryText().Add("events", events));

    public static MeshCall RegisterAgent(RegisterAgentRequest request) =>
        Write(HttpMethod.Post, Routes.Agents, request, ClientJson.Context.RegisterAgentRequest);

    public static MeshCall Heartbeat(string agentId, HeartbeatRequest? report = null) =>
        Idempotent(Routes.Heartbeat(CheckedId(agentId)), report ?? new(), ClientJson.Context.HeartbeatRequest);

    public static MeshCall Heartbeats(IEnumerable<BulkHeartbeat> beats) =>
        new(HttpMethod.Post, Routes.Heartbeats) { Body = BulkHeartbeat.ToBody(beats) };

    public static MeshCall Exit(string agentId, ExitRequest request) =>
        Write(HttpMethod.Post, Routes.Exit(CheckedId(agentId)), request, ClientJson.Context.ExitRequest);

    /// <summary>An event of a coding agent's hook; the answer is in its program's words. It is heard as often as it is sent.</summary>
    /// <param name="program">As in the route, such as <c>claude-code</c>.</param>
    public static MeshCall Hook(string program, HookEvent happening) =>
        new(HttpMethod.Post, $"{Routes.Hooks}/{CheckedId(program)}") { Body = happening.ToJson() };

    public static MeshCall Kill(string agentId, KillOptions? options = null) =>
        Write(HttpMethod.Delete, Routes.Agent(CheckedId(agentId)) + (options ?? new()).ToQuery()) with
        {
            Hold = TimeSpan.FromSeconds(options?.WaitSeconds ?? 0),
        };

    /// <summary>
    /// Stops every agent that a selector matches, if they are as many as <paramref name="expect"/> says; or, in a dry run, only says
    /// which they are. <see cref="KillOptions.WaitSeconds"/> is for one agent and is left out here. The selector travels in the
    /// query, where commas separate: a label's value that has one throws <see cref="ArgumentException"/>.
    /// </summary>
    public static MeshCall KillMany(AgentSelector selector, KillOptions? options = null, int? expect = null, bool dryRun = false) =>
        Write(HttpMethod.Delete, Routes.Agents + selector
            .AddTo((options ?? new()).ToQuery(withWait: false))
            .Add("expect", expect)
            .Add("dry_run", dryRun ? "true" : null));

    /// <summary>Lifts the tombstone that an unconfirmed end left: the agent may register again at once.</summary>
    public static MeshCall Revive(string agentId) => Write(HttpMethod.Post, Routes.Revive(CheckedId(agentId)));

    /// <summary>Puts an agent, with all below it, under another parent; under none where that is null.</summary>
    public static MeshCall Move(string agentId, string? parentId) =>
        Write(HttpMethod.Post, Routes.Move(CheckedId(agentId)), new MoveAgentRequest { ParentId = parentId ?? "" },
            ClientJson.Context.MoveAgentRequest);

    public static MeshCall Topology(TopologyQuery query) => Get(Routes.Topology + query.ToQueryString());

    /// <summary>Forgets an agent that is dead or lost: the id is nobody's from then on.</summary>
    public static MeshCall Forget(string agentId) =>
        Write(HttpMethod.Delete, Routes.Agent(CheckedId(agentId)) + new QueryText().Add("forget", "true"));
}
