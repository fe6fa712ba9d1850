using System.Text.Json.Nodes;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Agents.Openclaw;

/// <summary>What tests of OpenClaw's plugin begin with, and what OpenClaw gives it of the one session that they have.</summary>
internal static class PluginScene
{
    /// <summary>The session's agent.</summary>
    public const string Main = "openclaw-45d27563";

    /// <summary>A plugin with one session, which has a run.</summary>
    public static async Task<PluginHost> WithRunAsync(int hold = 600_000, string platform = "linux")
    {
        var host = await PluginHost.StartAsync(hold, platform);
        await host.HookAsync("session_start", PluginHost.Sample("session_start"));
        await host.RunAsync(Run("start"));
        await host.AgentAsync(Main, row => row.Text("activity") == "working");
        return host;
    }

    /// <summary>The directions in the next result that has any.</summary>
    public static async Task<IEnumerable<string>> DirectionsAsync(PluginHost host)
    {
        string? text = null;
        await Eventually.True(async () => (text = await host.ResultAsync(Result())) is not null, () => "the words come with a result");
        Assert.InRange(text!.Length, 1, 9_000);
        return DirectionsOf(text);
    }

    public static IEnumerable<string> DirectionsOf(string text)
    {
        const string Begin = "Direction: ";
        return text.Split('\n').Where(line => line.StartsWith(Begin, StringComparison.Ordinal)).Select(line => line[Begin.Length..]);
    }

    /// <summary>A tool call that is held: they are let through until the plugin has heard of the pause.</summary>
    public static async Task<Task<JsonNode?>> HeldAsync(PluginHost host)
    {
        Task<JsonNode?>? call = null;
        await Eventually.True(
            async () =>
            {
                if (call is null || (call.IsCompleted && await call is null))
                {
                    call = host.HookAsync("before_tool_call", PluginHost.Sample("before_tool_call"));
                }

                // The pause is acknowledged when it holds a call.
                return (await host.Mesh.Http.GetAsync($"agents/{Main}")).Text("paused") == "true";
            },
            () => "a tool call waits");
        return call!;
    }

    public static string Run(string phase) => PluginHost.Sample(
        "agentEvent.lifecycle.start",
        ("agent:main:t-deny", "agent:main:main"),
        ("1eebb62e-ed32-4441-bcf0-90ab7b545a05", "45d27563-9bef-4517-bf8f-c13be1de98c8"),
        ("b9ebff7e-3821-4dc0-b283-48d597bb2992", "b4005d15-1c9e-45fe-a2a3-e4591a243762"),
        ("\"phase\": \"start\"", $"\"phase\": \"{phase}\""));

    public static string Result() => PluginHost.Sample(
        "agentToolResultMiddleware",
        ("agent:main:t-deny", "agent:main:main"),
        ("1eebb62e-ed32-4441-bcf0-90ab7b545a05", "45d27563-9bef-4517-bf8f-c13be1de98c8"),
        ("b9ebff7e-3821-4dc0-b283-48d597bb2992", "b4005d15-1c9e-45fe-a2a3-e4591a243762"));
}
