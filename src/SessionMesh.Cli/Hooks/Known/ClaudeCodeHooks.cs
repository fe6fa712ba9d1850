using System.Text.Json;
using SessionMesh.Cli.Hooks.Kinds;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Settings;

namespace SessionMesh.Cli.Hooks.Known;

/// <summary>Claude Code: hooks in <c>settings.json</c>, as commands or, for most events, straight to the mesh by HTTP.</summary>
internal sealed class ClaudeCodeHooks : HookedAgent
{
    private const string PostToolBatch = "PostToolBatch";

    /// <summary>A pause is held in it.</summary>
    private const string PreToolUse = "PreToolUse";

    private const int Held = 600;
    private const int Usual = 10;

    /// <summary>For how long the mesh is waited for where no command of ours does it.</summary>
    private const int ByHttp = 1;

    /// <summary>How long one waits for a steer that wakes an idle session.</summary>
    private const int Waking = 86_400;

    private static readonly string[] s_events =
    [
        "SessionStart", "UserPromptSubmit", PreToolUse, "PostToolUse", "PostToolUseFailure", PostToolBatch, "Stop", "StopFailure",
        "SubagentStart", "SubagentStop", "PermissionRequest", "Notification", "SessionEnd",
    ];

    /// <summary>
    /// By HTTP the first never fires, and the last is not worth a second way. A tool waits as long as its hook does: a server that is
    /// silent would hold it for all of the time that a pause may take.
    /// </summary>
    private static readonly string[] s_alwaysCommands = ["SessionStart", PreToolUse, "SessionEnd"];

    private static readonly string[] s_waking = ["SessionStart", "Stop"];

    /// <summary>An older program may drop the whole file for an event that it does not know.</summary>
    private static readonly Version s_knowsBatches = new(2, 1, 100);

    public override string Name => "claude-code";

    public override string Title => "Claude Code";

    public override string Program => "claude";

    public override string Package => "@anthropic-ai/claude-code";

    public override HookMoments Moments { get; } = new(
        "SessionStart", "UserPromptSubmit", "CLAUDE_CODE_SESSION_ID", HidesInterruptions: true);

    public override IReadOnlyList<string> Places => [".local/bin", ".claude/local", ".npm-global/bin", ".bun/bin"];

    public override string SettingsPath(CliHost host, bool project) => Path.Combine(
        project ? Path.Combine(host.CurrentDirectory(), ".claude") : DirectoryOf(host, "CLAUDE_CONFIG_DIR", ".claude"), "settings.json");

    public override SettingsShape Shape(CliHost host, HookWish wish) =>
        new HookGroups(Name, [.. s_events.Where(name => Knows(name, wish)).Select(name => (name, GroupOf(host, wish, name)))]);

    public override IEnumerable<string> Notes(CliHost host, HookWish wish)
    {
        if (!Knows(PostToolBatch, wish))
        {
            yield return $"{PostToolBatch} is left out: claude {wish.Version} does not know it; after an update, the same command again";
        }

        if (wish.Http is not null && host.Env(MeshSettings.KeyVariable) is null)
        {
            yield return $"{MeshSettings.KeyVariable} is not set here: claude needs it in its environment, or the mesh refuses its hooks";
        }
    }

    private static bool Knows(string name, HookWish wish) =>
        name != PostToolBatch || wish.Version is null || wish.Version >= s_knowsBatches;

    private JsonElement GroupOf(CliHost host, HookWish wish, string name)
    {
        var timeout = name == PreToolUse ? Held : Usual;
        var first = wish.Http is { } url && !s_alwaysCommands.Contains(name)
            ? HttpHook(url)
            : CommandHook(CommandOf(host, wish), timeout);

        // The second flag implies the first in a terminal alone: with -p, the start of a session waits for what lacks it.
        return s_waking.Contains(name)
            ? Group(null, first, CommandHook(HookProgram.Command(host, Name, "--wake"), Waking, flags: ["async", "asyncRewake"]))
            : Group(null, first);
    }

    /// <summary>The key stands in no file: the program fills the header from its environment.</summary>
    private JsonElement HttpHook(Uri mesh) => Json.Build(json =>
    {
        json.WriteString("type"u8, "http"u8);
        json.WriteString("url"u8, mesh.AbsoluteUri.TrimEnd('/') + HookGroups.Route + Name);
        json.WriteStartObject("headers"u8);
        json.WriteString("Authorization"u8, $"Bearer ${MeshSettings.KeyVariable}");
        json.WriteEndObject();
        json.WriteStartArray("allowedEnvVars"u8);
        json.WriteStringValue(MeshSettings.KeyVariable);
        json.WriteEndArray();
        json.WriteNumber("timeout"u8, ByHttp);
    });
}
