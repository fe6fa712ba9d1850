using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using SessionMesh.Contracts;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Admin;

/// <summary><c>/livez</c> and <c>/readyz</c>.</summary>
public sealed class HealthTests
{
    [Fact]
    public async Task Health_SaysHowTheMeshStands()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        await mesh.DeleteAsync("agents/b?force=true");
        Assert.Equal("ok\n", (await mesh.GetAsync("~/livez", key: "")).Text);
        (await mesh.GetAsync("~/readyz", key: ""))
            .ShouldBe(200, $$"""
                {"status":"ready","revision":{{mesh.Revision}},"agents":2,"alive":1,"expiry_slowed":false,"reserve_in_use":false}
                """);
    }

    [Fact]
    public async Task Health_EngineThatHangs_IsNotReady_ButLives()
    {
        await using var mesh = await MeshHost.StartAsync();
        await using (await HeldEngine.HoldAsync(mesh))
        {
            var ready = mesh.GetAsync("~/readyz", key: "");
            await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(2));
            mesh.Time.Advance(TimeSpan.FromSeconds(2));
            Assert.Equal(503, (await ready).Status);
            Assert.Equal("busy", (await ready).Json["status"]!.GetValue<string>());
            Assert.Equal(200, (await mesh.GetAsync("~/livez", key: "")).Status);
        }

        Assert.Equal(200, (await mesh.GetAsync("~/readyz", key: "")).Status);
    }
}
