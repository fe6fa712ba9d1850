using System.Text.Json;
using SessionMesh.Cli.Hooks.Editing;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Hooks.Kinds;

/// <summary>What <c>hooks install</c> was asked for.</summary>
/// <param name="Detail">Arguments of tools are reported as well.</param>
/// <param name="Http">The address of the mesh, where events go there by HTTP; null for the command alone.</param>
/// <param name="Version">Of the agent's program; null where it is not known.</param>
internal sealed record HookWish(bool Detail, Uri? Http, Version? Version)
{
    public static readonly HookWish Plain = new(Detail: false, Http: null, Version: null);
}

/// <summary>A coding agent that people run: where its settings are, and what of ours belongs into them.</summary>
internal abstract class HookedAgent
{
    /// <summary>As a command line names it.</summary>
    public abstract string Name { get; }

    /// <summary>As its makers write it.</summary>
    public abstract string Title { get; }

    /// <summary>The file name of its program.</summary>
    public abstract string Program { get; }

    public virtual SettingsDialect Dialect => SettingsDialect.Json;

    /// <summary>Places below the home directory where its installer puts the program, beside those in PATH.</summary>
    public virtual IReadOnlyList<string> Places => [".local/bin"];

    /// <summary>A name for its processes that shows more than the program's.</summary>
    public virtual string? ProcessTitle => null;

    /// <summary>The package of which a script of its program is, where an interpreter runs it.</summary>
    public virtual string? Package => null;

    /// <summary>When it runs the hook command; null where it does not, as a plugin that speaks to the mesh itself.</summary>
    public virtual HookMoments? Moments => null;

    /// <summary>Whether it takes hooks for one project.</summary>
    public virtual bool HasProjects => true;

    /// <summary>The settings file; null where it has a plugin only.</summary>
    public virtual string? SettingsPath(CliHost host, bool project) => null;

    /// <summary>The folder of our plugin; null where there is none.</summary>
    public virtual string? PluginPath(CliHost host, bool project) => null;

    /// <summary>A script beside that folder, where the program loads scripts and no folders; else null.</summary>
    public virtual string? PluginLoader => null;

    /// <summary>What of ours belongs into its settings; null where it has none.</summary>
    public virtual SettingsShape? Shape(CliHost host, HookWish wish) => null;

    /// <summary>What a person is to know about what was installed.</summary>
    public virtual IEnumerable<string> Notes(CliHost host, HookWish wish) => [];

    /// <summary>A group with hooks that are commands.</summary>
    protected static JsonElement Group(string? matcher, params IReadOnlyList<JsonElement> handlers) => Json.Build(json =>
    {
        if (matcher is not null)
        {
            json.WriteString("matcher"u8, matcher);
        }

        json.WriteStartArray("hooks"u8);
        foreach (var handler in handlers)
        {
            handler.WriteTo(json);
        }

        json.WriteEndArray();
    });

    /// <param name="flags">Members that are true.</param>
    protected static JsonElement CommandHook(string command, int timeout, string? name = null, params string[] flags) => Json.Build(json =>
    {
        if (name is not null)
        {
            json.WriteString("name"u8, name);
        }

        json.WriteString("type"u8, "command"u8);
        json.WriteString("command"u8, command);
        json.WriteNumber("timeout"u8, timeout);
        foreach (var flag in flags)
        {
            json.WriteBoolean(flag, true);
        }
    });

    protected string CommandOf(CliHost host, HookWish wish) =>
        wish.Detail ? HookProgram.Command(host, Name, "--detail") : HookProgram.Command(host, Name);

    /// <summary>A directory that a variable names, or one below the home directory.</summary>
    protected static string DirectoryOf(CliHost host, string variable, string below) =>
        host.Env(variable) is { } given ? Path.GetFullPath(given, host.CurrentDirectory()) : Path.Combine(host.Home, below);
}
