namespace SessionMesh.Contracts;

/// <summary>Paths of the HTTP API, and helpers that fill them. Ids need no escaping (see <see cref="MeshId"/>).</summary>
public static class Routes
{
    public const string Prefix = "/api/session-mesh";

    public const string Alive = Prefix + "/alive";
    public const string Registry = Prefix + "/registry";
    public const string Match = Registry + "/match";
    public const string Claim = Registry + "/claim";
    public const string Claims = Registry + "/claims";
    public const string Links = Prefix + "/links";
    public const string Steer = Prefix + "/steer";
    public const string Steers = Prefix + "/steers";
    public const string Agents = Prefix + "/agents";
    public const string Heartbeats = Prefix + "/heartbeats";
    public const string Directives = Prefix + "/directives";
    public const string Hooks = Prefix + "/hooks";
    public const string Keys = Prefix + "/keys";
    public const string KeysRefresh = Keys + "/refresh";
    public const string KeysSelf = Keys + "/self";
    public const string KeyCodes = Keys + "/codes";
    public const string KeyCodesTrade = KeyCodes + "/trade";
    public const string Sessions = Prefix + "/sessions";
    public const string SessionStats = Sessions + "/stats";
    public const string SessionExport = Sessions + "/export";
    public const string SessionImport = Sessions + "/import";
    public const string SessionCleanup = Sessions + "/cleanup";
    public const string Status = Prefix + "/status";
    public const string Nodes = Prefix + "/nodes";
    public const string Topology = Prefix + "/topology";
    public const string Events = Prefix + "/events";
    public const string Audit = Prefix + "/audit";
    public const string AdminBackup = Prefix + "/admin/backup";
    public const string AdminRestore = Prefix + "/admin/restore";
    public const string AdminCompact = Prefix + "/admin/compact";
    public const string AdminCheck = Prefix + "/admin/check";
    public const string AdminNewRoot = Prefix + "/admin/new-root";
    public const string AdminDigest = Prefix + "/admin/digest";

    /// <summary>Only in a sandbox.</summary>
    public const string Sandbox = Prefix + "/sandbox";
    public const string SandboxFaults = Sandbox + "/faults";
    public const string SandboxAdvance = Sandbox + "/advance";

    /// <summary>The card of the mesh itself (A2A); the same for everybody.</summary>
    public const string AgentCard = "/.well-known/agent-card.json";

    /// <summary>
    /// Where that card says the mesh is spoken to. The mesh takes no messages itself; its agents do, see <see cref="A2A"/>.
    /// </summary>
    public const string MeshA2A = Prefix + "/a2a";

    public const string Livez = "/livez";
    public const string Readyz = "/readyz";
    public const string Metrics = "/metrics";
    public const string Mcp = "/mcp";
    public const string OpenApi = "/openapi/v1.json";
    public const string Swagger = "/swagger";

    public static string Agent(string agentId) => $"{Agents}/{agentId}";
    public static string Heartbeat(string agentId) => $"{Agents}/{agentId}/heartbeat";
    public static string Exit(string agentId) => $"{Agents}/{agentId}/exit";
    public static string AgentDirectives(string agentId) => $"{Agents}/{agentId}/directives";
    public static string Ack(string agentId, long seq) => $"{Agents}/{agentId}/directives/{seq}/ack";
    public static string History(string agentId) => $"{Agents}/{agentId}/directives/history";
    public static string CardOf(string agentId) => $"{Agents}/{agentId}/agent-card.json";

    /// <summary>The base of an agent's A2A interface (HTTP+JSON).</summary>
    public static string A2A(string agentId) => $"{Agents}/{agentId}/a2a";

    public static string Move(string agentId) => $"{Agents}/{agentId}/move";
    public static string Revive(string agentId) => $"{Agents}/{agentId}/revive";
    public static string Directive(string directiveId) => $"{Directives}/{directiveId}";
    public static string Session(string sessionId) => $"{Sessions}/{sessionId}";
    public static string SessionRefresh(string sessionId) => $"{Sessions}/{sessionId}/refresh";
    public static string SessionExpire(string sessionId) => $"{Sessions}/{sessionId}/expire";
    public static string OneClaim(string claimId) => $"{Claims}/{claimId}";
    public static string ClaimRenewal(string claimId) => $"{Claims}/{claimId}/renew";
    public static string Key(string keyId) => $"{Keys}/{keyId}";

    /// <param name="program">One of the coding agents, such as <c>claude-code</c>.</param>
    public static string Hook(string program) => $"{Hooks}/{program}";

    public static string KeyRenewal(string keyId) => $"{Keys}/{keyId}/renew";
}
