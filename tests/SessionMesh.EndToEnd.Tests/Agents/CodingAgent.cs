using System.Security.Cryptography;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Agents;

/// <summary>One real program in a home of its own, its hooks installed by the tool, its model the stand-in.</summary>
internal sealed class CodingAgent : IDisposable
{
    private readonly Dictionary<string, string> _environment;

    private CodingAgent(Mesh mesh, Standin model, Dictionary<string, string> environment)
    {
        (Mesh, Model, _environment) = (mesh, model, environment);
        Project = Directory.CreateDirectory(mesh.Scratch.File("project-" + Path.GetFileName(environment["HOME"]))).FullName;
    }

    public Mesh Mesh { get; }

    public Standin Model { get; }

    /// <summary>Where it runs; the last part of it is the label <c>project</c>.</summary>
    public string Project { get; }

    public string Home => _environment["HOME"];

    public static async Task<CodingAgent> PrepareAsync(
        Mesh mesh, string script, string install, Func<string, Standin, Dictionary<string, string>> environment)
    {
        var home = Directory.CreateDirectory(mesh.Scratch.File("home-" + RandomNumberGenerator.GetHexString(8, lowercase: true))).FullName;
        var model = await Standin.StartAsync(mesh.Scratch, script);
        var all = mesh.Environment();
        all["HOME"] = home;
        foreach (var (name, value) in environment(home, model))
        {
            all[name] = value;
        }

        var agent = new CodingAgent(mesh, model, all);
        (await agent.ToolAsync(install)).Done();
        return agent;
    }

    public Started Start(string program, params string[] arguments) => new(program, arguments, _environment, Project);

    /// <summary>Runs a line of the shell in the agent's home and project.</summary>
    public async Task<Ran> ToolAsync(string line)
    {
        using var bash = new Started("bash", ["-c", line], _environment, Project);
        return await bash.EndAsync();
    }

    /// <summary>The agent of the session, once it is in the mesh.</summary>
    public async Task<string> MainAsync() => (await WaitForAsync(rows => rows.Find(row => !row.Contains('.'))))!;

    /// <summary>The agent of a sub-agent, once it is in the mesh.</summary>
    public async Task<string> SubAgentAsync() => (await WaitForAsync(rows => rows.Find(row => row.Contains('.'))))!;

    public async Task<string> StateAsync(string directive) => (await Mesh.Http.GetAsync("directives/" + directive)).Text("state")!;

    public async Task<string> SteerAsync(string agent, string message)
    {
        var steered = await Mesh.Http.PostAsync("steer", $$"""{"agent_id":"{{agent}}","direction":"north","message":"{{message}}"}""");
        Assert.True(steered.IsDone, steered.ToString());
        return steered.Text("directive_id")!;
    }

    public Task UntilAsync(string directive, string state) => Eventually.True(
        async () => await StateAsync(directive) == state,
        () => $"{directive} is {state}: {Mesh.Http.GetAsync("directives/" + directive).GetAwaiter().GetResult()}");

    /// <summary>Kills an agent; done when its end is confirmed, which on a busy machine may be later than the tool waits.</summary>
    public async Task KillAsync(string agent, string how)
    {
        await ToolAsync($"session-mesh kill {agent} {how} --yes");
        await Mesh.Http.AgentAsync(
            agent,
            row => row.Text("status") == "dead" && row.Json.GetProperty("last_exit").GetProperty("confirmed").GetBoolean(),
            "is killed, and that is confirmed");
    }

    public void Dispose() => Model.Dispose();

    /// <summary>Of this project alone: a mesh is shared by the tests of a class.</summary>
    private async Task<string?> WaitForAsync(Func<List<string>, string?> find)
    {
        string? found = null;
        await Eventually.True(
            async () => (found = find(await AgentsAsync())) is not null, () => $"an agent of {Project} is in the mesh");
        return found;
    }

    private async Task<List<string>> AgentsAsync() =>
        [
            .. (await Mesh.Http.GetAsync($"agents?filter=all&label=project={Path.GetFileName(Project)}")).Json
                .GetProperty("sessions").EnumerateArray().Select(row => row.GetProperty("agent_id").GetString()!),
        ];
}

internal static class Runs
{
    public static Ran Done(this Ran ran)
    {
        Assert.True(ran.Code == 0, ran.ToString());
        return ran;
    }
}
