using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Agents;

/// <summary>
/// The next new agent gets the number of one that was forgotten. Whatever still has that number from before, queued, in a table or in an
/// open call, must not be taken for the new one's.
/// </summary>
public sealed class ReusedNumberTests
{
    [Fact]
    public async Task Directives_OfAForgottenAgent_AreNotThoseOfWhoHasItsNumber_AndNobodyFindsThem()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("old");
        await mesh.SteerAsync("old"); // d-3
        await mesh.PostAsync("agents/old/directives/1/ack", """{"state":"acknowledged"}""");
        await mesh.SteerAsync("old"); // d-5
        await ReplaceAsync(mesh, "old", "new");
        (await mesh.GetAsync("directives/d-3")).ShouldBeProblem(404, "directive_not_found");
        (await mesh.DeleteAsync("directives/d-5")).ShouldBeProblem(404, "directive_not_found");
        (await mesh.GetAsync("agents/new/directives/history?cursor=5")).ShouldBe(200, """{"directives":[],"next_cursor":null}""");
        for (var restarted = false; ; restarted = true)
        {
            (await mesh.GetAsync("agents/new/directives/history")).ShouldBe(200, """{"directives":[],"next_cursor":null}""");
            (await mesh.GetAsync("agents/new/directives")).ShouldBe(200, """{"directives":[]}""");
            (await mesh.PostAsync("agents/new/directives/1/ack", """{"state":"acknowledged"}"""))
                .ShouldBeProblem(404, "directive_not_found");
            if (restarted)
            {
                break;
            }

            await mesh.RestartAsync();
        }

        Assert.Equal(1, (await mesh.SteerAsync("new")).Json["seq"]!.GetValue<int>());
        Assert.True((await mesh.PostAsync("admin/check")).Json["ok"]!.GetValue<bool>());
    }

    [Fact]
    public async Task CommandsThatWereQueuedForAForgottenAgent_LeaveWhoHasItsNumberAlone()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("old");
        var issued = Revision(await mesh.SteerAsync("old"));
        var number = mesh.State.Find("old")!.Agent.Number;
        await ReplaceAsync(mesh, "old", "new");
        await mesh.SteerAsync("new");
        var revision = mesh.Revision;
        Assert.Equal(
            0,
            (await mesh.Engine.ExecuteAsync(
                new MarkDelivered { Actor = Actors.Mesh, Number = number, After = 0, UpTo = 1, Revision = issued }, Origin.Mesh)).Value);
        var cancelled = await mesh.Engine.ExecuteAsync(
            new CancelDirective { Actor = Actors.Mesh, Number = number, Seq = 1, Revision = issued }, Origin.Mesh);
        Assert.Equal("directive_not_found", cancelled.Error!.Code);
        Assert.Equal(0, (await mesh.Engine.ExecuteAsync(new SweepDue { Actor = Actors.Mesh, Numbers = [number] }, Origin.Mesh)).Value);
        Assert.Equal(revision, mesh.Revision);
    }

    [Fact]
    public async Task Sweep_OfANumberThatNobodyHas_PassesItOver()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("old");
        await ForgetTests.ForgetAsync(mesh, "old");
        Assert.Equal(0, (await mesh.Engine.ExecuteAsync(new SweepDue { Actor = Actors.Mesh, Numbers = [0, 7] }, Origin.Mesh)).Value);
        Assert.Equal(
            0,
            (await mesh.Engine.ExecuteAsync(
                new MarkDelivered { Actor = Actors.Mesh, Number = 0, After = 0, UpTo = 1, Revision = 9 }, Origin.Mesh)).Value);
    }

    [Fact]
    public async Task Stream_OfAForgottenAgent_Ends_AndHearsNothingThatIsForWhoHasItsNumber()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("old", ttl: 10);
        await using var stream = await mesh.ListenAsync("agents/old/directives");
        await mesh.AdvanceAsync(25);
        await mesh.DeleteAsync("agents/old?forget=true");
        await mesh.RegisterAsync("new");
        await mesh.SteerAsync("new");
        var end = await stream.NextAsync();
        Assert.Equal(("end", "agent_not_found"), (end.Name, end.Json["code"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Poll_OfAForgottenAgent_IsAnsweredThatItIsNotKnown()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("old", ttl: 10);
        await mesh.AdvanceAsync(25);
        var poll = mesh.GetAsync("agents/old/directives?wait=40");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(40));
        await mesh.DeleteAsync("agents/old?forget=true");
        (await poll).ShouldBeProblem(404, "agent_not_found");
    }

    [Fact]
    public async Task Steer_ThatWaitsForAnAgentThatIsForgotten_IsAnsweredWithItsEnd()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("old");
        var steer = mesh.PostAsync("steer", """{"agent_id":"old","direction":"north","wait":"acknowledged"}""");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(30));
        await using (await HeldEngine.HoldAsync(mesh))
        {
            // All in one batch, so that whoever waits sees nothing in between.
            _ = mesh.Engine.ExecuteAsync(new ReportExit { Actor = Actors.Mesh, AgentId = "old", Incarnation = 1 }, Origin.Mesh);
            _ = mesh.Engine.ExecuteAsync(new ForgetAgent { Actor = Actors.Mesh, AgentId = "old" }, Origin.Mesh);
            _ = mesh.Engine.ExecuteAsync(new RegisterAgent { Actor = Actors.Mesh, AgentId = "new", Profile = new Profile() }, Origin.Mesh);
        }

        (await steer)
            .ShouldBe(200, Directive(3, "old", 1, differs: $$"""
                "state":"undeliverable","ended_at":"{{At(0)}}","note":"the agent ended"
                """));
        Assert.Equal(0, mesh.State.Find("new")!.Agent.Number);
    }

    [Fact]
    public async Task Kill_ThatWaitsForAnAgentThatIsForgotten_SaysHowItEnded()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("old");
        var kill = mesh.DeleteAsync("agents/old?wait=50&grace=20");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(50));
        await using (await HeldEngine.HoldAsync(mesh))
        {
            _ = mesh.Engine.ExecuteAsync(
                new ReportExit { Actor = Actors.Mesh, AgentId = "old", Incarnation = 1, ExitCode = 7 }, Origin.Mesh);
            _ = mesh.Engine.ExecuteAsync(new ForgetAgent { Actor = Actors.Mesh, AgentId = "old" }, Origin.Mesh);
            _ = mesh.Engine.ExecuteAsync(new RegisterAgent { Actor = Actors.Mesh, AgentId = "new", Profile = new Profile() }, Origin.Mesh);
        }

        (await kill).ShouldBe(200, """
            {"agent_id":"old","incarnation":1,"status":"dead","confirmed":true,"exit_code":7,"signal":null,"reason":null,"deadline":null,
             "descendants":[]}
            """);
    }

    [Fact]
    public async Task Session_OfAForgottenAgent_IsNotThatOfWhoHasItsNumber()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("old", ttl: 10); // s-2
        await mesh.AdvanceAsync(25);
        Assert.Equal(200, (await mesh.GetAsync("sessions/s-2")).Status);
        await mesh.DeleteAsync("agents/old?forget=true");
        (await mesh.GetAsync("sessions/s-2")).ShouldBeProblem(404, "session_not_found");
        var registered = await mesh.RegisterAsync("new");
        (await mesh.GetAsync("sessions/s-2")).ShouldBeProblem(404, "session_not_found");
        (await mesh.DeleteAsync("sessions/s-2")).ShouldBeProblem(404, "session_not_found");
        Assert.Equal("new", (await mesh.GetAsync("sessions/" + registered.Json["session_id"])).Json["agent_id"]!.GetValue<string>());
    }

    [Fact]
    public async Task Lists_ShowWhoHasTheNumberNow_AndNothingOfWhoHadIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("first");
        await mesh.RegisterAsync("old", more: ",\"cluster\":\"red\",\"specializations\":[\"ocr\"],\"labels\":{\"a\":\"b\"}");
        await mesh.PostAsync("agents/old/heartbeat", """{"activity":"working","load":0.5,"note":"mine"}""");
        await mesh.RegisterAsync("last");
        await ForgetTests.ForgetAsync(mesh, "old");
        await mesh.PostAsync("agents", """{"agent_id":"new","declare":true}""");
        Assert.Equal(["first", "new", "last"], Ids(await mesh.GetAsync("agents")));
        Assert.Equal(
            [0, 1, 2],
            mesh.State.Slots.Count is 3
                ? [mesh.State.Find("first")!.Agent.Number, mesh.State.Find("new")!.Agent.Number, mesh.State.Find("last")!.Agent.Number]
                : []);
        Assert.Empty(Ids(await mesh.GetAsync("agents?cluster=red")));
        Assert.Empty(Ids(await mesh.GetAsync("agents?specialization=ocr")));
        Assert.Equal(["first", "last"], Ids(await mesh.GetAsync("alive")));
        (await mesh.GetAsync("agents/new")).ShouldBe(200, Detail("new", session: 0, differs: """
            "session_id":null,"incarnation":0,"status":"declared","last_heartbeat_at":null,"expires_at":null
            """));
        Assert.Equal(3, (await mesh.GetAsync("~/readyz")).Json["agents"]!.GetValue<int>());
    }

    [Fact]
    public async Task Numbers_GivenAwayInOneBatch_AreThoseThatAReplayGives()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        await mesh.RegisterAsync("c");
        await ForgetTests.ForgetAsync(mesh, "b");
        await using (await HeldEngine.HoldAsync(mesh))
        {
            _ = mesh.Engine.ExecuteAsync(
                new RegisterAgent { Actor = Actors.Mesh, AgentId = "d", Profile = new Profile { ParentId = "c" } }, Origin.Mesh); // 1
            _ = mesh.Engine.ExecuteAsync(
                new RegisterAgent { Actor = Actors.Mesh, AgentId = "e", Profile = new Profile { ParentId = "d" } }, Origin.Mesh); // 3
            _ = mesh.Engine.ExecuteAsync(new ReportExit { Actor = Actors.Mesh, AgentId = "d", Incarnation = 2 }, Origin.Mesh);
            _ = mesh.Engine.ExecuteAsync(new ForgetAgent { Actor = Actors.Mesh, AgentId = "d" }, Origin.Mesh); // frees 1, orphans e
            _ = mesh.Engine.ExecuteAsync(new ReportExit { Actor = Actors.Mesh, AgentId = "a", Incarnation = 1 }, Origin.Mesh);
            _ = mesh.Engine.ExecuteAsync(new ForgetAgent { Actor = Actors.Mesh, AgentId = "a" }, Origin.Mesh); // frees 0
            _ = mesh.Engine.ExecuteAsync(
                new DeclareAgent { Actor = Actors.Mesh, AgentId = "f", Profile = new Profile { ParentId = "e" } }, Origin.Mesh); // 0
        }

        await mesh.SettleAsync();
        Assert.Equal((0, 2, 3), (Number("f"), Number("c"), Number("e")));
        Assert.Equal(("d", -1), (mesh.State.Find("e")!.Agent.OrphanedFrom, mesh.State.Find("e")!.Agent.Parent));
        var store = mesh.Service<Server.Store.MeshStore>();
        var memory = Engine.Projection.OfMemory(mesh.State);
        Assert.Equal(memory, Engine.Projection.OfMemory(Engine.Projection.Reloaded(store)));
        Assert.Equal(memory, Engine.Projection.OfMemory(Engine.Projection.Replayed(store).State));
        Engine.Projection.AssertIndexes(mesh.State);

        int Number(string id) => mesh.State.Find(id)!.Agent.Number;
    }

    /// <summary>Forgets one agent and makes another known, which gets its number.</summary>
    private static async Task ReplaceAsync(MeshHost mesh, string old, string with)
    {
        var number = mesh.State.Find(old)!.Agent.Number;
        await ForgetTests.ForgetAsync(mesh, old);
        await mesh.RegisterAsync(with);
        Assert.Equal(number, mesh.State.Find(with)!.Agent.Number);
    }

    private static long Revision(Reply steered) =>
        DirectiveId.TryParse(steered.Json["directive_id"]!.GetValue<string>(), out var revision) ? revision : 0;

    private static List<string> Ids(Reply list) =>
        [.. list.Json["sessions"]!.AsArray().Select(row => row!["agent_id"]!.GetValue<string>())];
}
