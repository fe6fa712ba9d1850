using System.Globalization;
using System.Text.Json;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Agents.Openclaw;

/// <summary>
/// A mesh and a real gateway of OpenClaw with the plugin in it, whose model is the stand-in. One for a class: it takes half a minute to
/// start.
/// </summary>
public sealed class OpenclawGateway : IAsyncLifetime
{
    /// <summary>Each test's task, which its session is told by name, and what the model wants then.</summary>
    private const string Script = """
        {
          "listed": [
            {"tool": "sessions_spawn", "input": {"task": "TASK-helper", "label": "helper"}},
            {"tool": "exec", "input": {"command": "until [ -e listed.go ]; do /usr/bin/env sleep 0.1; done"}}],
          "helper": [{"tool": "exec", "input": {"command": "until [ -e listed.go ]; do /usr/bin/env sleep 0.1; done"}}, {"text": "helped"}],
          "steered": [{"tool": "exec", "input": {"command": "until [ -e steered.go ]; do /usr/bin/env sleep 0.1; done; echo first"}}],
          "woken": [{"text": "at your service"}],
          "held": [
            {"tool": "exec", "input": {"command": "until [ -e held.go ]; do /usr/bin/env sleep 0.1; done"}},
            {"tool": "exec", "input": {"command": "touch held.done"}}],
          "killed": [
            {"tool": "exec", "input": {"command": "/usr/bin/env sleep 18101", "background": true}},
            {"tool": "sessions_spawn", "input": {"task": "TASK-killedbelow", "label": "below"}},
            {"tool": "exec", "input": {"command": "setsid /usr/bin/env sleep 18102 & bash stubborn.sh"}}],
          "killedbelow": [{"tool": "exec", "input": {"command": "setsid /usr/bin/env sleep 18104 & /usr/bin/env sleep 18105"}}],
          "parent": [
            {"tool": "sessions_spawn", "input": {"task": "TASK-child", "label": "child"}},
            {"tool": "exec", "input": {"command": "until [ -e parent.go ]; do /usr/bin/env sleep 0.1; done; touch parent.done"}}],
          "child": [{"tool": "exec", "input": {"command": "/usr/bin/env sleep 18201"}}],
          "alone": [
            {"tool": "exec", "input": {"command": "until [ -e alone.go ]; do /usr/bin/env sleep 0.1; done"}},
            {"tool": "exec", "input": {"command": "touch alone.done"}}]
        }
        """;

    private readonly Mesh _mesh = new();
    private Standin? _standin;
    private Started? _gateway;
    private string _node = "";
    private string _openclaw = "";

    internal Mesh Mesh => _mesh;

    internal Standin Standin => _standin!;

    /// <summary>Where its tools run.</summary>
    internal string Work => _mesh.Scratch.File("work");

    internal int Pid => _gateway!.Pid;

    public async Task InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable(AgentFactAttribute.Variable) is null)
        {
            return;
        }

        (_node, _openclaw) = await AgentPrograms.OpenclawAsync();
        await _mesh.InitializeAsync();
        _standin = await Standin.StartAsync(_mesh.Scratch, Script);
        Directory.CreateDirectory(Work);
        File.WriteAllText(Path.Combine(Work, "stubborn.sh"), "trap '' TERM HUP\nwhile :; do /usr/bin/env sleep 18103; done\n");
        Configure();
        using var install = new Started(
            Path.Combine(_mesh.Scratch.Bin, "session-mesh"), ["hooks", "install", "openclaw"], Environ(), Work);
        (await install.EndAsync()).Done();
        _gateway = Openclaw("gateway", "run");
        await Patience.ForAsync(
            async () => (await _mesh.Http.GetAsync("alive?label=agent=openclaw-gateway")).Number("count") == 1,
            () => $"the gateway is in the mesh\n{_gateway.Out}\n{_gateway.Error}");
    }

    public async Task DisposeAsync()
    {
        if (_standin is not null)
        {
            _gateway?.Dispose();
            _standin.Dispose();
            await _mesh.DisposeAsync();
        }
    }

    /// <summary>Tells a session of its own to do a task, as a person does from a terminal; returns once the model was asked.</summary>
    /// <returns>The command, which ends with the turn, and the session's agent.</returns>
    internal async Task<(Started Turn, string AgentId)> BeginAsync(string task)
    {
        var before = (await AgentsAsync()).Select(Id).ToHashSet();
        var turn = Say(task, $"TASK-{task}");
        await Patience.ForAsync(
            () => _standin!.Requests(task).Count > 0,
            () => $"the model is asked for {task}\n{turn.Out}\n{turn.Error}\n{Printed}");
        string? found = null;
        await Patience.ForAsync(
            async () => (found = (await AgentsAsync()).Select(Id).FirstOrDefault(id => !before.Contains(id) && !id.Contains('.')))
                is not null,
            () => $"the session of {task} is in the mesh\n{Printed}");
        return (turn, found!);
    }

    /// <summary>A message to the session of a task.</summary>
    internal Started Say(string task, string message) => Openclaw("agent", "--session-key", $"agent:main:{task}", "--message", message);

    /// <summary>The rows of the gateway's sessions and their sub-agents that are alive.</summary>
    internal async Task<JsonElement[]> AgentsAsync() =>
        [.. (await _mesh.Http.GetAsync("alive?label=agent=openclaw")).Json.GetProperty("sessions").EnumerateArray()];

    internal void Touch(string name) => File.WriteAllText(Path.Combine(Work, name), "");

    internal bool Exists(string name) => File.Exists(Path.Combine(Work, name));

    internal string Printed => _gateway!.Out + _gateway.Error;

    /// <summary>The processes that sleep for one of these times, which no other test's do.</summary>
    internal static IReadOnlyList<ProcessInfo> Sleeping(params int[] seconds)
    {
        var ends = seconds.Select(each => $"sleep {each.ToString(CultureInfo.InvariantCulture)}").ToList();
        return ProcessInfo.WithCommand(command => ends.Exists(end => command.EndsWith(end, StringComparison.Ordinal)));
    }

    private static string Id(JsonElement row) => row.Text("agent_id")!;

    private Started Openclaw(params string[] arguments) =>
        new(Path.Combine(_node, "node"), [_openclaw, .. arguments], Environ(), Work);

    /// <summary>The gateway's tool finds the root key as an operator's does. It is in no environment of the gateway.</summary>
    private Dictionary<string, string> Environ() => new(_mesh.Scratch.Environment())
    {
        ["PATH"] = $"{_node}:{_mesh.Scratch.Environment()["PATH"]}",
        ["SESSION_MESH_URL"] = _mesh.Server.Url,
        ["SESSION_MESH_DATA"] = _mesh.Server.Data,
        ["OPENCLAW_NO_AUTO_UPDATE"] = "1",
        ["OPENCLAW_DISABLE_BONJOUR"] = "1",
        ["OPENCLAW_SKIP_CHANNELS"] = "1",
        ["OPENCLAW_NO_RESPAWN"] = "1",
        ["DO_NOT_TRACK"] = "1",
    };

    private void Configure()
    {
        var home = Directory.CreateDirectory(Path.Combine(_mesh.Scratch.Home, ".openclaw")).FullName;
        var port = new Uri(_mesh.Server.Url).Port + 12_000;
        File.WriteAllText(Path.Combine(home, "openclaw.json"), $$$"""
            {
              "gateway": {"mode": "local", "bind": "loopback", "port": {{{port}}}, "auth": {"mode": "token", "token": "of-a-test"}},
              "update": {"checkOnStart": false}, "telemetry": {"enabled": false}, "tools": {"toolSearch": false},
              "agents": {"defaults": {"model": {"primary": "standin/stub"}, "workspace": "{{{Work}}}"}},
              "models": {"providers": {"standin": {
                "baseUrl": "http://127.0.0.1:{{{_standin!.Port}}}/v1", "apiKey": "none", "api": "openai-completions",
                "models": [{"id": "stub", "name": "stub", "reasoning": false, "input": ["text"], "contextWindow": 100000, "maxTokens": 8000,
                  "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0} }]
              } } }
            }
            """);
    }
}
