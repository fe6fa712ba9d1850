using SessionMesh.Cli.Hooks.Editing;
using SessionMesh.Cli.Hooks.Kinds;
using SessionMesh.Cli.Hooks.Known;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Run.Process;

namespace SessionMesh.Cli.Hooks;

/// <summary>What this machine shows of one coding agent. Asks no mesh.</summary>
internal sealed class AgentSight
{
    /// <summary>Hooks as <see cref="User"/> and <see cref="Project"/> say it.</summary>
    public const string Current = "up to date";
    public const string Outdated = "outdated";
    public const string None = "not installed";

    public required HookedAgent Agent { get; init; }

    /// <summary>Null where it is not on this machine, as far as PATH and the usual places tell.</summary>
    public string? Program { get; init; }

    public Version? Version { get; init; }

    public string User { get; init; } = None;

    public string Project { get; init; } = None;

    /// <summary>Why settings cannot be read; null where they can.</summary>
    public string? Fault { get; private set; }

    /// <summary>Why its program does not take hooks that are there; null where it does, as far as its settings tell.</summary>
    public string? Hindrance { get; private set; }

    /// <summary>Whether some hooks go to the mesh by HTTP.</summary>
    public bool IsHttp { get; private set; }

    /// <summary>Null where trust is not asked for, or the program does not say.</summary>
    public bool? IsTrusted { get; private set; }

    /// <summary>Processes of this account.</summary>
    public IReadOnlyList<int> Running { get; init; } = [];

    public bool IsHooked => User != None || Project != None;

    public string InstallCommand => $"session-mesh hooks install {Agent.Name}" + (Agent is CodexHooks ? " --trust" : "");

    /// <param name="isAsked">Whether the program is asked for its version and for trust, which takes it a while.</param>
    public static async Task<AgentSight> OfAsync(CliHost host, HookedAgent agent, bool isAsked, CancellationToken cancellation)
    {
        var program = AgentProgram.Find(host, agent);
        var version = program is null || !isAsked ? null : await AgentProgram.VersionAsync(host, program, cancellation);
        string? fault = null;
        var isHttp = false;
        var sight = new AgentSight
        {
            Agent = agent,
            Program = program,
            Version = version,
            User = StateOf(host, agent, false, version, ref fault, ref isHttp),
            Project = agent.HasProjects ? StateOf(host, agent, true, version, ref fault, ref isHttp) : None,
            Running = RunningOf(agent),
        };
        (sight.Fault, sight.IsHttp) = (fault, isHttp);
        sight.Hindrance = fault is null && sight.User != None ? HindranceOf(host, agent) : null;
        if (isAsked && agent is CodexHooks && program is not null && sight.IsHooked)
        {
            sight.IsTrusted = await CodexTrust.IsTrustedAsync(
                host, program, agent.SettingsPath(host, project: sight.User == None)!, cancellation);
        }

        return sight;
    }

    private static string StateOf(CliHost host, HookedAgent agent, bool project, Version? version, ref string? fault, ref bool isHttp)
    {
        var states = new List<string>();
        if (agent.PluginPath(host, project) is { } folder)
        {
            HookWish[] wishes = [HookWish.Plain, HookWish.Plain with { Detail = true }];
            states.Add(BestOf(wishes, wish => PluginChange.Install(host, agent, folder, wish).State));
        }

        if (agent.SettingsPath(host, project) is { } path)
        {
            try
            {
                states.Add(SettingsState(host, agent, path, version, ref isHttp));
            }
            catch (CommandException e)
            {
                fault ??= e.Message;
                return None;
            }
        }

        return states.TrueForAll(state => state == HookChange.Installed) ? None
            : states.TrueForAll(state => state == HookChange.Unchanged) ? Current
            : Outdated;
    }

    /// <summary>As they were asked for: with details or without, by command or by HTTP.</summary>
    private static string SettingsState(CliHost host, HookedAgent agent, string path, Version? version, ref bool isHttp)
    {
        var text = SettingsFile.Read(path).Text ?? "";
        var http = HttpOf(text, agent);
        isHttp |= http is not null;
        HookWish[] wishes = [new(Detail: false, http, version), new(Detail: true, http, version)];
        return BestOf(wishes, wish => HookChange.Install(host, agent, path, agent.Shape(host, wish)!).State);
    }

    private static string? HindranceOf(CliHost host, HookedAgent agent) =>
        agent.SettingsPath(host, project: false) is { } path && SettingsFile.Read(path).Text is { } text
        && !string.IsNullOrWhiteSpace(text.Trim('\uFEFF'))
            ? agent.Shape(host, HookWish.Plain)!.Hindrance(SettingsText.Parse(text, agent.Dialect))
            : null;

    private static string BestOf(IEnumerable<HookWish> wishes, Func<HookWish, string> stateOf) =>
        wishes.Select(stateOf).OrderByDescending(state => state == HookChange.Unchanged).First();

    private static Uri? HttpOf(string text, HookedAgent agent)
    {
        var end = text.IndexOf(HookGroups.Route + agent.Name + "\"", StringComparison.Ordinal);
        var start = end < 0 ? -1 : text.LastIndexOf('"', end) + 1;
        return start > 0 && Uri.TryCreate(text[start..end], UriKind.Absolute, out var url) ? url : null;
    }

    private static IReadOnlyList<int> RunningOf(HookedAgent agent)
    {
        if (!OperatingSystem.IsLinux() || ProcFs.UserOf(Environment.ProcessId) is not { } us)
        {
            return [];
        }

        return
        [
            .. ProcFs.All()
                .Where(process => !process.IsOver && AgentProcess.IsOf(agent, ProcFs.ArgumentsOf(process.Pid))
                    && ProcFs.UserOf(process.Pid) == us)
                .Select(process => process.Pid).Order(),
        ];
    }
}
