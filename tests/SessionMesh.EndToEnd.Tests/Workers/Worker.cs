using System.Globalization;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Workers;

/// <summary>
/// A shell script under <c>session-mesh run</c>, in a directory of its own, with all that it started known by a mark in its
/// environment. Disposing ends it: by the runner if that does its work, else by the mesh's scratch.
/// </summary>
internal sealed class Worker : IDisposable
{
    private readonly Mesh _mesh;
    private readonly Scratch _scratch = new();

    private Worker(Mesh mesh, string agent, string script, string[] options)
    {
        (_mesh, Agent) = (mesh, agent);

        // The worker's own environment: its scratch's mark, and where the mesh is.
        var environment = mesh.Environment();
        foreach (var (name, value) in _scratch.Environment())
        {
            environment[name] = value;
        }

        Runner = new Started(
            Path.Combine(_scratch.Bin, "session-mesh"),
            ["run", "--agent-id", agent, .. options, "--", "sh", "-c", $"echo $$ > pid; {script}"],
            environment,
            _scratch.Root);
    }

    public string Agent { get; }

    public Started Runner { get; }

    /// <summary>The script's process, once alive.</summary>
    public int Pid { get; private set; }

    public static Worker Start(Mesh mesh, string agent, string script, params string[] options) => new(mesh, agent, script, options);

    /// <summary>In the worker's directory.</summary>
    public string File(string name) => _scratch.File(name);

    /// <summary>The runner, the script and everything they started, wherever it went.</summary>
    public IReadOnlyList<ProcessInfo> Processes() => _scratch.Processes();

    /// <summary>Waits until the script runs and the server has a stream to it.</summary>
    public async Task AliveAsync()
    {
        Pid = int.Parse((await Eventually.Lines(File("pid")))[0], CultureInfo.InvariantCulture);
        await _mesh.Http.AgentAsync(
            Agent, agent => agent.Text("status") == "alive" && agent.Text("connected") == "true", $"is alive and listens\n{Runner.Error}");
    }

    public Task<int> ExitAsync() => Runner.ExitAsync();

    /// <summary>Kills it by command line and waits for the proof.</summary>
    /// <param name="exitCode">The runner's: the script's own, or 128 plus the signal that ended it.</param>
    public async Task KilledAsync(string flags, int exitCode, string? signal = null)
    {
        var wait = flags.Contains("--force", StringComparison.Ordinal) ? "" : " --wait 40s --timeout 60";
        var ran = await _mesh.DoneAsync($"session-mesh kill --agent-id {Agent} {flags}{wait} -o json");
        Assert.Equal(Agent, ran.Json.Text("agent_id"));
        Assert.Equal(exitCode, await ExitAsync());

        // Dead already: the same report again, by now with what the runner said of the end.
        await _mesh.Http.AgentAsync(
            Agent,
            agent => agent.Json.GetProperty("last_exit") is { ValueKind: System.Text.Json.JsonValueKind.Object } exit
                && exit.Text("confirmed") == "true",
            "is dead with proof");
        var report = (await _mesh.DoneAsync($"session-mesh kill --agent-id {Agent} --force -o json")).Json;
        Assert.Equal(("dead", "true"), (report.Text("status"), report.Text("confirmed")));
        Assert.Equal(signal is null ? ($"{exitCode}", "null") : ("null", signal), (report.Text("exit_code"), report.Text("signal")));
        Assert.Empty(ProcessInfo.OfGroup(Pid));
    }

    public void Dispose()
    {
        Runner.Dispose();
        _scratch.Dispose();
    }
}
