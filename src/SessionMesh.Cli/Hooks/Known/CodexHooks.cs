using SessionMesh.Cli.Hooks.Kinds;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Hooks.Known;

/// <summary>Codex: commands in <c>hooks.json</c>, which run once their owner has said that they may.</summary>
internal sealed class CodexHooks : HookedAgent
{
    /// <summary>The program gives the last two no more than this, and a second where nothing is said.</summary>
    private const int Last = 3;

    private static readonly (string Event, int Timeout)[] s_events =
    [
        ("SessionStart", 10), ("SessionEnd", Last), ("UserPromptSubmit", 10), ("PreToolUse", 600), ("PermissionRequest", 10),
        ("PostToolUse", 10), ("SubagentStart", 10), ("SubagentStop", 10), ("Stop", 10), ("Interrupt", Last),
    ];

    public override string Name => "codex";

    public override string Title => "Codex";

    public override string Program => "codex";

    public override string Package => "@openai/codex";

    public override HookMoments Moments { get; } = new("SessionStart", "UserPromptSubmit", "CODEX_SESSION_ID");

    public override IReadOnlyList<string> Places => [".local/bin", ".npm-global/bin", ".bun/bin"];

    public static string HomeOf(CliHost host) => DirectoryOf(host, "CODEX_HOME", ".codex");

    public override string SettingsPath(CliHost host, bool project) =>
        Path.Combine(project ? Path.Combine(host.CurrentDirectory(), ".codex") : HomeOf(host), "hooks.json");

    public override SettingsShape Shape(CliHost host, HookWish wish) => new HookGroups(
        Name, [.. s_events.Select(one => (one.Event, Group(null, CommandHook(CommandOf(host, wish), one.Timeout))))]);
}
