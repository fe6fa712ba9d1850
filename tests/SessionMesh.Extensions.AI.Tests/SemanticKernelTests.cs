using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;
using SessionMesh.Extensions.AI.Tests.Support;
using static SessionMesh.Extensions.AI.Tests.Support.Model;

namespace SessionMesh.Extensions.AI.Tests;

/// <summary>A real Semantic Kernel, whose functions the model calls for.</summary>
public sealed class SemanticKernelTests
{
    [Fact]
    public async Task Kernel_IsSteeredBetweenToolCalls_AndStopped()
    {
        await using var scene = await Scene.BeginAsync();
        using var model = new Model(Calls("hands_work"), Calls("hands_work"), Says("over"));
        var builder = Kernel.CreateBuilder();
        builder.Services.AddSingleton(
            model.AsBuilder().UseKernelFunctionInvocation().UseSessionMesh(scene.Agent).Build());
        builder.Plugins.AddFromFunctions("hands", scene.Options.Tools!.OfType<AIFunction>().Select(tool => tool.AsKernelFunction()));
        var settings = new PromptExecutionSettings { FunctionChoiceBehavior = FunctionChoiceBehavior.Auto() };
        var run = builder.Build().InvokePromptAsync("go", new(settings));
        await scene.WorkBeginsAsync();

        var steer = await scene.SteerAsync("be brief");
        scene.LetWork();
        await scene.WorkBeginsAsync();
        await scene.Mesh.BecomesAsync(steer, "acknowledged");
        Assert.Equal("user: steer be brief", Scene.Short(model.Request(1))[^1]);

        await scene.Mesh.KillAsync("writer");
        await Eventually.True(() => scene.Agent.Stopping.IsCancellationRequested, () => "it is told");
        scene.LetWork();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        await scene.Mesh.IsOverAsync("writer");
        Assert.Equal(2, model.Count);
    }
}
