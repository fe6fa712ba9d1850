using SessionMesh.Cli.Hooks.Editing;
using SessionMesh.Cli.Hooks.Kinds;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Hooks.Known;

/// <summary>Gemini CLI: commands in <c>settings.json</c>, with comments and with times in milliseconds.</summary>
internal sealed class GeminiHooks : HookedAgent
{
    private static readonly (string Event, int Milliseconds)[] s_events =
    [
        ("SessionStart", 10_000), ("BeforeAgent", 10_000), ("BeforeModel", 10_000), ("BeforeTool", 600_000), ("AfterTool", 10_000),
        ("AfterAgent", 10_000), ("Notification", 10_000), ("SessionEnd", 10_000),
    ];

    public override string Name => "gemini";

    public override string Title => "Gemini CLI";

    public override string Program => "gemini";

    public override string Package => "@google/gemini-cli";

    public override HookMoments Moments { get; } = new("SessionStart", "BeforeAgent");

    public override SettingsDialect Dialect => SettingsDialect.Jsonc;

    public override IReadOnlyList<string> Places => [".local/bin", ".npm-global/bin", ".bun/bin"];

    public override string SettingsPath(CliHost host, bool project) => Path.Combine(
        project ? host.CurrentDirectory() : host.Env("GEMINI_CLI_HOME") ?? host.Home, ".gemini", "settings.json");

    public override SettingsShape Shape(CliHost host, HookWish wish) => new HookGroups(
        Name,
        [
            .. s_events.Select(one =>
                (one.Event, Group(null, CommandHook(CommandOf(host, wish), one.Milliseconds, name: PluginFiles.Name)))),
        ]);
}
