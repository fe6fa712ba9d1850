using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hooks.Kinds;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Hooks;

/// <summary>
/// What <c>hooks install</c> and <c>hooks uninstall</c> have in common: whose settings, and how a change is shown and done.
/// </summary>
internal abstract class SettingsCommand : MeshCommand
{
    private static readonly View s_view = View.Single("agent", ["agent", "scope", "state", "settings", "plugin", "backup"]);

    private readonly Argument<string> _agent = HookedAgents.Argument();
    private readonly Option<bool> _user = new("--user") { Description = "For this account, below the home directory (the default)" };
    private readonly Option<bool> _project = new("--project") { Description = "For the project in the current directory" };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Change nothing; show what would be" };

    protected SettingsCommand(CliHost host, string name, string description) : base(host, name, description)
    {
        Add(_agent);
        foreach (var option in new Option[] { _user, _project, _dryRun })
        {
            Add(option);
        }

        Prints(s_view, "dry_run", "notes");
        ExitNotes = ["1  the settings cannot be read, or are of another shape; they are left as they are"];
    }

    protected HookedAgent AgentOf(CommandContext context) => HookedAgents.Named(context.Get(_agent)!);

    protected bool IsDry(CommandContext context) => context.Get(_dryRun);

    /// <summary>True for the settings of the project in the current directory.</summary>
    protected bool IsProject(CommandContext context)
    {
        if (context.Get(_user) && context.Get(_project))
        {
            throw CommandException.Usage("--user and --project cannot be combined", "the same command with one of them");
        }

        return context.Get(_project) && !AgentOf(context).HasProjects
            ? throw CommandException.Usage($"{AgentOf(context).Title} has no hooks for a project", "the same command without --project")
            : context.Get(_project);
    }

    /// <summary>Does what was decided, unless it is only to be shown, and says what came of it.</summary>
    protected void Finish(CommandContext context, HookChange? settings, PluginChange? plugin, IReadOnlyList<string> notes)
    {
        var (agent, isDry) = (AgentOf(context), IsDry(context));
        if (isDry && settings is { IsOne: true } && context.Output.IsTable)
        {
            foreach (var line in LineDiff.Of(settings.Before ?? "", settings.After ?? ""))
            {
                context.Note(line);
            }
        }

        string? backup = null;
        if (!isDry)
        {
            // The plugin comes before the settings that name it, and goes after them.
            var isComing = plugin?.State != HookChange.Removed;
            if (isComing)
            {
                plugin?.Apply();
            }

            backup = settings?.Apply();
            if (!isComing)
            {
                plugin?.Apply();
            }
        }

        context.Output.Write(
            Json.Build(json =>
            {
                json.WriteString("agent"u8, agent.Name);
                json.WriteString("scope"u8, IsProject(context) ? "project"u8 : "user"u8);
                json.WriteString("state"u8, StateOf(settings, plugin));
                json.WriteString("settings"u8, settings?.Path);
                json.WriteString("plugin"u8, plugin?.Folder);
                json.WriteString("backup"u8, backup);
                json.WriteBoolean("dry_run"u8, isDry);
                json.WriteStartArray("notes"u8);
                foreach (var note in notes)
                {
                    json.WriteStringValue(note);
                }

                json.WriteEndArray();
            }),
            s_view);
        foreach (var note in notes)
        {
            context.Note(note);
        }
    }

    private static string StateOf(HookChange? settings, PluginChange? plugin)
    {
        string?[] states = [settings?.State, plugin?.State];
        var first = states.OfType<string>().ToList();
        return first.Find(state => state is HookChange.Updated) ?? (first.TrueForAll(state => state == first[0]) ? first[0]
            : first.Contains(HookChange.Removed) ? HookChange.Removed
            : HookChange.Updated);
    }
}
