using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Http;

/// <summary>A write says which revision it made, and a read waits for one.</summary>
public sealed class MinRevisionTests
{
    [Fact]
    public async Task Write_SaysItsRevision_AndAReadThatAsksForItIsAnswered()
    {
        await using var mesh = await MeshHost.StartAsync();
        var written = await mesh.RegisterAsync("a");
        Assert.Equal($"{mesh.Revision}", written.Headers["X-Mesh-Revision"]);
        (await mesh.GetAsync($"agents/a?min_revision={mesh.Revision}")).ShouldBeOk();
        (await mesh.GetAsync("alive?min_revision=0&limit=1")).ShouldBeOk();
    }

    [Fact]
    public async Task Read_OfARevisionThatComes_IsAnsweredThen_AndOfOneThatDoesNotIsBehind()
    {
        await using var mesh = await MeshHost.StartAsync();
        var read = mesh.GetAsync($"agents/a?min_revision={mesh.Revision + 1}");
        await mesh.RegisterAsync("a");
        (await read).ShouldBeOk();

        var never = mesh.GetAsync($"alive?min_revision={mesh.Revision + 1}");
        var behind = await mesh.AdvanceUntilAsync(never, 1);
        behind.ShouldBeRefused(503, "behind");
        Assert.Equal("1", behind.Headers["Retry-After"]);
    }

    [Theory]
    [InlineData("alive?min_revision=x")]
    [InlineData("alive?min_revision=-1")]
    [InlineData("alive?min_revision=")]
    [InlineData("alive?min_revision=1&min_revision=2")]
    public async Task Read_OfNoRevision_IsRefused(string path)
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.GetAsync(path)).ShouldBeRefused(400, "invalid_request");
    }

    [Fact]
    public async Task Read_WithoutAKey_IsUnauthenticated_WhateverItAsksFor()
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.GetAsync("alive?min_revision=x", "")).ShouldBeRefused(401, "unauthenticated");
    }
}
