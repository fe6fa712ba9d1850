using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Steering;

/// <summary>A directive is over at its deadline, to the millisecond, however long the log takes to say so.</summary>
public sealed class DirectiveExpiryTests
{
    private static readonly string s_expired = Directive(3, "a", 1, ttl: 5, differs: $"\"state\":\"expired\",\"ended_at\":\"{At(5)}\"");

    [Fact]
    public async Task Read_FromTheDeadlineOn_ShowsExpiredBeforeTheLogSaysIt_AndTheSameAfterwards()
    {
        await using var mesh = await SteeredAsync();
        mesh.Time.Suspend(TimeSpan.FromMilliseconds(4999));
        (await mesh.GetAsync("directives/d-3")).ShouldBe(200, Directive(3, "a", 1, ttl: 5));
        mesh.Time.Suspend(TimeSpan.FromMilliseconds(1));
        Assert.Equal(3, mesh.Revision); // no tick came: the log has not said it
        await ReadsExpiredAsync(mesh);
        await mesh.AdvanceAsync(2);
        Assert.Equal(["directive.expired"], await mesh.KindsAsync(after: 3));
        await ReadsExpiredAsync(mesh);
        await mesh.RestartAsync();
        await ReadsExpiredAsync(mesh);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ack_AfterTheDeadline_IsAnsweredAsForAnExpiredOne(bool swept)
    {
        await using var mesh = await OverAsync(swept);
        var revision = mesh.Revision;
        (await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""")).ShouldBeProblemWithoutId(409, "ack_conflict");
        (await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"rejected"}""")).ShouldBeProblemWithoutId(409, "ack_conflict");
        (await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"accepted"}""")).ShouldBe(200, s_expired);
        (await mesh.PostAsync("agents/a/heartbeat", """{"acks":[{"seq":1,"state":"acknowledged"}]}"""))
            .ShouldBe(200, """{"agent_id":"a","incarnation":1,"epoch":1,"ttl":60,"next_heartbeat_in":"#16..20","directives":[]}""");
        Assert.Equal(revision, mesh.Revision);
        Assert.Null((await mesh.GetAsync("agents/a")).Json["direction"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cancel_AfterTheDeadline_FindsItOver(bool swept)
    {
        await using var mesh = await OverAsync(swept);
        (await mesh.DeleteAsync("directives/d-3")).ShouldBeRefused(409, "directive_over");
        (await mesh.GetAsync("directives/d-3")).ShouldBe(200, s_expired);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AgentEnds_AfterTheDeadline_WhatHadExpiredStaysExpired(bool swept)
    {
        await using var mesh = await OverAsync(swept);
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":0}""");
        (await mesh.GetAsync("directives/d-3")).ShouldBe(200, s_expired);
    }

    [Fact]
    public async Task Steer_InboxFullOfWhatHasExpired_HasRoom()
    {
        await using var mesh = await SteeredAsync();
        for (var i = 1; i < 1000; i++)
        {
            await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","ttl":5}""");
        }

        (await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","ttl":5}""")).ShouldBeRefused(429, "inbox_full");
        mesh.Time.Suspend(TimeSpan.FromSeconds(5));
        Assert.Equal(200, (await mesh.SteerAsync("a")).Status);
    }

    [Fact]
    public async Task Wait_DirectiveExpiresMeanwhile_IsAnsweredAtItsDeadline()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var waiting = mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","ttl":5,"wait":"acknowledged","wait_seconds":60}""");
        await mesh.Time.ArmedAsync(TimeSpan.FromSeconds(5));
        await using (await HeldEngine.HoldAsync(mesh)) // the log cannot say it
        {
            mesh.Time.Advance(TimeSpan.FromSeconds(5));
            (await waiting).ShouldBe(200, s_expired);
        }
    }

    private static async Task ReadsExpiredAsync(MeshHost mesh)
    {
        (await mesh.GetAsync("directives/d-3")).ShouldBe(200, s_expired);
        (await mesh.GetAsync("agents/a/directives/history")).ShouldBe(200, $$"""{"directives":[{{s_expired}}],"next_cursor":null}""");
        (await mesh.GetAsync("agents/a/directives")).ShouldBe(200, """{"directives":[]}""");
    }

    private static async Task<MeshHost> SteeredAsync()
    {
        var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","ttl":5}""");
        return mesh;
    }

    private static async Task<MeshHost> OverAsync(bool swept)
    {
        var mesh = await SteeredAsync();
        if (swept)
        {
            await mesh.AdvanceAsync(6);
        }
        else
        {
            mesh.Time.Suspend(TimeSpan.FromSeconds(5.5));
        }

        return mesh;
    }
}
