using Microsoft.Extensions.Hosting;
using SessionMesh.Core.Audit;
using SessionMesh.Server.Admin;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Hosting;
using SessionMesh.Server.Push;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Hosting;

/// <summary>What runs by itself, and in which order it starts and stops.</summary>
public sealed class StopTests
{
    [Fact]
    public async Task WhatRuns_StartsBeforeTheServerListens_TheEngineFirst()
    {
        await using var mesh = await MeshHost.StartAsync();
        var order = mesh.Service<IEnumerable<IHostedService>>().Select(service => service.GetType().Name).ToList();
        string[] expected =
        [
            nameof(MeshEngine), nameof(RootKeyStart), nameof(MeshGauges), nameof(LeaseKeeper), nameof(Compactor), nameof(Shutdown),
            "GenericWebHostService",
        ];
        Assert.Equal(expected, order.Intersect(expected));
        Assert.Equal("GenericWebHostService", order[^1]);
    }

    [Fact]
    public async Task Stop_CallThatIsQueued_IsAnswered_AndWhatComesAfterwardsIsRefused()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        Task<Reply> steer;
        Task stopping;
        await using (var held = await HeldEngine.HoldAsync(mesh))
        {
            steer = mesh.PostAsync("steer", """{"agent_id":"a","direction":"d"}""");
            await held.WaitingAsync(1);
            stopping = mesh.BeginStop();
            Assert.False(stopping.IsCompleted);
        }

        Assert.Equal(200, (await steer).Status);
        await stopping;
        var late = await mesh.Engine.ExecuteAsync(new EmptyTurn { Actor = Actors.Mesh }, Origin.Mesh);
        Assert.False(late.Succeeded);
    }
}
