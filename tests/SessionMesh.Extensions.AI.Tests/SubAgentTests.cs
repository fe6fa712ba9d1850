using Microsoft.Extensions.AI;
using SessionMesh.Client;
using SessionMesh.Extensions.AI.Tests.Support;
using static SessionMesh.Extensions.AI.Tests.Support.Model;

namespace SessionMesh.Extensions.AI.Tests;

/// <summary>A sub-agent that is a function of another.</summary>
public sealed class SubAgentTests
{
    [Fact]
    public async Task SubAgent_RegistersBelowItsCaller_IsSteeredByItself_AndEndsWithItsRun()
    {
        await using var scene = await Scene.BeginAsync();
        using var outer = new Model(Calls("research"), Says("over"));
        using var inner = new Model(Calls("work"), Says("found"));
        var run = scene.Client(outer).GetResponseAsync("write", Offering(SubAgent(scene, inner)));
        await scene.WorkBeginsAsync();

        var row = await scene.Mesh.AgentAsync("writer.research", row => (string?)row["activity"] == "working", "works");
        Assert.Equal(("alive", "writer"), ((string?)row["status"], (string?)row["parent_id"]));
        var steer = await scene.SteerAsync("only books", "writer.research");
        scene.LetWork();

        Assert.Equal("over", (await run).Text);
        Assert.Equal(
            ["user: research", "assistant: calls work", "tool: brings worked", "user: steer only books"], Scene.Short(inner.Request(1)));
        Assert.Equal("tool: brings found", outer.Request(1)[^1]);
        await scene.Mesh.IsOverAsync("writer.research");
        Assert.Equal("acknowledged", await scene.Mesh.StateAsync(steer));
        Assert.Equal("alive", (string?)(await scene.Mesh.AgentAsync("writer"))["status"]);
    }

    /// <summary>What its caller is told is not for it.</summary>
    [Fact]
    public async Task SubAgent_OverTheClientOfItsCaller_IsItself()
    {
        await using var scene = await Scene.BeginAsync();
        using var model = new Model(Calls("research"), Calls("work"), Says("found"), Says("over"));
        var client = scene.Client(model);
        var research = client.AsBuilder().ConfigureOptions(options => options.Tools = scene.Options.Tools).Build();
        var run = client.GetResponseAsync("write", Offering(research));
        await scene.WorkBeginsAsync();

        var (steer, below) = (await scene.SteerAsync("be brief"), await scene.SteerAsync("only books", "writer.research"));
        scene.LetWork();

        Assert.Equal("over", (await run).Text);
        Assert.Equal(
            ["user: research", "assistant: calls work", "tool: brings worked", "user: steer only books"], Scene.Short(model.Request(2)));
        Assert.Equal(
            ["user: write", "assistant: calls research", "tool: brings found", "user: steer be brief"], Scene.Short(model.Request(3)));
        await scene.Mesh.IsOverAsync("writer.research");
        await scene.Mesh.BecomesAsync(steer, "acknowledged");
        await scene.Mesh.BecomesAsync(below, "acknowledged");
    }

    /// <summary>A function may ask for an agent of its own, whoever's model has called it.</summary>
    [Fact]
    public async Task AgentOfItsOwn_WithinAFunction_StaysThat()
    {
        await using var scene = await Scene.BeginAsync();
        await using var other = await MeshAgent.ConnectAsync(new MeshAgentOptions { AgentId = "other", Client = scene.Mesh.Options });
        using var outer = new Model(Calls("research"), Says("over"));
        using var inner = new Model(Says("found"));
        await scene.Mesh.TellAsync("other", more: ""","message":"only books" """);
        await scene.HasComeAsync("other");

        await scene.Client(outer).GetResponseAsync("write", Offering(inner.AsBuilder().UseSessionMesh(other).Build()));

        Assert.Equal(["user: research", "user: steer only books"], Scene.Short(inner.Request(0)));
        Assert.Equal(["other", "writer"], await AliveAsync(scene));
    }

    [Fact]
    public async Task SubAgent_ThatIsCalledAgain_IsTheNextIncarnation_AndTwoAtATimeAreTwo()
    {
        await using var scene = await Scene.BeginAsync();
        using var outer = new Model(Calls("research"), Calls("research", "research"), Says("over"));
        using var inner = new Model(Says("found"), Calls("work"), Calls("work"), Says("found"), Says("found"));
        var client = outer.AsBuilder().UseFunctionInvocation(configure: functions => functions.AllowConcurrentInvocation = true)
            .UseSessionMesh(scene.Agent).Build();
        var run = client.GetResponseAsync("write", Offering(SubAgent(scene, inner)));

        await inner.IsAskedAsync(3);
        var ids = await AliveAsync(scene);
        Assert.Equal(["writer", "writer.research", "writer.research-2"], ids);
        Assert.Equal(2, (int)(await scene.Mesh.AgentAsync("writer.research"))["incarnation"]!);
        await scene.WorkBeginsAsync(2);
        scene.LetWork();

        await run;
        await scene.Mesh.IsOverAsync("writer.research");
        await scene.Mesh.IsOverAsync("writer.research-2");
    }

    [Fact]
    public async Task SubAgent_ThatIsStoppedAlone_FailsAsAFunction_AndItsCallerGoesOn()
    {
        await using var scene = await Scene.BeginAsync();
        using var outer = new Model(Calls("research"), Says("over"));
        using var inner = new Model(Hangs());
        var run = scene.Client(outer).GetResponseAsync("write", Offering(SubAgent(scene, inner)));
        await inner.IsAskedAsync(1);

        await scene.Mesh.KillAsync("writer.research");

        Assert.Equal("over", (await run).Text);
        Assert.Equal("tool: brings Error: Function failed.", outer.Request(1)[^1]);
        await scene.Mesh.IsOverAsync("writer.research");
        Assert.False(scene.Agent.Stopping.IsCancellationRequested);
    }

    /// <summary>Each hears of it by itself: the caller may be asking again when its turn comes.</summary>
    [Fact]
    public async Task Stop_OfTheCaller_StopsTheSubAgent_AndBothAreConfirmed()
    {
        await using var scene = await Scene.BeginAsync();
        using var outer = new Model(Calls("research"), Hangs());
        using var inner = new Model(Hangs());
        var run = scene.Client(outer).GetResponseAsync("write", Offering(SubAgent(scene, inner)));
        await inner.IsAskedAsync(1);

        await scene.Mesh.KillAsync("writer");

        await Assert.ThrowsAsync<OperationCanceledException>(() => run);
        await scene.Mesh.IsOverAsync("writer.research");
        await scene.Mesh.IsOverAsync("writer");
    }

    [Fact]
    public async Task SubAgent_WhoseModelFails_HasEnded()
    {
        await using var scene = await Scene.BeginAsync();
        using var outer = new Model(Calls("research"), Says("over"));
        using var inner = new Model(Fails("overloaded"));

        Assert.Equal("over", (await scene.Client(outer).GetResponseAsync("write", Offering(SubAgent(scene, inner)))).Text);

        await scene.Mesh.IsOverAsync("writer.research");
    }

    [Fact]
    public async Task SubAgent_OfNobodyInTheMesh_WorksWithout()
    {
        await using var scene = await Scene.BeginAsync();
        using var outer = new Model(Calls("research"), Says("over"));
        using var inner = new Model(Says("found"), Says("alone"));
        var research = SubAgent(scene, inner);

        Assert.Equal("over", (await outer.AsBuilder().UseFunctionInvocation().Build().GetResponseAsync("write", Offering(research))).Text);
        Assert.Equal("alone", (await research.GetResponseAsync("alone")).Text);

        Assert.Equal(["writer"], await AliveAsync(scene));
    }

    [Fact]
    public async Task SubAgent_ThatMayNotBeRegistered_WorksWithout_AndTheLogSaysSo()
    {
        var log = new List<string>();
        await using var mesh = await RealMesh.StartAsync();
        await mesh.CallAsync(HttpMethod.Post, "agents", """{"agent_id":"writer"}""");
        var key = await mesh.MintAsync("""{"agent_id":"writer"}""");
        await using var agent = await MeshAgent.ConnectAsync(
            new MeshAgentOptions { Client = mesh.Options with { Token = key }, Takeover = true, Log = log.Add });
        using var outer = new Model(Calls("research"), Says("over"));
        using var inner = new Model(Says("found"));
        var research = inner.AsBuilder().UseFunctionInvocation().UseSessionMeshSubAgent().Build();
        var client = outer.AsBuilder().UseFunctionInvocation().UseSessionMesh(agent).Build();

        Assert.Equal("over", (await client.GetResponseAsync("write", Offering(research))).Text);

        Assert.Contains(log, line => line.StartsWith("sub-agent writer.research works without the mesh: ", StringComparison.Ordinal));
        Assert.Null(await mesh.CallAsync(HttpMethod.Get, "agents/writer.research"));
    }

    private static IChatClient SubAgent(Scene scene, Model model) => model.AsBuilder()
        .ConfigureOptions(options => options.Tools = scene.Options.Tools)
        .UseFunctionInvocation().UseSessionMeshSubAgent(new() { Specializations = ["looking-up"] }).Build();

    /// <summary>The sub-agent as a function, as frameworks make one of it.</summary>
    private static ChatOptions Offering(IChatClient research) => new()
    {
        Tools =
        [
            AIFunctionFactory.Create(
                async (CancellationToken cancellation) =>
                    (await research.GetResponseAsync("research", cancellationToken: cancellation)).Text,
                "research"),
        ],
    };

    private static async Task<List<string>> AliveAsync(Scene scene)
    {
        var rows = (await scene.Mesh.CallAsync(HttpMethod.Get, "alive"))!["sessions"]!.AsArray();
        return [.. rows.Select(row => (string)row!["agent_id"]!).Order(StringComparer.Ordinal)];
    }
}
