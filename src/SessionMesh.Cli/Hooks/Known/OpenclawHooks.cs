using SessionMesh.Cli.Hooks.Editing;
using SessionMesh.Cli.Hooks.Kinds;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Hooks.Known;

/// <summary>OpenClaw: a plugin inside the gateway, which wants to be named in its settings.</summary>
internal sealed class OpenclawHooks : HookedAgent
{
    public override string Name => "openclaw";

    public override string Title => "OpenClaw";

    public override string Program => "openclaw";

    public override string Package => "openclaw";

    public override string ProcessTitle => "openclaw-gateway";

    public override bool HasProjects => false;

    public override SettingsDialect Dialect => SettingsDialect.Json5;

    public override IReadOnlyList<string> Places => [".local/bin", ".npm-global/bin", ".bun/bin"];

    public override string SettingsPath(CliHost host, bool project) =>
        host.Env("OPENCLAW_CONFIG_PATH") ?? Path.Combine(StateOf(host), "openclaw.json");

    public override string PluginPath(CliHost host, bool project) => Path.Combine(StateOf(host), "extensions", PluginFiles.Name);

    public override SettingsShape Shape(CliHost host, HookWish wish) => new PluginEntry();

    private static string StateOf(CliHost host) => DirectoryOf(host, "OPENCLAW_STATE_DIR", ".openclaw");
}
