using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using SessionMesh.Contracts;
using SessionMesh.Server.Auth;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Admin;

/// <summary><c>/livez</c>, <c>/readyz</c> and <c>/status</c>.</summary>
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
    public async Task Status_SaysWhichServerThisIs_AndHowManyAgentsThereAre()
    {
        await using var mesh = await MeshHost.StartAsync();
        foreach (var id in (string[])["a", "b", "c", "d"])
        {
            await mesh.RegisterAsync(id, more: id is "d" ? ",\"parent_id\":\"a\"" : "");
        }

        foreach (var id in (string[])["b", "c", "d"])
        {
            await ObeyAsync(mesh, id, "pause");
        }

        await mesh.DeleteAsync("agents/b?force=true");

        (await mesh.GetAsync("status")).ShouldBe(200, Status(
            mesh, """{"known":4,"alive":3,"paused":2,"suspect":0,"stopping":0,"lost":0,"dead":1,"declared":0}"""));
        await ObeyAsync(mesh, "c", "resume");
        await mesh.DeleteAsync("agents/a?force=true");
        (await mesh.GetAsync("status")).ShouldBe(200, Status(
            mesh, """{"known":4,"alive":1,"paused":0,"suspect":0,"stopping":0,"lost":0,"dead":3,"declared":0}"""));
    }

    [Theory]
    [InlineData("""{"scopes":["steer"]}""", false)]
    [InlineData("""{"scopes":["mesh:read"],"within":["cluster:x"]}""", false)]
    [InlineData("""{"scopes":["mesh:read"]}""", true)]
    public async Task Status_CountsForThoseWhoMayListAllAgents(string key, bool counts)
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.GetAsync("status", await mesh.MintAsync(key));
        reply.ShouldBe(200, Status(mesh, counts
            ? """{"known":0,"alive":0,"paused":0,"suspect":0,"stopping":0,"lost":0,"dead":0,"declared":0}""" : "null"));
    }

    [Fact]
    public async Task Status_EngineThatHangs_IsBusy()
    {
        await using var mesh = await MeshHost.StartAsync();
        await using (await HeldEngine.HoldAsync(mesh))
        {
            var status = mesh.GetAsync("status");
            await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(2));
            mesh.Time.Advance(TimeSpan.FromSeconds(2));
            Assert.Equal((200, "busy"), ((await status).Status, (await status).Json["status"]!.GetValue<string>()));
        }
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

    private static async Task ObeyAsync(MeshHost mesh, string id, string verb)
    {
        var told = (await mesh.PostAsync("steer", $$"""{"agent_id":"{{id}}","verb":"{{verb}}"}""")).ShouldBeOk().Json["seq"];
        (await mesh.PostAsync($"agents/{id}/directives/{told}/ack", """{"state":"acknowledged"}""")).ShouldBeOk();
    }

    private static string Status(MeshHost mesh, string agents) =>
        $$"""
        {"version":"0.1.0","status":"ready","epoch":1,"revision":{{mesh.Revision}},"expiry_slowed":false,"reserve_in_use":false,
         "agents":{{agents}}}
        """;
}
