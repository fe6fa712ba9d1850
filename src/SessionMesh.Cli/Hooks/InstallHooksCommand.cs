using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hooks.Kinds;
using SessionMesh.Cli.Hooks.Known;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Hooks;

/// <summary><c>hooks install</c>: puts our hooks into an agent's settings, and leaves everything else as it is.</summary>
internal sealed class InstallHooksCommand : SettingsCommand
{
    private readonly Option<bool> _detail = new("--detail") { Description = "Report the arguments of tools as well (not openclaw)" };
    private readonly Option<bool> _http = new("--http")
    {
        Description = "Send events straight to the mesh, with the key in SESSION_API_KEY of the agent (claude-code only)",
    };

    private readonly Option<bool> _trust = new("--trust") { Description = "Say to the agent that the hooks may run (codex only)" };

    public InstallHooksCommand(CliHost host) : base(host, "install", "Put hooks into a coding agent's settings.")
    {
        foreach (var option in new Option[] { _detail, _http, _trust })
        {
            Add(option);
        }

        Examples = ["session-mesh hooks install claude-code", "session-mesh hooks install codex --trust"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var agent = AgentOf(context);
        context.Doing = $"install hooks for {agent.Title}";
        if (context.Get(_http) && agent is not ClaudeCodeHooks)
        {
            throw CommandException.Usage($"{agent.Title} has no hooks by HTTP", "the same command without --http");
        }

        if (context.Get(_trust) && agent is not CodexHooks)
        {
            throw CommandException.Usage($"{agent.Title} runs hooks without asking", "the same command without --trust");
        }

        if (context.Get(_detail) && agent is OpenclawHooks)
        {
            throw CommandException.Usage(
                $"{agent.Title}'s plugin reports the names of tools alone, and no arguments", "the same command without --detail");
        }

        if (context.Get(_http) && context.Get(_detail))
        {
            throw CommandException.Usage("--http and --detail cannot be combined", "the same command with one of them");
        }

        var (host, isProject) = (context.Host, IsProject(context));
        var program = AgentProgram.Find(host, agent);
        var version = program is null || agent is not ClaudeCodeHooks ? null : await AgentProgram.VersionAsync(host, program, cancellation);
        var wish = new HookWish(context.Get(_detail), context.Get(_http) ? context.Settings.Url : null, version);
        var change = agent.SettingsPath(host, isProject) is { } path
            ? HookChange.Install(host, agent, path, agent.Shape(host, wish)!)
            : null;
        var plugin = agent.PluginPath(host, isProject) is { } folder ? PluginChange.Install(host, agent, folder, wish) : null;
        var notes = agent.Notes(host, wish).ToList();
        if (agent is CodexHooks && !(context.Get(_trust) && !IsDry(context)))
        {
            notes.Add(
                "Codex runs no hook before its owner trusts it: start codex once and accept them, or "
                + "session-mesh hooks install codex --trust");
        }

        Finish(context, change, plugin, notes);
        if (context.Get(_trust) && !IsDry(context))
        {
            var trusted = await CodexTrust.TrustAsync(host, program, change!.Path, cancellation);
            context.Note($"Codex trusts {trusted} hooks of {change.Path}");
        }

        return ExitCodes.Done;
    }
}
