using System.Globalization;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Hooks;

/// <summary>
/// <c>agents</c>: which coding agents are on this machine, and the one command that brings each into the mesh. Asks nobody.
/// </summary>
internal sealed class AgentsCommand : MeshCommand
{
    private static readonly View s_view = new()
    {
        RowsMember = "agents",
        Names = ["agent"],
        Table =
        [
            Column.Of("agent"),
            new("found", "program", (row, _) => Json.Text(row, "program") ?? "not found"),
            new("running", "pids", (row, _) => RunningText(row)),
            new("hooks", "user", (row, _) => HooksText(row)),
            new("to bring it in", "command", (row, _) => Json.Text(row, "command") ?? "-"),
        ],
    };

    public AgentsCommand(CliHost host) : base(host, "agents", "Show the coding agents of this machine, and how each is brought in.")
    {
        Prints(s_view, "title", "installed", "project", "fault");
        Examples = ["session-mesh agents", "session-mesh agents -o json"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "look for coding agents";
        var sights = new List<AgentSight>();
        foreach (var agent in HookedAgents.All)
        {
            sights.Add(await AgentSight.OfAsync(context.Host, agent, isAsked: false, cancellation));
        }

        context.Output.Write(
            Json.Build(json =>
            {
                json.WriteStartArray("agents"u8);
                foreach (var sight in sights)
                {
                    Write(json, sight);
                }

                json.WriteEndArray();
            }),
            s_view);
        return ExitCodes.Done;
    }

    private static void Write(Utf8JsonWriter json, AgentSight sight)
    {
        json.WriteStartObject();
        json.WriteString("agent"u8, sight.Agent.Name);
        json.WriteString("title"u8, sight.Agent.Title);
        json.WriteBoolean("installed"u8, sight.Program is not null);
        json.WriteString("program"u8, sight.Program);
        json.WriteStartArray("pids"u8);
        foreach (var pid in sight.Running)
        {
            json.WriteNumberValue(pid);
        }

        json.WriteEndArray();
        json.WriteString("user"u8, sight.User);
        json.WriteString("project"u8, sight.Project);
        json.WriteString("fault"u8, sight.Fault);
        var isDue = (sight.Program is not null || sight.Running.Count > 0) && sight.User != AgentSight.Current
            && sight.Project != AgentSight.Current;
        json.WriteString("command"u8, isDue ? sight.InstallCommand : null);
        json.WriteEndObject();
    }

    private static string RunningText(JsonElement row) => row.GetProperty("pids").GetArrayLength() switch
    {
        0 => "no",
        1 => row.GetProperty("pids")[0].GetInt32().ToString(CultureInfo.InvariantCulture),
        var many => $"{many} processes",
    };

    private static string HooksText(JsonElement row) =>
        Json.Text(row, "fault") is not null ? "settings cannot be read"
        : Json.Text(row, "user") is { } user && user != AgentSight.None ? user
        : Json.Text(row, "project") is { } project && project != AgentSight.None ? project + " (project)"
        : AgentSight.None;
}
