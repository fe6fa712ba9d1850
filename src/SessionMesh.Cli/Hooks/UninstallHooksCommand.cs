using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hooks.Kinds;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Hooks;

/// <summary><c>hooks uninstall</c>: takes our hooks out again, and nothing else.</summary>
internal sealed class UninstallHooksCommand : SettingsCommand
{
    public UninstallHooksCommand(CliHost host) : base(host, "uninstall", "Take the hooks out of a coding agent's settings again.") =>
        Examples = ["session-mesh hooks uninstall claude-code", "session-mesh hooks uninstall codex --dry-run"];

    protected override Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var agent = AgentOf(context);
        context.Doing = $"uninstall the hooks of {agent.Title}";
        var (host, isProject) = (context.Host, IsProject(context));
        var shape = agent.Shape(host, new HookWish(Detail: false, Http: null, Version: null))!;
        var change = agent.SettingsPath(host, isProject) is { } path ? HookChange.Uninstall(host, agent, path, shape) : null;
        var plugin = agent.PluginPath(host, isProject) is { } folder ? PluginChange.Uninstall(host, agent, folder) : null;
        Finish(context, change, plugin, []);
        return Task.FromResult(ExitCodes.Done);
    }
}
