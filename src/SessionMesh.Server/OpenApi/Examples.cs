using System.Text.Json.Nodes;

namespace SessionMesh.Server.OpenApi;

/// <summary>
/// What the page of the API fills in for who tries an operation: the body, and the parameters that must be given. All of one small world,
/// so that one call after the other works as it stands: the agent <c>worker-1</c> that <c>registerAgent</c> makes, the session
/// <c>job-1</c> that <c>createSession</c> makes. What the server names itself has no example, but says where it is found.
/// A test sends each of them to the server.
/// </summary>
internal sealed class Examples
{
    private static readonly Examples s_none = new("");

    private static readonly Dictionary<string, string> s_bodies = new(StringComparer.Ordinal)
    {
        ["registerAgent"] = """
            {"agent_id": "worker-1", "specializations": ["data-analysis"], "labels": {"team": "blue"}, "ttl": 3600}
            """,
        ["moveAgent"] = """{"parent_id": null}""",
        ["reportExit"] = """{"incarnation": 1, "exit_code": 0, "reason": "done"}""",
        ["heartbeat"] = """{"activity": "working", "load": 0.4, "progress": 12, "note": "page 12 of 40"}""",
        ["heartbeats"] = """{"agents": [{"agent_id": "worker-1", "activity": "idle", "load": 0}]}""",
        ["registerSpecialization"] = """
            {"agent_id": "worker-1", "specialization": "data-analysis", "level": 80, "capacity": 3}
            """,
        ["claimAgent"] = """{"specialization": "data-analysis", "ttl": 60}""",
        ["renewClaim"] = """{"ttl": 120}""",
        ["putLink"] = """{"from": "worker-1", "to": "worker-2", "kind": "reports-to", "weight": 2}""",
        ["steer"] = """{"agent_id": "worker-1", "direction": "west", "message": "leave the east to the others"}""",
        ["steerEach"] = """
            {"steers": [{"agent_id": "worker-1", "direction": "west"}, {"agent_id": "worker-1", "direction": "north"}]}
            """,
        ["acknowledge"] = """{"state": "acknowledged", "note": "on my way"}""",
        ["createSession"] = """{"id": "job-1", "user": "alice", "ttl": 3600, "meta": {"branch": "main"}}""",
        ["updateSession"] = """{"meta": {"branch": "release", "reviewer": "bob"}}""",
        ["refreshSession"] = """{"ttl": 7200}""",
        ["cleanupSessions"] = """{"dry_run": true}""",
        ["createKey"] = """{"session_key": "reporting", "ttl": 3600, "scopes": ["mesh:read"]}""",
        ["createSignInCode"] = """{"ttl": 3600, "scopes": ["mesh:read", "steer"]}""",
        ["tradeSignInCode"] = """{"code": "0123456789abcdef0123456789abcdef"}""",
        ["refreshKey"] = """{"ttl": 3600}""",
        ["newRoot"] = """{"keep_children": true}""",
        ["takeHookEvent"] = """
            {"hook_event_name": "SessionStart", "session_id": "11112222-3333-4444-5555-666677778888", "cwd": "/home/ann/shop"}
            """,
        ["setFault"] = """{"endpoint": "POST /steer", "status": 503, "count": 2}""",
        ["advance"] = """{"seconds": 60}""",
    };

    /// <summary>Bodies that are not JSON as a whole.</summary>
    private static readonly Dictionary<string, string> s_texts = new(StringComparer.Ordinal)
    {
        ["importSessions"] = """
            {"type": "session", "id": "job-2", "user": "alice", "created_at": "2026-01-02T03:04:05Z", "ttl": 3600, "status": "active"}
            """,
    };

    private readonly string _operation;

    private Examples(string operation) => _operation = operation;

    public static Examples Of(string? operation) => operation is null ? s_none : new Examples(operation);

    /// <summary>Null for an operation without a body.</summary>
    public JsonNode? Body =>
        s_bodies.TryGetValue(_operation, out var json) ? JsonNode.Parse(json)
        : s_texts.TryGetValue(_operation, out var text) ? JsonValue.Create(text)
        : null;

    private bool IsOfSessions => _operation.EndsWith("Session", StringComparison.Ordinal);

    /// <summary>A parameter that must be given; null for what the server has named.</summary>
    public JsonNode? Find(string parameter) => parameter switch
    {
        "id" => IsOfSessions ? "job-1" : "worker-1",
        "agent_id" or "from" => "worker-1",
        "to" => "worker-2",
        "specialization" => "data-analysis",
        "seq" => "1",
        "program" => "claude-code",
        _ => null,
    };

    /// <summary>What a parameter of the path is, and where it is found.</summary>
    public string? Describe(string parameter) => parameter switch
    {
        "id" => IsOfSessions ? "The session's id." : "The agent's id.",
        "claim_id" => "`claim_id` in the answer of the claim.",
        "seq" => "The directive's number among those of the agent: `seq` in the answer of the steer.",
        "directive_id" => "`directive_id` in the answer of the steer.",
        "key_id" => "`key_id` as `GET /keys` lists it: the twelve characters after `smk_` in the key.",
        _ => null,
    };
}
