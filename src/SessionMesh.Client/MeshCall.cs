using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Keys;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Client;

/// <summary>
/// One unary call, not yet sent: what <see cref="MeshClient"/>'s typed methods send, and what a caller sends itself when
/// it wants the answer as JSON, with members this library does not know. Ids are checked here, since they become part
/// of a path: an invalid one throws <see cref="ArgumentException"/>.
/// </summary>
public sealed partial record MeshCall
{
    /// <summary>For what takes as long as the store is large.</summary>
    private static readonly TimeSpan s_long = TimeSpan.FromHours(6);

    private MeshCall(HttpMethod method, string path) => (Method, Path) = (method, path);

    public HttpMethod Method { get; }

    /// <summary>Path and query, relative to the server.</summary>
    public string Path { get; }

    /// <summary>JSON in UTF-8, or nothing.</summary>
    public ReadOnlyMemory<byte> Body { get; private init; }

    /// <summary>How long the server may hold the answer back on purpose; added to the timeout of each attempt.</summary>
    public TimeSpan Hold { get; private init; }

    /// <summary>
    /// True for a write that may act twice: it carries an <c>Idempotency-Key</c>, one for all its attempts. Reads,
    /// heartbeats and acks are idempotent by nature and carry none.
    /// </summary>
    public bool NeedsIdempotencyKey { get; private init; }

    /// <summary>
    /// The key to carry, chosen by the caller (<see cref="NewIdempotencyKey"/>) for a call that it may send again: sent again
    /// as it was, it does not act again, and one that asks to wait waits once more. Null takes a new one for each send.
    /// </summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>What authenticates this call in place of the client's token; then a refusal is final.</summary>
    internal string? Bearer { get; private init; }

    public static MeshCall Livez() => Get(Routes.Livez);

    public static MeshCall Alive(AgentQuery query) => Get(Routes.Alive + query.ToQueryString());

    public static MeshCall Agents(AgentQuery query) => Get(Routes.Agents + query.ToQueryString());

    public static MeshCall Agent(string agentId) => Get(Routes.Agent(CheckedId(agentId)));

    public static MeshCall RegisterAgent(RegisterAgentRequest request) =>
        Write(HttpMethod.Post, Routes.Agents, request, ClientJson.Context.RegisterAgentRequest);

    public static MeshCall RegisterSpecialization(RegisterSpecializationRequest request) =>
        Write(HttpMethod.Post, Routes.Registry, request, ClientJson.Context.RegisterSpecializationRequest);

    public static MeshCall GetRegistry(string? specialization = null, int? limit = null, string? cursor = null) =>
        Get(Routes.Registry + new QueryText()
            .Add("specialization", specialization)
            .Add("limit", limit)
            .Add("cursor", cursor));

    public static MeshCall RemoveSpecialization(string agentId, string specialization) =>
        Write(HttpMethod.Delete, Routes.Registry + new QueryText()
            .Add("specialization", specialization)
            .Add("agent_id", CheckedId(agentId)));

    public static MeshCall Heartbeat(string agentId, HeartbeatRequest? report = null) =>
        Idempotent(Routes.Heartbeat(CheckedId(agentId)), report ?? new(), ClientJson.Context.HeartbeatRequest);

    public static MeshCall Heartbeats(IEnumerable<BulkHeartbeat> beats) =>
        new(HttpMethod.Post, Routes.Heartbeats) { Body = BulkHeartbeat.ToBody(beats) };

    public static MeshCall Steers(SteersRequest request) =>
        Write(HttpMethod.Post, Routes.Steers, request, ClientJson.Context.SteersRequest);

    public static MeshCall Steer(SteerRequest request) =>
        Write(HttpMethod.Post, Routes.Steer, request, ClientJson.Context.SteerRequest) with
        {
            Hold = request.Wait is null ? TimeSpan.Zero : TimeSpan.FromSeconds(request.WaitSeconds ?? 30),
        };

    /// <summary>Takes back a directive that nobody has been given.</summary>
    public static MeshCall CancelDirective(string directiveId) => Write(HttpMethod.Delete, Routes.Directive(CheckedId(directiveId)));

    /// <summary>Everything an agent was told, newest first.</summary>
    /// <param name="limit">1 to 1000; 100 by default.</param>
    /// <param name="cursor"><c>next_cursor</c> of the page before.</param>
    public static MeshCall History(string agentId, int? limit = null, string? cursor = null) =>
        Get(Routes.History(CheckedId(agentId)) + new QueryText().Add("limit", limit).Add("cursor", cursor));

    public static MeshCall Directive(string directiveId) => Get(Routes.Directive(CheckedId(directiveId)));

    /// <summary>Directives of an agent's inbox past <paramref name="after"/>, held back up to <paramref name="waitSeconds"/> while there is none.</summary>
    public static MeshCall Directives(string agentId, long? after = null, int? waitSeconds = null) =>
        Get(Routes.AgentDirectives(CheckedId(agentId)) + new QueryText().Add("after", after).Add("wait", waitSeconds)) with
        {
            Hold = TimeSpan.FromSeconds(waitSeconds ?? 0),
        };

    public static MeshCall Ack(string agentId, long seq, AckRequest request) =>
        Idempotent(Routes.Ack(CheckedId(agentId), seq), request, ClientJson.Context.AckRequest);

    public static MeshCall Exit(string agentId, ExitRequest request) =>
        Write(HttpMethod.Post, Routes.Exit(CheckedId(agentId)), request, ClientJson.Context.ExitRequest);

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

    /// <summary>Forgets an agent that is dead or lost: the id is nobody's from then on.</summary>
    public static MeshCall Forget(string agentId) =>
        Write(HttpMethod.Delete, Routes.Agent(CheckedId(agentId)) + new QueryText().Add("forget", "true"));

    public static MeshCall CreateKey(CreateKeyRequest request) =>
        Write(HttpMethod.Post, Routes.Keys, request, ClientJson.Context.CreateKeyRequest);

    /// <summary>The caller's key and those below it, oldest first; for admin all.</summary>
    /// <param name="limit">1 to 1000; 100 by default.</param>
    /// <param name="cursor"><c>next_cursor</c> of the page before.</param>
    public static MeshCall ListKeys(int? limit = null, string? cursor = null) =>
        Get(Routes.Keys + new QueryText().Add("limit", limit).Add("cursor", cursor));

    /// <summary>The key that the call is made with, and what it may do.</summary>
    public static MeshCall OwnKey() => Get(Routes.KeysSelf);

    public static MeshCall Key(string keyId) => Get(Routes.Key(CheckedId(keyId)));

    /// <summary>
    /// Trades a refresh token, which travels in place of the client's own, for the next generation of its key. The token is used by
    /// that: sent a second time under another <see cref="IdempotencyKey"/> it revokes every key of its name.
    /// </summary>
    /// <param name="ttl">Seconds; what the key before was granted by default.</param>
    public static MeshCall RefreshKey(string refreshToken, int? ttl = null) =>
        Write(HttpMethod.Post, Routes.KeysRefresh, new RefreshKeyRequest { Ttl = ttl }, ClientJson.Context.RefreshKeyRequest) with { Bearer = refreshToken };

    public static MeshCall RevokeKey(string keyId) => Write(HttpMethod.Delete, Routes.Key(CheckedId(keyId)));

    /// <summary>Who did what and from where, newest first.</summary>
    public static MeshCall Audit(AuditQuery query) => Get(Routes.Audit + query.ToQueryString());

    /// <summary>Removes now what is older than is kept; answers at the end. Sent again it joins the pass that runs.</summary>
    public static MeshCall Compact() => new(HttpMethod.Post, Routes.AdminCompact) { Hold = s_long };

    /// <summary>How far the compaction is.</summary>
    public static MeshCall Compaction() => Get(Routes.AdminCompact);

    /// <summary>Looks whether the store is whole: as long as reading it takes.</summary>
    public static MeshCall CheckStore() => new(HttpMethod.Post, Routes.AdminCheck) { Hold = s_long };

    /// <summary>
    /// Replaces the root key. The key that asks is over by it unless it lies below the root key and <paramref name="keepChildren"/> is
    /// said. When the answer is lost, the new secret is in <c>root.key</c> of the server's data directory and nowhere else.
    /// </summary>
    public static MeshCall NewRoot(bool keepChildren) =>
        Write(
            HttpMethod.Post, Routes.AdminNewRoot, new NewRootRequest { KeepChildren = keepChildren ? true : null },
            ClientJson.Context.NewRootRequest);

    /// <summary>A value for <see cref="IdempotencyKey"/>: 128 random bits.</summary>
    public static string NewIdempotencyKey() => RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>Method and path; never the body, which may hold what is not for a log.</summary>
    public override string ToString() => $"{Method} {Path}";

    internal static string CheckedId(string id) =>
        MeshId.IsValid(id) ? id : throw new ArgumentException(MeshId.Rule, nameof(id));

    private static MeshCall Get(string path) => new(HttpMethod.Get, path);

    private static MeshCall Write(HttpMethod method, string path) => new(method, path) { NeedsIdempotencyKey = true };

    private static MeshCall Write<T>(HttpMethod method, string path, T body, JsonTypeInfo<T> type) =>
        Write(method, path) with { Body = JsonSerializer.SerializeToUtf8Bytes(body, type) };

    private static MeshCall Idempotent<T>(string path, T body, JsonTypeInfo<T> type) =>
        new(HttpMethod.Post, path) { Body = JsonSerializer.SerializeToUtf8Bytes(body, type) };
}

/// <summary>Builds <c>?a=b&amp;c=d</c>, leaving out what is null. Escapes values, not names.</summary>
internal sealed class QueryText
{
    private readonly StringBuilder _text = new();

    public QueryText Add(string name, string? value)
    {
        if (value is null) return this;
        _text.Append(_text.Length == 0 ? '?' : '&').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        return this;
    }

    public QueryText Add(string name, long? value) => Add(name, value?.ToString());

    public QueryText Add(string name, int? value) => Add(name, value?.ToString());

    public override string ToString() => _text.ToString();

    public static string operator +(string path, QueryText query) => path + query.ToString();
}
