using Microsoft.Extensions.AI;
using SessionMesh.Extensions.AI.Tests.Support;
using static SessionMesh.Extensions.AI.Tests.Support.Model;

namespace SessionMesh.Extensions.AI.Tests;

/// <summary>How a run is held, and how it ends.</summary>
public sealed class PauseAndStopTests
{
    [Fact]
    public async Task Pause_HoldsTheNextRequest_UntilTheResume()
    {
        await using var scene = await Scene.BeginAsync();
        using var model = new Model(Calls("work"), Says("over"));
        var run = scene.Client(model).GetResponseAsync("go", scene.Options);
        await scene.WorkBeginsAsync();

        var pause = await scene.Mesh.TellAsync("writer", "pause");
        await Eventually.True(() => scene.Agent.IsPaused, () => "it is to pause");
        await scene.Mesh.BecomesAsync(pause, "delivered");
        scene.LetWork();
        await scene.Mesh.BecomesAsync(pause, "acknowledged");
        Assert.True((bool)(await scene.Mesh.AgentAsync("writer"))["paused"]!);

        // What comes meanwhile is in the request that was held.
        var steer = await scene.Mesh.TellAsync("writer", more: ""","message":"be brief" """);
        Assert.Equal(1, model.Count);
        Assert.False(run.IsCompleted);

        await scene.Mesh.BecomesAsync(await scene.Mesh.TellAsync("writer", "resume"), "acknowledged");
        Assert.Equal("over", (await run).Text);
        Assert.Equal("user: steer be brief", Scene.Short(model.Request(1))[^1]);
        await scene.Mesh.BecomesAsync(steer, "acknowledged");
    }

    [Fact]
    public async Task Stop_CancelsTheRequestUnderWay_AndTheExitIsReported()
    {
        await using var scene = await Scene.BeginAsync();
        using var model = new Model(Hangs());
        var client = scene.Client(model);
        var steer = await scene.SteerAsync("be brief");
        var run = client.GetResponseAsync("go");
        await model.IsAskedAsync(1);

        await scene.Mesh.KillAsync("writer", more: "&reason=enough");

        var stopped = await Assert.ThrowsAsync<OperationCanceledException>(() => run);
        Assert.Equal("agent writer was told to stop: enough", stopped.Message);
        Assert.Equal("enough", (string?)(await scene.Mesh.IsOverAsync("writer"))["last_exit"]!["reason"]);
        Assert.Equal("undeliverable", await scene.Mesh.StateAsync(steer));
        await Assert.ThrowsAsync<OperationCanceledException>(() => client.GetResponseAsync("again"));
        Assert.Equal(1, model.Count);
    }

    [Fact]
    public async Task Force_CancelsTheRequestUnderWay_AndTheExitConfirmsTheDeath()
    {
        await using var scene = await Scene.BeginAsync();
        using var model = new Model(Hangs());
        var run = scene.Client(model).GetResponseAsync("go");
        await model.IsAskedAsync(1);

        await scene.Mesh.KillAsync("writer", grace: null);

        await Assert.ThrowsAsync<OperationCanceledException>(() => run);
        await scene.Mesh.IsOverAsync("writer");
    }

    [Fact]
    public async Task Stop_OfARunThatIsHeld_EndsIt()
    {
        await using var scene = await Scene.BeginAsync();
        using var model = new Model();
        var client = scene.Client(model);
        var pause = await scene.Mesh.TellAsync("writer", "pause");
        await Eventually.True(() => scene.Agent.IsPaused, () => "it is to pause");
        var run = client.GetResponseAsync("go");
        await scene.Mesh.BecomesAsync(pause, "acknowledged");

        await scene.Mesh.KillAsync("writer");

        await Assert.ThrowsAsync<OperationCanceledException>(() => run);
        await scene.Mesh.IsOverAsync("writer");
        Assert.Equal(0, model.Count);
    }

    [Fact]
    public async Task Stop_CancelsAStream()
    {
        await using var scene = await Scene.BeginAsync();
        using var model = new Model(Says("long")) { MidStream = new TaskCompletionSource().Task };
        var first = new TaskCompletionSource();
        var reading = Task.Run(async () =>
        {
            await foreach (var _ in scene.Client(model).GetStreamingResponseAsync("go"))
            {
                first.TrySetResult();
            }
        });
        await first.Task.WaitAsync(Eventually.Bound);

        await scene.Mesh.KillAsync("writer");

        await Assert.ThrowsAsync<OperationCanceledException>(() => reading);
        await scene.Mesh.IsOverAsync("writer");
    }

    [Fact]
    public async Task Stop_WhileAFunctionRuns_IsConfirmedWhenThatHasReturned_AndTheModelIsAskedNoMore()
    {
        await using var scene = await Scene.BeginAsync();
        using var model = new Model(Calls("work"), Says("over"));
        var run = scene.Client(model).GetResponseAsync("go", scene.Options);
        await scene.WorkBeginsAsync();

        await scene.Mesh.KillAsync("writer");
        await Eventually.True(() => scene.Agent.Stopping.IsCancellationRequested, () => "it is told");
        await Task.Delay(50);
        Assert.Equal("stopping", (string?)(await scene.Mesh.AgentAsync("writer"))["status"]);

        scene.LetWork();
        await Assert.ThrowsAsync<OperationCanceledException>(() => run);
        await scene.Mesh.IsOverAsync("writer");
        Assert.Equal(1, model.Count);
    }

    [Fact]
    public async Task Stop_BeforeTheModelCallsForFunctions_CallsNone()
    {
        await using var scene = await Scene.BeginAsync();
        var answer = new TaskCompletionSource();
        using var model = new Model(async _ =>
        {
            await answer.Task; // deaf to the stop
            return await Calls("look")(default);
        });
        var run = scene.Client(model).GetResponseAsync("go", scene.Options);
        await model.IsAskedAsync(1);

        await scene.Mesh.KillAsync("writer");
        await Eventually.True(() => scene.Agent.Stopping.IsCancellationRequested, () => "it is told");
        answer.SetResult();

        await Assert.ThrowsAsync<OperationCanceledException>(() => run);
        await scene.Mesh.IsOverAsync("writer");
        Assert.Equal(1, model.Count);
    }

    [Fact]
    public async Task Stop_OfAnAgentAtRest_IsConfirmedAtOnce()
    {
        await using var scene = await Scene.BeginAsync();
        using var model = new Model(Says("over"));
        await scene.Client(model).GetResponseAsync("go");

        await scene.Mesh.KillAsync("writer");

        await scene.Mesh.IsOverAsync("writer");
    }

    /// <summary>Nobody brings the result of what its model called for any more.</summary>
    [Fact]
    public async Task Stop_AfterARunThatWasGivenUp_WaitsForNothing()
    {
        await using var scene = await Scene.BeginAsync();
        using var model = new Model(Calls("work"));
        await scene.SteerAsync("be brief");
        await model.AsBuilder().UseSessionMesh(scene.Agent).Build().GetResponseAsync("go");
        await Task.Yield();
        GC.Collect();

        await scene.Mesh.KillAsync("writer");

        await scene.Mesh.IsOverAsync("writer");
    }

    [Fact]
    public async Task Stop_OfAnAgentThatDoesMore_IsConfirmedByItsOwner()
    {
        await using var scene = await Scene.BeginAsync();
        using var model = new Model(Hangs());
        var run = scene.Client(model, reportsExit: false).GetResponseAsync("go");
        await model.IsAskedAsync(1);

        await scene.Mesh.KillAsync("writer");
        await Assert.ThrowsAsync<OperationCanceledException>(() => run);
        await Task.Delay(50);
        Assert.Equal("stopping", (string?)(await scene.Mesh.AgentAsync("writer"))["status"]);

        await scene.Agent.ExitAsync();
        await scene.Mesh.IsOverAsync("writer");
    }

    [Fact]
    public async Task Functions_AreProgress_AndTheRowSaysWhatItDoes()
    {
        await using var scene = await Scene.BeginAsync();
        using var model = new Model(Calls("look", "look"), Calls("work"), Says("over"));
        var client = scene.Client(model);
        await scene.Mesh.AgentAsync("writer", row => (string?)row["activity"] == "idle", "rests");

        var run = client.GetResponseAsync("go", scene.Options);
        await scene.WorkBeginsAsync();
        await SaysAsync("working 2 work");

        scene.LetWork();
        await run;
        await SaysAsync("waiting 3 work");

        Task SaysAsync(string what) => scene.Mesh.AgentAsync(
            "writer", row => $"{row["activity"]} {row["progress"]} {row["note"]}" == what, "says " + what);
    }
}
