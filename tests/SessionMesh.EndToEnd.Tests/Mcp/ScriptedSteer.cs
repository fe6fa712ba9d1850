using System.Security.Cryptography;
using SessionMesh.EndToEnd.Tests.Agents;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Mcp;

/// <summary>
/// What every program's model is made to do with the mesh's tools: list the agents, then steer one. A worker of its own each.
/// </summary>
internal sealed class ScriptedSteer(Mesh mesh)
{
    public string Worker { get; } = "worker-" + RandomNumberGenerator.GetHexString(8, lowercase: true);

    /// <summary>Makes the worker known, and returns the model's script.</summary>
    /// <param name="prefix">What the program puts before the name of a tool.</param>
    public async Task<string> PrepareAsync(string prefix)
    {
        Assert.True((await mesh.Http.PostAsync("agents", $$"""{"agent_id":"{{Worker}}","ttl":600}""")).IsDone);
        return $$"""
            {"main":[{"tool":"{{prefix}}list_agents","input":{"q":"{{Worker}}"} },
                     {"tool":"{{prefix}}steer_agent","input":{"agent_id":"{{Worker}}","direction":"west","message":"by a model"} },
                     {"text":"finished"}]}
            """;
    }

    /// <summary>The model was offered the tools, saw the worker, and the worker was steered.</summary>
    public async Task AssertDoneAsync(CodingAgent agent, Ran ran)
    {
        Assert.True(ran.Code == 0, ran.ToString());
        Assert.Contains("finished", ran.Out, StringComparison.Ordinal);
        // Not those that have no tools, for a title.
        var requests = agent.Model.Requests("main").FindAll(request => request.Contains("list_agents", StringComparison.Ordinal));
        Assert.Equal(3, requests.Count);
        Assert.Contains("kill_agent", requests[0], StringComparison.Ordinal);
        Assert.Contains($"agent_id\\u0022:\\u0022{Worker}", requests[1], StringComparison.Ordinal);
        var directive = Assert.Single(
            (await mesh.Http.GetAsync($"agents/{Worker}/directives")).Json.GetProperty("directives").EnumerateArray());
        Assert.Equal(("west", "by a model"), (directive.Text("direction"), directive.Text("message")));
        Assert.Contains(directive.Text("directive_id")!, requests[2], StringComparison.Ordinal);
    }
}
