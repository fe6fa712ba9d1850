using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Agents.Openclaw;

/// <summary>OpenClaw's plugin, fed with what OpenClaw really gives its hooks: which agents there are, and what becomes of them.</summary>
public sealed class PluginTests
{
    private const string Main = PluginScene.Main;

    [Fact]
    public async Task EverySample_IsTaken_AndItsSessionIsInTheMesh()
    {
        await using var host = await PluginHost.StartAsync(hold: 100);
        foreach (var file in Directory.EnumerateFiles(PluginHost.Samples).Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(file).Split('.');
            var input = await File.ReadAllTextAsync(file);
            var taken = name[0] switch
            {
                "agentEvent" => host.RunAsync(input),
                "agentToolResultMiddleware" => host.ResultAsync(input),
                "gateway_stop" => Task.CompletedTask,
                var hook => host.HookAsync(hook, input),
            };
            await taken;
        }

        await host.AgentAsync("openclaw-1eebb62e");
        Assert.Equal("ok", (await host.LedgerAsync()).Text("outcome"));
        Assert.DoesNotContain("unhandled", host.Printed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASession_IsAnAgent_BelowTheGateway_UntilItEnds()
    {
        await using var host = await PluginHost.StartAsync();
        await host.HookAsync("session_start", PluginHost.Sample("session_start"));
        var row = (await host.AgentAsync(Main)).Json;
        Assert.Equal(host.GatewayId, row.Text("parent_id"));
        Members.Equal("""["main"]""", row.GetProperty("specializations"));
        Members.Equal(
            $$"""{"agent": "openclaw", "project": "project", "host": "{{Environment.MachineName}}"}""", row.GetProperty("labels"));

        await host.HookAsync("session_end", PluginHost.Sample("session_end"));
        var ended = await host.AgentAsync(Main, now => now.Text("status") == "dead");
        Assert.Equal("shutdown", ended.Json.GetProperty("last_exit").Text("reason"));
    }

    [Fact]
    public async Task ASubAgent_IsBelowTheSessionThatAskedForIt_WhateverComesFirst()
    {
        await using var host = await PluginHost.StartAsync();
        await host.HookAsync("before_tool_call", PluginHost.Sample("before_tool_call.in-subagent"));
        await host.HookAsync("subagent_spawned", PluginHost.Sample("subagent_spawned"));
        await host.HookAsync(
            "session_start", PluginHost.Sample("session_start", ("agent:main:main", "agent:main:a-sub-parent-abort")));
        var child = (await host.Mesh.Http.GetAsync("alive?label=name=helper&wait=20")).Json.GetProperty("sessions")[0];
        Assert.Matches(@"^openclaw-[0-9a-f]{8}\.07319a7a$", child.Text("agent_id"));
        Assert.Equal(child.Text("agent_id")!.Split('.')[0], child.Text("parent_id"));

        await host.RunAsync(PluginHost.Sample("agentEvent.lifecycle.error.in-subagent"));
        await host.AgentAsync(child.Text("agent_id")!, now => now.Text("status") == "dead");
    }

    [Fact]
    public async Task AnId_ThatAnotherAgentHas_IsMadeLonger()
    {
        await using var host = await PluginHost.StartAsync();
        await host.Mesh.Http.PostAsync("agents", $$"""{"agent_id": "{{Main}}"}""");
        await host.HookAsync("session_start", PluginHost.Sample("session_start"));
        await host.AgentAsync("openclaw-45d27563-9bef");
    }

    [Fact]
    public async Task ASession_ThatNobodyUsedForADay_IsLetGo_AndIsBackWhenItIsUsed()
    {
        await using var host = await PluginHost.StartAsync();
        await host.HookAsync("session_start", PluginHost.Sample("session_start"));
        await host.AgentAsync(Main);
        await host.PassAsync(TimeSpan.FromHours(23));
        await host.HookAsync("message_received", PluginHost.Sample("message_received"));
        await host.PassAsync(TimeSpan.FromHours(23));
        await host.HeardAsync(Main);
        await host.PassAsync(TimeSpan.FromHours(2));
        var gone = await host.AgentAsync(Main, row => row.Text("status") == "dead");
        Assert.Equal("not used for 24 hours", gone.Json.GetProperty("last_exit").Text("reason"));
        Assert.Equal("alive", (await host.AgentAsync(host.GatewayId)).Text("status"));

        await host.HookAsync("session_start", PluginHost.Sample("session_start"));
        await host.AgentAsync(Main, row => row.Text("status") == "alive" && row.Number("incarnation") == 2);
    }

    [Fact]
    public async Task ASession_WithARun_IsKept_HoweverLongItTakes()
    {
        await using var host = await PluginScene.WithRunAsync();
        await host.PassAsync(TimeSpan.FromHours(48));
        await host.HeardAsync(Main);
        Assert.Equal("alive", (await host.AgentAsync(Main)).Text("status"));
    }

    /// <summary>The mesh does not answer: nothing but the time-out of a call ends what waits for it.</summary>
    [Fact]
    public async Task MeshThatHangs_HoldsAResultUpForASecond_AndNoOtherHook()
    {
        await using var host = await PluginScene.WithRunAsync();
        await host.SteerAsync(Main, """ "direction": "east" """);
        await host.HeardAsync(Main);
        await host.HoldMeshAsync("");
        var before = await host.LooksAsync(Main);
        var result = host.ResultAsync(PluginScene.Result());
        await Eventually.True(async () => await host.LooksAsync(Main) > before, () => "it looks for the words");
        Assert.Null(await host.HookAsync("before_tool_call", PluginHost.Sample("before_tool_call")));
        Assert.Null(await host.HookAsync("model_call_started", PluginHost.Sample("model_call_started")));
        await host.PassAsync(TimeSpan.FromMilliseconds(999));
        Assert.False(result.IsCompleted);
        await host.PassAsync(TimeSpan.FromMilliseconds(1));
        Assert.StartsWith("[Session Mesh] The mesh cannot be reached", await result, StringComparison.Ordinal);

        // From then on no result waits for it, and the session is told no more.
        Assert.Null(await host.ResultAsync(PluginScene.Result()));
        Assert.Equal(before + 1, await host.LooksAsync(Main));
        Assert.Equal("slow", (await host.LedgerAsync()).Text("outcome"));
    }

    [Fact]
    public async Task MeshAway_TheSessionIsToldOnce_AndTheWordsComeLate()
    {
        await using var host = await PluginScene.WithRunAsync();
        await host.SteerAsync(Main, """ "direction": "east" """);
        await host.Mesh.Server.KillAsync();
        await Eventually.True(() => host.Printed.Contains("the mesh cannot be reached", StringComparison.Ordinal), () => host.Printed);
        var looks = await host.LooksAsync(Main);
        Assert.Null(await host.HookAsync("before_tool_call", PluginHost.Sample("before_tool_call")));
        Assert.StartsWith(
            "[Session Mesh] The mesh cannot be reached", await host.ResultAsync(PluginScene.Result()), StringComparison.Ordinal);
        Assert.Null(await host.ResultAsync(PluginScene.Result()));
        Assert.Equal(looks, await host.LooksAsync(Main));
        Assert.Equal("unreachable", (await host.LedgerAsync()).Text("outcome"));

        await host.Mesh.Server.StartAsync();
        string? text = null;
        await Eventually.True(
            async () =>
            {
                await host.PassAsync(TimeSpan.FromSeconds(10));
                return (text = await host.ResultAsync(PluginScene.Result())) is not null;
            },
            () => $"the words come late\n{host.Printed}");
        Assert.EndsWith("\nDirection: east", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MeshAway_WhenASessionEnds_IsToldOfItLater()
    {
        await using var host = await PluginScene.WithRunAsync();
        await host.Mesh.Server.KillAsync();
        await host.HookAsync("session_end", PluginHost.Sample("session_end"));
        await Eventually.True(() => host.Printed.Contains("the mesh cannot be reached", StringComparison.Ordinal), () => host.Printed);
        await host.Mesh.Server.StartAsync();
        await host.AgentAsync(Main, row => row.Text("status") == "dead");
    }

    [Fact]
    public async Task TheKey_IsForTheGatewaysAgents_AndNobodyElses()
    {
        await using var host = await PluginScene.WithRunAsync();
        await host.Mesh.Http.PostAsync("agents", """{"agent_id": "other"}""");
        var said = await host.Mesh.DoneAsync("session-mesh hook openclaw --key");
        using var http = new MeshHttp(host.Mesh.Server.Url, said.Json.Text("token")!);
        Assert.Equal(200, (await http.GetAsync($"agents/{Main}")).Status);
        Assert.Equal(404, (await http.GetAsync("agents/other")).Status);
        Assert.Equal(404, (await http.PostAsync("agents/other/exit", """{"incarnation": 1}""")).Status);
        Assert.Equal(403, (await http.PostAsync("steer", $$"""{"agent_id": "{{Main}}", "direction": "east"}""")).Status);
        Assert.Equal(403, (await http.PostAsync("keys", "{}")).Status);
    }
}
