using System.Text.Json.Nodes;

namespace SessionMesh.Cli.Tests.Hooks;

/// <summary><c>hook PROGRAM --receipt</c>: the program says itself when it has taken the words.</summary>
public sealed class HookReceiptTests(HookServer server) : IClassFixture<HookServer>
{
    private const string Option = "--receipt";

    [Fact]
    public async Task Steer_IsDelivered_OnceTheProgramSendsTheReceipt()
    {
        using var session = new HookedSession(server, "opencode");
        await session.PassAsync("session.start");
        var steer = await session.SteerAsync();

        var ran = await session.TakeAsync("tool.after", """ "tool_name":"bash" """, Option);
        var receipt = ReceiptIn(ran);
        var answer = new JsonObject { ["tell"] = session.Words(steer), ["receipt"] = receipt }.ToJsonString();
        Assert.Equal(new Ran(0, answer, ""), ran);
        Assert.DoesNotContain(session.Calls, call => call.Body.Contains("written", StringComparison.Ordinal));
        await session.PassAsync("model.call");
        Assert.Equal("queued", await session.StateAsync(steer));

        await session.PassAsync("session-mesh:written", $""" "receipt":"{receipt}" """);
        await session.IsAsync(steer, "delivered");
        await session.PassAsync("model.call");
        await session.IsAsync(steer, "acknowledged");
    }

    [Fact]
    public async Task WordsThatWereNotTaken_AreForTheSessionAtRest()
    {
        using var session = new HookedSession(server, "opencode");
        await session.PassAsync("session.start");
        var steer = await session.SteerAsync();
        await session.TakeAsync("tool.after", """ "tool_name":"bash" """, Option);
        await session.PassAsync("session.idle");

        var woken = await session.TakeAsync("session.idle", options: "--wake " + Option);
        var receipt = ReceiptIn(woken);
        Assert.Equal(new Ran(2, $$"""{"receipt":"{{receipt}}"}""", session.Words(steer)), woken);
        Assert.Equal("queued", await session.StateAsync(steer));
        await session.PassAsync("session-mesh:written", $""" "receipt":"{receipt}" """);
        await session.IsAsync(steer, "delivered");
    }

    [Fact]
    public async Task AnswerWithoutWords_HasNone()
    {
        using var session = new HookedSession(server, "opencode");
        await session.PassAsync("session.start");
        Assert.Equal(new Ran(0, "", ""), await session.TakeAsync("tool.after", """ "tool_name":"bash" """, Option));
    }

    private static string ReceiptIn(Ran ran) => JsonNode.Parse(ran.Out)!["receipt"]!.GetValue<string>();
}
