using SessionMesh.Cli.Hooks.Kinds;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Hooks.Known;

/// <summary>opencode: a plugin in JavaScript, and no settings. It loads each script that lies in <c>plugins</c>, and no folder.</summary>
internal sealed class OpencodeHooks : HookedAgent
{
    public override string Name => "opencode";

    public override string Title => "opencode";

    public override string Program => "opencode";

    public override string Package => "opencode-ai";

    public override HookMoments Moments { get; } = new("session.start", "prompt");

    public override IReadOnlyList<string> Places => [".opencode/bin", ".local/bin", ".npm-global/bin", ".bun/bin"];

    public override string PluginPath(CliHost host, bool project) => Path.Combine(
        project ? Path.Combine(host.CurrentDirectory(), ".opencode")
            : host.Env("OPENCODE_CONFIG_DIR")
                ?? Path.Combine(host.Env("XDG_CONFIG_HOME") ?? Path.Combine(host.Home, ".config"), "opencode"),
        "plugins",
        PluginFiles.Name);

    public override string PluginLoader => "export * from \"./session-mesh/index.js\";\n";
}
