using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hooks.Known;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Settings;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Cli.Hooks;

/// <summary><c>hooks doctor</c>: whether what is installed works, and the one command that mends what does not.</summary>
internal sealed class DoctorCommand : MeshCommand
{
    private static readonly View s_view = new()
    {
        RowsMember = "agents",
        Names = ["agent"],
        Table =
        [
            Column.Of("agent"),
            Column.Of("version"),
            Column.Of("user"),
            Column.Of("project"),
            Column.Of("trusted"),
            Column.Of("last heard", "heard_at"),
            Column.Of("outcome"),
            new("state", "problems", (row, _) => StateText(row), row => row.GetProperty("problems").GetArrayLength() > 0 ? "31" : null),
        ],
    };

    private readonly Argument<string> _agent = HookedAgents.Argument(isRequired: false);

    public DoctorCommand(CliHost host) : base(host, "doctor", "Show whether hooks are installed, trusted, and reach the mesh.")
    {
        Add(_agent);
        Prints(s_view, "title", "program", "http", "variable_set", "event", "detail");
        Examples = ["session-mesh hooks doctor", "session-mesh hooks doctor codex -o json"];
        ExitNotes = ["0  all that is installed is well", "1  something is not"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "examine the hooks";
        var agents = context.Get(_agent) is { } name ? [HookedAgents.Named(name)] : HookedAgents.All;
        var sights = await Task.WhenAll(agents.Select(agent => AgentSight.OfAsync(context.Host, agent, isAsked: true, cancellation)));
        var mesh = await MeshReach.AskAsync(context, cancellation);
        var problems = sights.Select(sight => ProblemsOf(context.Host, sight, mesh).ToList()).ToList();
        context.Output.Write(
            Json.Build(json =>
            {
                json.WriteString("url"u8, mesh.Url);
                json.WriteString("key_source"u8, mesh.KeySource);
                json.WriteBoolean("reached"u8, mesh.Why is null);
                json.WriteStartArray("agents"u8);
                foreach (var (sight, found) in sights.Zip(problems))
                {
                    Write(json, context.Host, sight, found);
                }

                json.WriteEndArray();
            }),
            s_view);
        foreach (var (why, mend) in problems.SelectMany(found => found).Distinct())
        {
            context.Note(why);
            if (mend is not null)
            {
                context.Note("  try: " + mend);
            }
        }

        if (!problems.Exists(found => found.Count > 0))
        {
            context.Note(mesh.Why is null ? $"the mesh at {mesh.Url} is reached" : $"the mesh is not reached: {mesh.Why}");
        }

        return problems.Exists(found => found.Count > 0) ? ExitCodes.Failed : ExitCodes.Done;
    }

    private static IEnumerable<(string Why, string? Mend)> ProblemsOf(CliHost host, AgentSight sight, MeshReach mesh)
    {
        if (sight.Fault is { } fault)
        {
            yield return (fault, $"session-mesh hooks doctor {sight.Agent.Name}, once that is put right");
        }

        if (!sight.IsHooked)
        {
            yield break;
        }

        var install = sight.InstallCommand + (sight.IsHttp ? " --http" : "");
        if (sight.User == AgentSight.Outdated)
        {
            yield return (sight.Hindrance ?? $"the hooks of {sight.Agent.Title} are not those of this version", install);
        }

        if (sight.Project == AgentSight.Outdated)
        {
            yield return ($"the hooks of {sight.Agent.Title} in this project are not those of this version", install + " --project");
        }

        if (sight.Agent is CodexHooks && sight.IsTrusted == false)
        {
            yield return ("Codex does not trust all of the hooks, and runs none that it does not", install);
        }

        if (sight.IsHttp && host.Env(MeshSettings.KeyVariable) is null)
        {
            yield return (
                $"{MeshSettings.KeyVariable} is not set here, and hooks by HTTP have no other key",
                $"export {MeshSettings.KeyVariable}=…");
        }

        if (HookLedger.Read(host, sight.Agent.Name) is { } ledger && Json.Text(ledger, HookLedger.Unwatched) is { } unwatched)
        {
            yield return ($"a session of {sight.Agent.Title} has no watcher, which keeps it alive and sees its end: {unwatched}", install);
        }

        if (mesh.Why is { } why)
        {
            yield return ($"the mesh is not reached: {why}", mesh.Mend);
        }
        else if (sight.Agent is OpenclawHooks && !mesh.MintsKeys)
        {
            yield return (
                $"the key from {mesh.KeySource} lacks {Scopes.KeysMint}, and OpenClaw's plugin has no other way to a key",
                $"session-mesh keys create --scope {Scopes.MeshRead},{Scopes.RegistryWrite},{Scopes.KeysMint}");
        }
    }

    private static void Write(Utf8JsonWriter json, CliHost host, AgentSight sight, List<(string Why, string? Mend)> problems)
    {
        json.WriteStartObject();
        json.WriteString("agent"u8, sight.Agent.Name);
        json.WriteString("title"u8, sight.Agent.Title);
        json.WriteString("program"u8, sight.Program);
        json.WriteString("version"u8, sight.Version?.ToString());
        json.WriteString("user"u8, sight.User);
        json.WriteString("project"u8, sight.Project);
        json.WritePropertyName("trusted"u8);
        WriteFlag(json, sight.IsTrusted);
        json.WriteBoolean("http"u8, sight.IsHttp);
        json.WritePropertyName("variable_set"u8);
        WriteFlag(json, sight.IsHttp ? host.Env(MeshSettings.KeyVariable) is not null : null);
        var ledger = HookLedger.Read(host, sight.Agent.Name);
        foreach (var member in HookLedger.Last)
        {
            json.WriteString(member, ledger is { } heard ? Json.Text(heard, member) : null);
        }

        json.WriteStartArray("problems"u8);
        foreach (var (why, mend) in problems)
        {
            json.WriteStartObject();
            json.WriteString("why"u8, why);
            json.WriteString("try"u8, mend);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteFlag(Utf8JsonWriter json, bool? value)
    {
        if (value is { } known)
        {
            json.WriteBooleanValue(known);
        }
        else
        {
            json.WriteNullValue();
        }
    }

    private static string StateText(JsonElement row) => row.GetProperty("problems").GetArrayLength() switch
    {
        0 when Json.Text(row, "user") == AgentSight.None && Json.Text(row, "project") == AgentSight.None => AgentSight.None,
        0 => "well",
        1 => "1 problem",
        var many => $"{many} problems",
    };
}
