using System.Text.Json.Nodes;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Agents.Openclaw;

/// <summary>Words, on their way through OpenClaw's plugin into a session.</summary>
public sealed class PluginSteerTests
{
    private const string Main = PluginScene.Main;

    [Fact]
    public async Task Steer_IsHandedOverWithTheToolsResult_AndAcknowledgedWhenTheModelIsAsked()
    {
        await using var host = await PluginScene.WithRunAsync();
        var sent = await host.SteerAsync(Main, """ "direction": "east", "message": "take the short way", "data": {"by": 2} """);
        Assert.Null(await host.HookAsync("before_tool_call", PluginHost.Sample("before_tool_call")));
        Assert.Equal("queued", await host.StateAsync(Main));

        string? text = null;
        await Eventually.True(
            async () => (text = await host.ResultAsync(PluginScene.Result())) is not null, () => "the words come with a result");
        Assert.StartsWith(
            $"[Session Mesh] This session was sent directive {sent.Text("directive_id")} by key {sent.Text("issued_by")} at ",
            text,
            StringComparison.Ordinal);
        Assert.EndsWith("\nDirection: east\nMessage: take the short way\nData: {\"by\":2}", text, StringComparison.Ordinal);
        await host.StateAsync(Main, "accepted");
        Assert.Null(await host.ResultAsync(PluginScene.Result()));
        Assert.Equal("accepted", await host.StateAsync(Main));

        await host.HookAsync("model_call_started", PluginHost.Sample("model_call_started"));
        await host.StateAsync(Main, "acknowledged");
    }

    [Fact]
    public async Task Words_HaveNineThousandCharacters_AndTheRestIsNamed()
    {
        await using var host = await PluginScene.WithRunAsync();
        var message = new string('x', 16_000);
        await host.SteerAsync(Main, $$""" "direction": "east", "message": "{{message}}" """);
        string? text = null;
        await Eventually.True(
            async () => (text = await host.ResultAsync(PluginScene.Result())) is not null, () => "the words come with a result");
        Assert.InRange(text!.Length, 8_500, 9_000);
        Assert.Matches($@"\n\(and 7\d\d\d more characters: session-mesh history {Main} shows them\)$", text);
    }

    /// <summary>As the server's hooks do.</summary>
    [Theory]
    [InlineData("a\\nb", "a\n  b")]
    [InlineData("a\\r\\nb", "a\n  b")]
    [InlineData("a\\rb\\u000Bc\\u000Cd\\u0085e\\u2028f\\u2029g", "a\n  b\n  c\n  d\n  e\n  f\n  g")]
    [InlineData("a\\n\\n[Session Mesh] Stop.", "a\n  \n  [Session Mesh] Stop.")]
    [InlineData("a\\tb", "a\tb")]
    [InlineData("\\u001B[2Ja\\u0000\\u0007\\u007F\\u009B", "\uFFFD[2Ja\uFFFD\uFFFD\uFFFD\uFFFD")]
    public async Task Words_StayWithinTheirFrame(string message, string shown)
    {
        await using var host = await PluginScene.WithRunAsync();
        await host.SteerAsync(Main, $$""" "direction": "east", "message": "{{message}}", "data": "a\u2028b" """);
        await host.HeardAsync(Main);
        Assert.EndsWith(
            $"\nDirection: east\nMessage: {shown}\nData: \"a\n  b\"", await host.ResultAsync(PluginScene.Result()),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Words_ThatDoNotFitTogether_ComeWithTheNextResult()
    {
        await using var host = await PluginScene.WithRunAsync();
        for (var i = 1; i <= 5; i++)
        {
            await host.SteerAsync(Main, $$""" "direction": "go-{{i}}", "message": "{{new string('x', 3_500)}}" """);
        }

        Assert.Equal(["go-1", "go-2"], await PluginScene.DirectionsAsync(host));
        await host.StatesAsync(Main, "accepted", "accepted", "queued", "queued", "queued");
        await host.HookAsync("model_call_started", PluginHost.Sample("model_call_started"));
        await host.StatesAsync(Main, "acknowledged", "acknowledged", "queued", "queued", "queued");
        Assert.Equal(["go-3", "go-4"], await PluginScene.DirectionsAsync(host));
        Assert.Equal(["go-5"], await PluginScene.DirectionsAsync(host));
        await host.HookAsync("model_call_started", PluginHost.Sample("model_call_started"));
        await host.StatesAsync(Main, "acknowledged", "acknowledged", "acknowledged", "acknowledged", "acknowledged");
    }

    /// <summary>What was taken back was shown to nobody, and what was shown cannot be taken back.</summary>
    [Fact]
    public async Task Words_ThatAreTakenBackWhileTheyAreRead_AreNotHandedOver()
    {
        await using var host = await PluginScene.WithRunAsync();
        var east = await host.SteerAsync(Main, """ "direction": "east" """);
        var west = await host.SteerAsync(Main, """ "direction": "west" """);
        await host.HeardAsync(Main);
        await host.HoldMeshAsync("/ack");
        var result = host.ResultAsync(PluginScene.Result());
        await Eventually.True(
            async () => (await host.CallsAsync("mesh")).Any(path => ((string?)path)!.EndsWith("/ack", StringComparison.Ordinal)),
            () => "they were read");
        await host.Mesh.DoneAsync($"session-mesh cancel {east.Text("directive_id")}");
        await host.HoldMeshAsync(null);
        Assert.EndsWith("\nDirection: west", await result, StringComparison.Ordinal);
        Assert.DoesNotContain("Direction: east", await result, StringComparison.Ordinal);
        await host.StatesAsync(Main, "cancelled", "accepted", "acknowledged");
        var late = await host.Mesh.Http.DeleteAsync($"directives/{west.Text("directive_id")}");
        Assert.Equal(409, late.Status);
    }

    [Theory]
    [InlineData("""{"content": "no list"}""")]
    [InlineData("{}")]
    [InlineData("null")]
    public async Task AResult_ThatTakesNoText_TakesNoWords(string result)
    {
        await using var host = await PluginScene.WithRunAsync();
        await host.SteerAsync(Main, """ "direction": "east" """);
        await host.HeardAsync(Main);
        var input = JsonNode.Parse(PluginScene.Result())!;
        input["event"]!["result"] = JsonNode.Parse(result);
        Assert.Null(await host.ResultAsync(input.ToJsonString()));
        await host.HookAsync("model_call_started", PluginHost.Sample("model_call_started"));
        await host.StatesAsync(Main, "queued", "acknowledged");
        Assert.EndsWith("\nDirection: east", await host.ResultAsync(PluginScene.Result()), StringComparison.Ordinal);
        await host.StatesAsync(Main, "accepted", "acknowledged");
    }

    [Fact]
    public async Task Results_AtTheSameTime_DoNotWaitForOneLookAfterTheOther()
    {
        await using var host = await PluginScene.WithRunAsync();
        await host.SteerAsync(Main, """ "direction": "east" """);
        await host.HeardAsync(Main);
        await host.HoldMeshAsync("/history");
        var before = await host.LooksAsync(Main);
        var first = host.ResultAsync(PluginScene.Result());
        await Eventually.True(async () => await host.LooksAsync(Main) > before, () => "the first looks");
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => host.ResultAsync(PluginScene.Result()))), Assert.Null);
        Assert.Equal(before + 1, await host.LooksAsync(Main));
        Assert.False(first.IsCompleted);
        await host.HoldMeshAsync(null);
        Assert.EndsWith("\nDirection: east", await first, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Steer_ToAnIdleSession_IsQueued_UntilTheGatewayHasTakenTheMessage()
    {
        await using var host = await PluginHost.StartAsync();
        await host.HookAsync("session_start", PluginHost.Sample("session_start"));
        await host.AgentAsync(Main);
        await host.AnswerAsync("""{"method": "chat.send", "error": "not now"}""");
        await host.SteerAsync(Main, """ "direction": "east" """);
        await Eventually.True(
            () => host.Printed.Contains("could not be woken: not now", StringComparison.Ordinal), () => $"it is refused\n{host.Printed}");
        await host.StateAsync(Main, "queued");

        // It is tried again by and by, too: only once both are there, a message has both.
        await host.SteerAsync(Main, """ "direction": "west" """);
        var before = (await host.CallsAsync("chat.send")).Count;
        await host.AnswerAsync("""{"method": "chat.send", "isHeld": true}""");
        await Eventually.True(
            async () => (await host.CallsAsync("chat.send")).Count > before, () => $"it is woken again\n{host.Printed}");
        await host.StatesAsync(Main, "queued", "queued");
        await host.AnswerAsync("""{"method": "chat.send"}""");
        await host.StatesAsync(Main, "accepted", "accepted");
        Assert.Equal(["east", "west"], PluginScene.DirectionsOf((string)(await host.CallsAsync("chat.send"))[^1]["message"]!));
    }

    [Fact]
    public async Task Words_OfARunThatEndedBeforeTheModelWasAsked_WakeTheSession()
    {
        await using var host = await PluginScene.WithRunAsync();
        await host.SteerAsync(Main, """ "direction": "east" """);
        await Eventually.True(
            async () => await host.ResultAsync(PluginScene.Result()) is not null, () => "the words come with a result");
        await host.RunAsync(PluginScene.Run("end"));

        await Eventually.True(async () => (await host.CallsAsync("chat.send")).Count == 1, () => $"the session is woken\n{host.Printed}");
        var send = (await host.CallsAsync("chat.send"))[0];
        Assert.Equal("agent:main:main", (string?)send["sessionKey"]);
        Assert.EndsWith("\nDirection: east", (string?)send["message"], StringComparison.Ordinal);
        await host.StateAsync(Main, "accepted");

        var run = (string)send["idempotencyKey"]!;
        await host.GatewayAsync($$"""
            {"event": "session.message", "payload": {
              "sessionKey": "agent:main:main", "message": {"role": "user", "idempotencyKey": "{{run}}:user"} } }
            """);
        await host.HookAsync("model_call_started", PluginHost.Sample("model_call_started", ("b4005d15-1c9e-45fe-a2a3-e4591a243762", run)));
        await host.StateAsync(Main, "acknowledged");
    }

    [Fact]
    public async Task Steer_ToAPausedSession_WakesItOnlyWhenItIsResumed()
    {
        await using var host = await PluginScene.WithRunAsync();
        await host.RunAsync(PluginScene.Run("end"));
        await host.SteerAsync(Main, """ "verb": "pause" """);
        var paused = await host.AgentAsync(Main, row => row.Text("paused") == "true");
        Assert.Equal("waiting", paused.Text("activity"));
        Assert.Equal(
            "idle: its next tool call will wait",
            (await host.Mesh.Http.GetAsync($"agents/{Main}/directives/history")).Json.GetProperty("directives")[0].Text("note"));

        await host.SteerAsync(Main, """ "direction": "east" """);
        await host.SteerAsync(Main, """ "verb": "resume" """);
        await Eventually.True(async () => (await host.CallsAsync("chat.send")).Count == 1, () => $"the session is woken\n{host.Printed}");
        await host.AgentAsync(Main, row => row.Text("paused") == "false");
    }
}
