using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Agents;

/// <summary>What may come back after an end, and when.</summary>
public sealed class IncarnationTests
{
    [Fact]
    public async Task ForcedWithoutProof_RefusesEveryoneForFifteenMinutes_ThenTheNextIncarnationBegins()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.DeleteAsync("agents/a?force=true");
        var revision = mesh.Revision;
        await mesh.AdvanceAsync(899);
        foreach (var (path, body) in new[]
        {
            ("agents", """{"agent_id":"a"}"""),
            ("agents", """{"agent_id":"a","takeover":true}"""),
            ("agents", """{"agent_id":"a","incarnation":1}"""),
            ("registry", """{"agent_id":"a","specialization":"s"}"""),
            ("agents/a/heartbeat", """{"incarnation":1}"""),
            ("agents/a/heartbeat", null),
        })
        {
            var refused = await mesh.PostAsync(path, body);
            refused.ShouldBeProblem(409, "tombstoned", $$""","agent_status":"dead","last_heartbeat_at":"{{At(0)}}" """);
            Assert.Contains("2026-01-31T08:30:30Z", refused.Detail, StringComparison.Ordinal);
        }

        Assert.Equal(revision, mesh.Revision);
        await mesh.AdvanceAsync(1);
        var stopExpired = mesh.Revision;
        (await mesh.PostAsync("agents", """{"agent_id":"a"}"""))
            .ShouldBe(201, Registration("a", session: stopExpired + 1, heardAt: 900, differs: "\"incarnation\":2"));
    }

    [Fact]
    public async Task ForcedThenReported_NextIncarnationBeginsAtOnce()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.DeleteAsync("agents/a?force=true");
        (await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"signal":"SIGKILL"}"""))
            .ShouldBe(200, """
                {"agent_id":"a","incarnation":1,"status":"dead","confirmed":true,"exit_code":null,"signal":"KILL","reason":null,
                 "deadline":null,"descendants":[]}
                """);
        var reply = await mesh.PostAsync("agents", """{"agent_id":"a"}""");
        reply.ShouldBe(201, Registration("a", session: mesh.Revision, differs: "\"incarnation\":2"));
    }

    [Fact]
    public async Task Register_WhileStopping_Is409Stopping()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.DeleteAsync("agents/a?grace=30");
        (await mesh.PostAsync("agents", """{"agent_id":"a"}"""))
            .ShouldBeProblem(409, "stopping", $$""","agent_status":"stopping","last_heartbeat_at":"{{At(0)}}" """);
        (await mesh.PostAsync("agents/a/heartbeat", """{"incarnation":1}""")).ShouldBe(200, $$"""
            {"agent_id":"a","incarnation":1,"epoch":1,"ttl":60,"next_heartbeat_in":"#16..20","directives":[
              {{Directive(3, "a", 1, ttl: 930, differs: "\"verb\":\"stop\",\"direction\":null,\"data\":{\"grace\":30,\"force\":false}")}}]}
            """);
    }

    [Fact]
    public async Task Incarnations_SurviveARestart_AndSoDoTombstones()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":3,"reason":"done"}""");
        await mesh.RegisterAsync("a");
        await mesh.DeleteAsync("agents/a?force=true&reason=gone%20wild");
        await mesh.RestartAsync(TimeSpan.FromMinutes(14));
        (await mesh.PostAsync("agents", """{"agent_id":"a"}""")).ShouldBeProblem(409, "tombstoned", ",\"agent_status\":\"dead\"");
        await mesh.RestartAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(3, (await mesh.PostAsync("agents", """{"agent_id":"a"}""")).Json["incarnation"]!.GetValue<int>());
    }

    [Fact]
    public async Task Exit_OfAnAgentThatIsOnlyDeclared_Is409()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("agents", """{"agent_id":"a","declare":true}""");
        (await mesh.PostAsync("agents/a/heartbeat")).ShouldBeProblem(409, "no_session", ",\"agent_status\":\"declared\"");
        (await mesh.PostAsync("agents/a/exit", """{"incarnation":1}"""))
            .ShouldBeProblem(409, "unknown_incarnation", ",\"agent_status\":\"declared\"");
        Assert.Equal(2, mesh.Revision);
    }
}
