using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Agents;

public sealed class HeartbeatTests
{
    [Fact]
    public async Task Heartbeat_EveryMember_IsShownAndIsNoChange()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.AdvanceAsync(3);
        (await mesh.PostAsync("agents/a/heartbeat", """
            {"incarnation":1,"activity":"working","load":0.1,"progress":1234567.125,"progress_interval":30,"note":"<b>&\n\"\u0001"}
            """))
            .ShouldBe(200, """{"agent_id":"a","incarnation":1,"epoch":1,"ttl":60,"next_heartbeat_in":"#16..20","directives":[]}""");
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2, heardAt: 3, differs: $$"""
            "activity":"working","load":0.1,"progress":1234567.125,"progress_interval":30,"note":"<b>&\n\"\u0001",
            "last_progress_at":"{{At(3)}}"
            """));
        Assert.Equal(2, mesh.Revision);
    }

    [Fact]
    public async Task Heartbeat_WhatItLeavesOut_StaysAsItWasSaid()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.PostAsync("agents/a/heartbeat", """{"activity":"idle","load":1,"progress":5,"progress_interval":30,"note":"n"}""");
        await mesh.AdvanceAsync(1);
        await mesh.PostAsync("agents/a/heartbeat", """{"progress_interval":0}""");
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2, heardAt: 1, differs: $$"""
            "activity":"idle","load":1,"progress":5,"progress_interval":null,"note":"n","last_progress_at":"{{At(0)}}"
            """));
    }

    [Fact]
    public async Task Heartbeat_CarriesWhatIsPendingInOrder_AndTakesAcks()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.SteerAsync("a");
        await mesh.PostAsync("steer", """{"agent_id":"a","verb":"pause"}""");
        (await mesh.PostAsync("agents/a/heartbeat")).ShouldBe(200, $$"""
            {"agent_id":"a","incarnation":1,"epoch":1,"ttl":60,"next_heartbeat_in":"#16..20","directives":[
              {{Directive(3, "a", 1)}},
              {{Directive(4, "a", 2, differs: "\"verb\":\"pause\",\"direction\":null")}}]}
            """);
        await mesh.ChangeAsync("directive.delivered", "a", after: 5);
        await mesh.AdvanceAsync(2);
        var paused = Directive(4, "a", 2, differs: $$"""
            "verb":"pause","direction":null,"state":"accepted","delivered_at":"{{At(0)}}","accepted_at":"{{At(2)}}"
            """);
        (await mesh.PostAsync("agents/a/heartbeat", """
            {"incarnation":1,"acks":[{"seq":1,"state":"acknowledged","note":"done"},{"seq":2,"state":"accepted"},
             {"seq":3,"state":"rejected"}]}
            """))
            .ShouldBe(200, $$"""
            {"agent_id":"a","incarnation":1,"epoch":1,"ttl":60,"next_heartbeat_in":"#16..20",
             "directives":[{{paused}}],"refused_acks":[{"seq":3,"code":"directive_not_found","detail":"*"}]}
            """);
        (await mesh.GetAsync("agents/a"))
            .ShouldBe(200, Detail("a", session: 2, heardAt: 2, differs: "\"direction\":\"north\",\"pending\":1"));
        (await mesh.PostAsync("agents/a/heartbeat", """{"acks":[{"seq":2,"state":"acknowledged"},{"seq":1,"state":"acknowledged"}]}"""))
            .ShouldBe(200, """{"agent_id":"a","incarnation":1,"epoch":1,"ttl":60,"next_heartbeat_in":"#16..20","directives":[]}""");
        (await mesh.GetAsync("agents/a"))
            .ShouldBe(200, Detail("a", session: 2, heardAt: 2, differs: "\"direction\":\"north\",\"paused\":true"));
    }

    [Fact]
    public async Task Heartbeats_EachStandsForItself()
    {
        await using var mesh = await MeshHost.StartAsync();
        foreach (var id in new[] { "a", "b", "123", "dead" })
        {
            await mesh.RegisterAsync(id);
        }

        await mesh.PostAsync("agents", """{"agent_id":"declared","declare":true}""");
        await mesh.DeleteAsync("agents/dead?force=true");
        await mesh.PostAsync("steer", """{"agent_id":"b","direction":"north"}""");
        await mesh.AdvanceAsync(10);
        (await mesh.PostAsync("heartbeats", """
            {"agents":["a",{"agent_id":"b","incarnation":1,"activity":"waiting","load":0.75,"progress":2,"progress_interval":9,"note":"n"},
             123,"nobody","dead","declared",{"agent_id":"a","incarnation":2}]}
            """)).ShouldBe(200, """
            {"epoch":1,"accepted":3,"refused":[{"agent_id":"nobody","code":"agent_not_found"},{"agent_id":"dead","code":"tombstoned"},
              {"agent_id":"declared","code":"no_session"},{"agent_id":"a","code":"unknown_incarnation"}],"pending":["b"]}
            """);
        (await mesh.GetAsync("agents/b")).ShouldBe(200, Detail("b", session: 3, heardAt: 10, differs: $$"""
            "activity":"waiting","load":0.75,"progress":2,"progress_interval":9,"note":"n","last_progress_at":"{{At(10)}}","pending":1
            """));
        (await mesh.GetAsync("agents/123")).ShouldBe(200, Detail("123", session: 4, heardAt: 10));
    }

    [Fact]
    public async Task Heartbeats_RevivesWhoWasGivenUp()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.AdvanceAsync(121);
        (await mesh.PostAsync("heartbeats", """{"agents":[{"agent_id":"a","note":"back"}]}"""))
            .ShouldBe(200, """{"epoch":1,"accepted":1,"refused":[],"pending":[]}""");
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2, heardAt: 121, differs: "\"note\":\"back\""));
    }

    [Theory]
    [InlineData("1e999")]
    [InlineData("-1e999")]
    public async Task Heartbeat_ProgressThatIsNoFiniteNumber_IsRefusedAndEveryListStaysReadable(string progress)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        Assert.Equal(400, (await mesh.PostAsync("agents/a/heartbeat", $$"""{"progress":{{progress}}}""")).Status);
        Assert.Equal(400, (await mesh.PostAsync("heartbeats", $$"""{"agents":[{"agent_id":"a","progress":{{progress}}}]}""")).Status);
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2));
    }

    [Fact]
    public async Task Heartbeats_CarryAcksToo_AndSayWhichWereRefused()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        await mesh.SteerAsync("a");
        await mesh.PostAsync("steer", """{"agent_id":"b","direction":"north"}""");
        (await mesh.PostAsync(
            "heartbeats", """{"agents":[{"agent_id":"a","acks":[{"seq":1,"state":"acknowledged"},{"seq":2,"state":"accepted"}]},"b"]}"""))
            .ShouldBe(200, """
                {"epoch":1,"accepted":2,"refused":[],"pending":["b"],
                 "refused_acks":{"a":[{"seq":2,"code":"directive_not_found","detail":"*"}]}}
                """);
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2, differs: "\"direction\":\"north\""));
    }
}
