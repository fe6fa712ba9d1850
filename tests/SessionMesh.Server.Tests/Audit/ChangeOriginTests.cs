using System.Net;
using Microsoft.AspNetCore.Routing;
using SessionMesh.Server.Audit;
using SessionMesh.Server.Http;
using SessionMesh.Server.OpenApi;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Audit;

/// <summary>Every change that a call makes says who called and from where.</summary>
public sealed class ChangeOriginTests
{
    private const string A2AMessage = """
        {"message":{"messageId":"m","role":"ROLE_USER","parts":[{"text":"x"}]},"configuration":{"returnImmediately":true}}
        """;

    /// <summary>
    /// A call for each mutating operation, on a mesh with the agents <c>a</c>, who has the directive 1, and <c>gone</c>, who was forced.
    /// </summary>
    private static readonly Dictionary<string, Func<MeshHost, string, string, Task<Reply>>> s_calls = new(StringComparer.Ordinal)
    {
        ["registerAgent"] = (mesh, key, once) => mesh.PostAsync("agents", """{"agent_id":"b"}""", key, once),
        ["registerSpecialization"] = (mesh, key, once) => mesh.PostAsync(
            "registry", """{"specialization":"t","agent_id":"a"}""", key, once),
        ["withdrawSpecialization"] = (mesh, key, once) => mesh.DeleteAsync("registry?specialization=s&agent_id=a", key, once),
        ["claimAgent"] = (mesh, key, once) => mesh.PostAsync("registry/claim", """{"specialization":"x"}""", key, once),
        ["renewClaim"] = async (mesh, key, once) => await mesh.PostAsync(
            $"registry/claims/{await ClaimAsync(mesh)}/renew", null, key, once),
        ["releaseClaim"] = async (mesh, key, once) => await mesh.DeleteAsync($"registry/claims/{await ClaimAsync(mesh)}", key, once),
        ["putLink"] = (mesh, key, once) => mesh.SendAsync(HttpMethod.Put, "links", """{"from":"a","to":"gone"}""", key, once),
        ["removeLink"] = async (mesh, key, once) =>
        {
            await mesh.SendAsync(HttpMethod.Put, "links", """{"from":"a","to":"gone"}""");
            return await mesh.DeleteAsync("links?from=a&to=gone", key, once);
        },
        ["killAgent"] = (mesh, key, once) => mesh.DeleteAsync("agents/a?reason=r", key, once),
        ["killAgents"] = (mesh, key, once) => mesh.DeleteAsync("agents?agent_ids=a&expect=1", key, once),
        ["reviveAgent"] = (mesh, key, once) => mesh.PostAsync("agents/gone/revive", null, key, once),
        ["moveAgent"] = (mesh, key, once) => mesh.PostAsync("agents/a/move", """{"parent_id":"gone"}""", key, once),
        ["reportExit"] = (mesh, key, once) => mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":0}""", key, once),
        ["heartbeat"] = (mesh, key, once) => mesh.PostAsync(
            "agents/a/heartbeat", """{"acks":[{"seq":1,"state":"acknowledged"}]}""", key, once),
        ["heartbeats"] = (mesh, key, once) => mesh.PostAsync(
            "heartbeats", """{"agents":[{"agent_id":"a","acks":[{"seq":1,"state":"rejected"}]}]}""", key, once),
        ["takeHookEvent"] = (mesh, key, once) => mesh.PostAsync(
            "hooks/claude-code", """{"hook_event_name":"SessionStart","session_id":"s"}""", key, once),
        ["sendA2AMessage"] = (mesh, key, once) => mesh.PostAsync("agents/a/a2a/message:send", A2AMessage, key, once),
        ["streamA2AMessage"] = async (mesh, key, once) =>
        {
            using var request = mesh.Request(HttpMethod.Post, "agents/a/a2a/message:stream", key);
            request.Content = new StringContent(A2AMessage);
            if (once is not null)
            {
                request.Headers.TryAddWithoutValidation("Idempotency-Key", once);
            }

            await using var stream = await mesh.ListenAsync(request);
            return new Reply(200, "", [], stream.Headers);
        },
        ["cancelA2ATask"] = (mesh, key, once) => mesh.PostAsync("agents/a/a2a/tasks/a.1.1:cancel", null, key, once),
        ["steer"] = (mesh, key, once) => mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""", key, once),
        ["steerEach"] = (mesh, key, once) => mesh.PostAsync("steers", """{"steers":[{"agent_id":"a","direction":"north"}]}""", key, once),
        ["cancelDirective"] = async (mesh, key, once) =>
        {
            var id = (await mesh.GetAsync("agents/a/directives/history")).Json["directives"]![0]!["directive_id"]!.GetValue<string>();
            return await mesh.DeleteAsync("directives/" + id, key, once);
        },
        ["acknowledge"] = (mesh, key, once) => mesh.PostAsync("agents/a/directives/1/ack", """{"state":"accepted"}""", key, once),
        ["createSession"] = (mesh, key, once) => mesh.PostAsync("sessions", "{}", key, once),
        ["updateSession"] = async (mesh, key, once) => await mesh.SendAsync(
            HttpMethod.Patch, "sessions/" + await SessionAsync(mesh), """{"meta":{"a":"b"}}""", key, once),
        ["refreshSession"] = async (mesh, key, once) => await mesh.PostAsync(
            $"sessions/{await SessionAsync(mesh)}/refresh", null, key, once),
        ["expireSession"] = async (mesh, key, once) => await mesh.PostAsync($"sessions/{await SessionAsync(mesh)}/expire", null, key, once),
        ["deleteSession"] = async (mesh, key, once) => await mesh.DeleteAsync("sessions/" + await SessionAsync(mesh), key, once),
        ["importSessions"] = (mesh, key, once) => mesh.PostAsync(
            "sessions/import", """{"type":"session","id":"i","created_at":"2026-01-01T00:00:00Z"}""", key, once),
        ["cleanupSessions"] = async (mesh, key, once) =>
        {
            await mesh.PostAsync($"sessions/{await SessionAsync(mesh)}/expire");
            return await mesh.PostAsync("sessions/cleanup", null, key, once);
        },
        ["createKey"] = (mesh, key, once) => mesh.PostAsync("keys", """{"session_key":"k"}""", key, once),
        ["refreshKey"] = (mesh, refreshToken, once) => mesh.PostAsync("keys/refresh", null, refreshToken, once),
        ["renewKey"] = async (mesh, key, once) =>
        {
            var expired = await mesh.MintAsync("""{"scopes":["steer"],"ttl":60}""");
            mesh.Time.JumpWall(TimeSpan.FromMinutes(2));
            return await mesh.PostAsync($"keys/{expired[4..16]}/renew", null, key, once);
        },
        ["newRoot"] = (mesh, key, once) => mesh.PostAsync("admin/new-root", """{"keep_children":true}""", key, once),
        ["compact"] = (mesh, key, once) => mesh.PostAsync("admin/compact", null, key, once),
        ["backup"] = (mesh, key, once) => mesh.PostAsync("admin/backup", null, key, once),
        ["checkStore"] = (mesh, key, once) => mesh.PostAsync("admin/check", null, key, once),
        ["restore"] = async (mesh, key, once) =>
        {
            using var request = mesh.Request(HttpMethod.Post, "admin/restore?dry_run=true", key);
            request.Content = new ByteArrayContent((await mesh.PostAsync("admin/backup")).Bytes);
            if (once is not null)
            {
                request.Headers.TryAddWithoutValidation("Idempotency-Key", once);
            }

            return await mesh.SendAsync(request);
        },
        ["revokeKey"] = async (mesh, key, once) => await mesh.DeleteAsync("keys/" + (await mesh.MintAsync("{}"))[4..16], key, once),
    };

    private static async Task<string> ClaimAsync(MeshHost mesh) =>
        (await mesh.PostAsync("registry/claim", """{"specialization":"x"}""")).Json["claim_id"]!.GetValue<string>();

    private static async Task<string> SessionAsync(MeshHost mesh) =>
        (await mesh.PostAsync("sessions", "{}")).Json["id"]!.GetValue<string>();

    public static TheoryData<string, bool> Calls()
    {
        var data = new TheoryData<string, bool>();
        foreach (var operation in s_calls.Keys.Where(call => !MeshHost.AllOnPostgres || call is not ("backup" or "restore")))
        {
            data.Add(operation, false);
            data.Add(operation, true);
        }

        return data;
    }

    /// <summary>A new mutating route fails here until somebody has written how it is called.</summary>
    [Fact]
    public async Task Routes_ThatMutate_AreAllCalledHere()
    {
        await using var mesh = await MeshHost.StartAsync();
        var mutating = mesh.Service<IEnumerable<EndpointDataSource>>()
            .SelectMany(s => s.Endpoints)
            .Where(e => e.Metadata.GetMetadata<TakesIdempotencyKey>() is not null);
        Assert.Equal(mutating.Select(e => e.Metadata.GetMetadata<IEndpointNameMetadata>()!.EndpointName).Order(), s_calls.Keys.Order());
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Change_OfEveryMutatingRoute_SaysWhoAskedAndFromWhere(string operation, bool underIdempotencyKey)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("gone");
        await mesh.DeleteAsync("agents/gone?force=true");
        await mesh.RegisterAsync("a", more: ""","specializations":["s","x"]""");
        await mesh.SteerAsync("a");
        var minted = (await mesh.PostAsync("keys", """{"scopes":["admin"],"refresh":true}""")).Json;
        var key = minted["token"]!.GetValue<string>();

        var reply = await s_calls[operation](
            mesh, operation == "refreshKey" ? minted["refresh_token"]!.GetValue<string>() : key, underIdempotencyKey ? "once" : null!);
        Assert.True(reply.Status is 200 or 201, reply.Text);
        await mesh.SettleAsync();

        var entries = await mesh.AuditAsync("?actor=" + key[4..16], key); // the root key may be another by now
        Assert.NotEmpty(entries);
        var requestId = reply.Headers["X-Request-Id"];
        Assert.All(entries, e => Assert.Equal(
            (key[4..16], "done", "127.0.0.1", requestId),
            (e["actor"]!.GetValue<string>(), e["outcome"]!.GetValue<string>(), e["remote_address"]?.GetValue<string>(),
             e["request_id"]?.GetValue<string>())));
    }

    [Fact]
    public async Task Heartbeat_ThatRevives_SaysWhoAskedAndFromWhere_AndOneThatChangesNothingLeavesNothing()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 5);
        await mesh.RegisterAsync("b", ttl: 5);
        await mesh.AdvanceAsync(7);
        var single = await mesh.PostAsync("agents/a/heartbeat");
        var batched = await mesh.PostAsync("heartbeats", """{"agents":["b"]}""");
        var ids = (await mesh.AuditAsync("?operation=agent.alive"))
            .Select(e => (e["subject"]!.GetValue<string>(), e["remote_address"]!.GetValue<string>(), e["request_id"]!.GetValue<string>()));
        Assert.Equal([("b", "127.0.0.1", batched.Headers["X-Request-Id"]), ("a", "127.0.0.1", single.Headers["X-Request-Id"])], ids);

        var revision = mesh.Revision;
        Assert.Equal(200, (await mesh.PostAsync("agents/a/heartbeat")).Status);
        Assert.Equal(revision, mesh.Revision);
    }

    [Fact]
    public async Task Heartbeat_ThatEndsAStall_SaysWhoAndFromWhere_AndTheStallIsTheMeshsOwn()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.PostAsync("agents/a/heartbeat", """{"activity":"working","progress":1,"progress_interval":5}""");
        await mesh.AdvanceAsync(7);
        var moved = await mesh.PostAsync("agents/a/heartbeat", """{"progress":2}""");
        var entries = (await mesh.AuditAsync("?operation=agent.stalled")).Concat(await mesh.AuditAsync("?operation=agent.progressing"));
        Assert.Equal(
            [("mesh", null, null), (mesh.RootKey[4..16], "127.0.0.1", moved.Headers["X-Request-Id"])],
            entries.Select(e => (
                e["actor"]!.GetValue<string>(), e["remote_address"]?.GetValue<string>(), e["request_id"]?.GetValue<string>())));
    }

    [Fact]
    public async Task Change_OfTheMeshItself_CameFromNowhere()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 5);
        await mesh.AdvanceAsync(7);
        var entry = Assert.Single(await mesh.AuditAsync("?operation=agent.suspect"));
        JsonAssert.Same($$"""
            {"revision":3,"at":"*","actor":"mesh","operation":"agent.suspect","subject":"a","outcome":"done","reason":null,"code":null,
             "remote_address":null,"request_id":null}
            """, entry.ToJsonString());
    }

    [Fact]
    public async Task Replay_OfACall_IsNoSecondEntry_AndTheFirstKeepsItsOrigin_AfterARestartToo()
    {
        await using var mesh = await MeshHost.StartAsync();
        var first = await mesh.PostAsync("agents", """{"agent_id":"a"}""", idempotencyKey: "once");
        await mesh.RestartAsync();
        var again = await mesh.PostAsync("agents", """{"agent_id":"a"}""", idempotencyKey: "once");
        Assert.Equal("true", again.Headers["Idempotency-Replayed"]);
        var entry = Assert.Single(await mesh.AuditAsync("?operation=agent.registered"));
        Assert.Equal(first.Headers["X-Request-Id"], entry["request_id"]!.GetValue<string>());
        Assert.Equal("127.0.0.1", entry["remote_address"]!.GetValue<string>());
    }

    [Fact]
    public async Task Origin_IsPartOfTheAuditAlone_NotOfTheEvents()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await using var events = await mesh.ListenAsync("events?after=1");
        var data = (await events.NextAsync("agent.registered")).Data;
        Assert.DoesNotContain("127.0.0.1", data, StringComparison.Ordinal);
        Assert.DoesNotContain("request_id", data, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("::ffff:192.0.2.7", "192.0.2.7")]
    [InlineData("192.0.2.7", "192.0.2.7")]
    [InlineData("2001:DB8::1", "2001:db8::1")]
    [InlineData(null, null)]
    public void Address_ThatIsMappedIPv4_IsShownAsIPv4(string? address, string? shown) =>
        Assert.Equal(shown, Origins.Text(address is null ? null : IPAddress.Parse(address)));
}
