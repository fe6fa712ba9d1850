using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Agents;

public sealed class KillTests
{
    [Fact]
    public async Task Kill_Grace_StopsThenForcesAtTheDeadline()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        (await mesh.DeleteAsync("agents/a?reason=too%20hot")).ShouldBe(200, Report("a", "stopping", deadline: 10, reason: "too hot"));
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2, differs: "\"status\":\"stopping\",\"pending\":1"));
        await mesh.AdvanceAsync(10);
        Assert.Equal("stopping", await mesh.StatusAsync("a"));
        await mesh.AdvanceAsync(1);
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2, differs: $$"""
            "session_id":null,"status":"dead","pending":2,"expires_at":null,"gone_at":"{{At(11)}}",
            "last_exit":{"confirmed":false,"exit_code":null,"signal":null,"reason":"too hot","at":"{{At(11)}}"}
            """));
        (await mesh.DeleteAsync("agents/a")).ShouldBe(200, Report("a", "dead", reason: "too hot"));
        Assert.Equal(["directive.issued", "agent.stopping", "directive.issued", "agent.dead"], await mesh.KindsAsync(after: 2));
    }

    [Fact]
    public async Task Kill_ExitReportedWithinTheGrace_IsConfirmedWithItsCode()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.DeleteAsync("agents/a");
        await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","hold":true}""");
        await mesh.AdvanceAsync(3);
        (await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":143,"signal":"sigterm","reason":"my own"}"""))
            .ShouldBe(200, Report("a", "dead", confirmed: true, exitCode: "143", signal: "\"TERM\"", reason: "my own"));
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2, differs: $$"""
            "session_id":null,"status":"dead","expires_at":null,"gone_at":"{{At(3)}}",
            "last_exit":{"confirmed":true,"exit_code":143,"signal":"TERM","reason":"my own","at":"{{At(3)}}"}
            """));
        (await mesh.GetAsync("directives/d-3")).ShouldBe(200, Directive(3, "a", 1, ttl: 910, differs: $$"""
            "verb":"stop","direction":null,"data":{"grace":10,"force":false},"state":"acknowledged","acknowledged_at":"{{At(3)}}",
            "ended_at":"{{At(3)}}","note":"the process ended"
            """));
        (await mesh.GetAsync("directives/d-5"))
            .ShouldBe(200, Directive(5, "a", 2, differs: $$"""
                "state":"undeliverable","ended_at":"{{At(3)}}","note":"the agent ended"
                """));
        (await mesh.DeleteAsync("agents/a?force=true"))
            .ShouldBe(200, Report("a", "dead", confirmed: true, exitCode: "143", signal: "\"TERM\"", reason: "my own"));
    }

    [Fact]
    public async Task Kill_Force_IsAtOnceAndUnconfirmed_UntilTheRunnerReports()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        (await mesh.DeleteAsync("agents/a?force=true&reason=wild")).ShouldBe(200, Report("a", "dead", reason: "wild"));
        var revision = mesh.Revision;
        (await mesh.DeleteAsync("agents/a?force=true")).ShouldBe(200, Report("a", "dead", reason: "wild"));
        (await mesh.DeleteAsync("agents/a?grace=5")).ShouldBe(200, Report("a", "dead", reason: "wild"));
        Assert.Equal(revision, mesh.Revision);
        (await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":137}"""))
            .ShouldBe(200, Report("a", "dead", confirmed: true, exitCode: "137", reason: "wild"));
        (await mesh.DeleteAsync("agents/a")).ShouldBe(200, Report("a", "dead", confirmed: true, exitCode: "137", reason: "wild"));
        revision = mesh.Revision;
        (await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":1}"""))
            .ShouldBe(200, Report("a", "dead", confirmed: true, exitCode: "137", reason: "wild"));
        Assert.Equal(revision, mesh.Revision);
    }

    [Fact]
    public async Task Kill_AskedAgain_ChangesNothing_ButANearerDeadlineOrForceDoes()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.DeleteAsync("agents/a?grace=60");
        var revision = mesh.Revision;
        (await mesh.DeleteAsync("agents/a?grace=100")).ShouldBe(200, Report("a", "stopping", deadline: 60));
        Assert.Equal(revision, mesh.Revision);
        (await mesh.DeleteAsync("agents/a?grace=20")).ShouldBe(200, Report("a", "stopping", deadline: 20));
        (await mesh.DeleteAsync("agents/a?force=true")).ShouldBe(200, Report("a", "dead"));
    }

    [Fact]
    public async Task Kill_Cascade_TakesAllBelowWithIt_AndTheReportStaysTheSame()
    {
        await using var mesh = await FamilyAsync();
        (await mesh.DeleteAsync("agents/root?force=true"))
            .ShouldBe(200, Report("root", "dead", below: "child dead false,grandchild dead false"));
        (await mesh.DeleteAsync("agents/root")).ShouldBe(200, Report("root", "dead", below: "child dead false,grandchild dead false"));
        await mesh.PostAsync("agents/grandchild/exit", """{"incarnation":1,"exit_code":0}""");
        (await mesh.DeleteAsync("agents/root")).ShouldBe(200, Report("root", "dead", below: "child dead false,grandchild dead true"));
        Assert.Equal("alive", await mesh.StatusAsync("other"));
    }

    [Fact]
    public async Task Kill_CascadeWithGrace_StopsEachAndForcesEachAtTheDeadline()
    {
        await using var mesh = await FamilyAsync();
        (await mesh.DeleteAsync("agents/root?grace=5&cascade=descendants"))
            .ShouldBe(200, Report("root", "stopping", deadline: 5, below: "child stopping false,grandchild stopping false"));
        await mesh.AdvanceAsync(2);
        await mesh.PostAsync("agents/child/exit", """{"incarnation":1,"exit_code":0}""");
        (await mesh.DeleteAsync("agents/root?grace=5"))
            .ShouldBe(200, Report("root", "stopping", deadline: 5, below: "child dead true,grandchild stopping false"));
        await mesh.AdvanceAsync(4);
        (await mesh.DeleteAsync("agents/root")).ShouldBe(200, Report("root", "dead", below: "child dead true,grandchild dead false"));
    }

    [Fact]
    public async Task Kill_RepeatedUnderItsKeyWithAWait_ListsThoseThatDiedMeanwhileToo()
    {
        await using var mesh = await FamilyAsync();
        foreach (var id in new[] { "grandchild", "child", "root" })
        {
            await mesh.PostAsync($"agents/{id}/heartbeat");
        }

        var first = mesh.DeleteAsync("agents/root?grace=30&wait=20", idempotencyKey: "k");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(20));
        await mesh.PostAsync("agents/grandchild/exit", """{"incarnation":1,"exit_code":0}""");
        Assert.Equal("stopping", (await mesh.AdvanceUntilAsync(first, 20)).Json["status"]!.GetValue<string>());
        foreach (var id in new[] { "child", "root" })
        {
            await mesh.PostAsync($"agents/{id}/exit", """{"incarnation":1,"exit_code":0}""");
        }

        var again = await mesh.DeleteAsync("agents/root?grace=30&wait=20", idempotencyKey: "k");
        again.ShouldBe(200, Report("root", "dead", confirmed: true, exitCode: "0", below: "child dead true,grandchild dead true"));
    }

    [Fact]
    public async Task Kill_NewIncarnationOfTheSameAgent_DoesNotReportWhoDiedWithTheOneBefore()
    {
        await using var mesh = await FamilyAsync();
        await mesh.DeleteAsync("agents/root?force=true");
        await mesh.PostAsync("agents/root/exit", """{"incarnation":1}""");
        await mesh.AdvanceAsync(1);
        await mesh.RegisterAsync("root");
        (await mesh.DeleteAsync("agents/root?force=true")).ShouldBe(200, Report("root", "dead", incarnation: 2));
    }

    [Fact]
    public async Task Kill_WithoutCascade_HandsTheChildrenToTheGrandparent()
    {
        await using var mesh = await FamilyAsync();
        (await mesh.DeleteAsync("agents/child?force=true&cascade=none"))
            .ShouldBe(200, Report("child", "dead", below: "grandchild alive false"));
        (await mesh.GetAsync("agents/grandchild")).ShouldBe(200, Detail("grandchild", session: 4, differs: "\"parent_id\":\"root\""));
        await mesh.DeleteAsync("agents/root?grace=5&cascade=none");
        await mesh.AdvanceAsync(6);
        (await mesh.GetAsync("agents/grandchild")).ShouldBe(200, Detail("grandchild", session: 4));
    }

    [Fact]
    public async Task Kill_WithoutCascade_HandsOverWhenTheExitIsReportedToo()
    {
        await using var mesh = await FamilyAsync();
        await mesh.DeleteAsync("agents/child?cascade=none");
        await mesh.PostAsync("agents/child/exit", """{"incarnation":1,"exit_code":0}""");
        (await mesh.GetAsync("agents/grandchild")).ShouldBe(200, Detail("grandchild", session: 4, differs: "\"parent_id\":\"root\""));
    }

    [Fact]
    public async Task Kill_Declared_IsDeadAtOnceWithoutATombstone()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("agents", """{"agent_id":"a","declare":true}""");
        (await mesh.DeleteAsync("agents/a")).ShouldBe(200, Report("a", "dead", incarnation: 0));
        (await mesh.PostAsync("agents", """{"agent_id":"a"}""")).ShouldBe(201, Registration("a", session: 4));
    }

    [Fact]
    public async Task Kill_Wait_HoldsTheAnswerUntilTheExitIsReported()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var kill = mesh.DeleteAsync("agents/a?grace=30&wait=20");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(20));
        await mesh.AdvanceAsync(5);
        Assert.False(kill.IsCompleted);
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":0}""");
        (await kill).ShouldBe(200, Report("a", "dead", confirmed: true, exitCode: "0"));
    }

    [Fact]
    public async Task Kill_WaitThatIsOver_SaysWhatIsKnownByThen()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var kill = mesh.DeleteAsync("agents/a?grace=5&wait=20");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(20));
        var left = 20;
        for (var status = ""; status != "dead"; left--)
        {
            await mesh.AdvanceAsync(1);
            status = (await mesh.GetAsync("agents/a")).Json["status"]!.GetValue<string>();
        }

        // The death has woken the call. Without a proof it waits for the rest of its time.
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(left));
        await mesh.AdvanceAsync(left);
        (await kill).ShouldBe(200, Report("a", "dead"));
    }

    [Fact]
    public async Task Kill_Refused_ChangesNothing()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        (await mesh.DeleteAsync("agents/789")).ShouldBeProblem(404, "agent_not_found");
        (await mesh.DeleteAsync("agents/a?force=true&grace=1"))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("?grace");
        Assert.Equal(2, mesh.Revision);
    }

    [Fact]
    public async Task Kill_RevokesTheKeysBoundToTheAgent_NotTheOneThatRegisteredIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        var runner = await mesh.MintAsync("""{"scopes":["registry:write","keys:mint"]}""");
        await mesh.PostAsync("agents", """{"agent_id":"a"}""", runner);
        var bound = await mesh.MintAsync("""{"agent_id":"a"}""", runner);
        Assert.Equal(200, (await mesh.PostAsync("agents/a/heartbeat", key: bound)).Status);
        await mesh.DeleteAsync("agents/a?force=true");
        (await mesh.PostAsync("agents/a/heartbeat", key: bound)).ShouldBeProblem(401, "unauthenticated");
        (await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":9}""", runner))
            .ShouldBe(200, Report("a", "dead", confirmed: true, exitCode: "9"));
    }

    /// <summary>The answer was held back until the time was up, for a confirmation that nobody could ever give.</summary>
    [Fact]
    public async Task Kill_OfAgentsThatWereNeverAlive_WaitsForNoProof()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.PostAsync("agents", """{"agent_id":"plan","declare":true}""");
        await mesh.PostAsync("agents", """{"agent_id":"part","declare":true,"parent_id":"plan"}""");
        (await mesh.DeleteAsync("agents/plan?wait=50")).ShouldBe(200, """
            {"agent_id":"plan","incarnation":0,"status":"dead","confirmed":false,"exit_code":null,"signal":null,"reason":null,
             "deadline":null,"descendants":[{"agent_id":"part","incarnation":0,"status":"dead","confirmed":false}]}
            """);
    }

    private static async Task<MeshHost> FamilyAsync()
    {
        var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("root");
        await mesh.RegisterAsync("child", more: ",\"parent_id\":\"root\"");
        await mesh.RegisterAsync("grandchild", more: ",\"parent_id\":\"child\"");
        await mesh.RegisterAsync("other");
        return mesh;
    }

    /// <param name="below">For each descendant: id, status and whether it is confirmed, separated by commas.</param>
    private static string Report(
        string id, string status, bool confirmed = false, string exitCode = "null", string signal = "null", string? reason = null,
        double? deadline = null, string below = "", int incarnation = 1)
    {
        var descendants = below.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(d => d.Split(' '))
            .Select(d => $$"""{"agent_id":"{{d[0]}}","incarnation":1,"status":"{{d[1]}}","confirmed":{{d[2]}}}""");
        return $$"""
            {"agent_id":"{{id}}","incarnation":{{incarnation}},"status":"{{status}}","confirmed":{{(confirmed ? "true" : "false")}},
             "exit_code":{{exitCode}},"signal":{{signal}},"reason":{{(reason is null ? "null" : $"\"{reason}\"")}},
             "deadline":{{(deadline is { } at ? $"\"{At(at)}\"" : "null")}},"descendants":[{{string.Join(",", descendants)}}]}
            """;
    }
}
