using System.Text;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Hooks.Kinds;

/// <summary>
/// What is to be done to the folder of a plugin: decided first, done then. The folder is ours; what others put into it stays.
/// </summary>
internal sealed class PluginChange
{
    /// <summary>Tells the plugin how to call this tool, and whether the arguments of tools are reported.</summary>
    public const string ToolFile = "tool.json";

    private readonly IReadOnlyList<(string Path, byte[] Content)> _files;
    private readonly string _record;

    private PluginChange(string folder, string state, IReadOnlyList<(string Path, byte[] Content)> files, string record) =>
        (Folder, State, _files, _record) = (folder, state, files, record);

    public string Folder { get; }

    public string State { get; }

    public static PluginChange Install(CliHost host, HookedAgent agent, string folder, HookWish wish)
    {
        var files = FilesOf(host, agent, wish);
        var state = !Directory.Exists(folder) ? HookChange.Installed
            : files.All(file => IsSame(Path.Combine(folder, file.Path), file.Content)) ? HookChange.Unchanged
            : HookChange.Updated;
        return new(folder, state, files, HookState.RecordOf(host, agent.Name, folder));
    }

    public static PluginChange Uninstall(CliHost host, HookedAgent agent, string folder) => new(
        folder, Directory.Exists(folder) ? HookChange.Removed : HookChange.Absent, FilesOf(host, agent, HookWish.Plain),
        HookState.RecordOf(host, agent.Name, folder));

    public void Apply()
    {
        try
        {
            if (State is HookChange.Installed or HookChange.Updated)
            {
                Write();
            }
            else if (State == HookChange.Removed)
            {
                Remove();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCodes.Failed, FileWords.Of(e, Folder), "a directory that can be written to");
        }
    }

    private static IReadOnlyList<(string Path, byte[] Content)> FilesOf(CliHost host, HookedAgent agent, HookWish wish) =>
    [
        .. PluginFiles.Of(agent.Name),
        .. agent.PluginLoader is { } loader
            ? [($"../{PluginFiles.Name}.js", Encoding.UTF8.GetBytes(loader))]
            : (ReadOnlySpan<(string, byte[])>)[],
        (ToolFile, Encoding.UTF8.GetBytes(Json.Compact(Json.Build(json =>
        {
            json.WriteStartArray("command"u8);
            foreach (var word in host.Program())
            {
                json.WriteStringValue(word);
            }

            json.WriteEndArray();
            if (wish.Detail)
            {
                json.WriteBoolean("detail"u8, true);
            }
        })) + "\n")),
    ];

    private static bool IsSame(string path, byte[] content) => File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(content);

    private void Write()
    {
        var made = new List<string>();
        for (var above = Folder; above is { Length: > 0 } && !Directory.Exists(above); above = Path.GetDirectoryName(above))
        {
            made.Insert(0, above);
        }

        if (made.Count > 0)
        {
            new Editing.SettingsRecord { IsNew = true, Directories = made }.Save(_record);
        }

        foreach (var (name, content) in _files)
        {
            var path = Path.Combine(Folder, name);
            if (!IsSame(path, content))
            {
                Settings.PrivateFiles.Write(path, content);
            }
        }
    }

    private void Remove()
    {
        foreach (var (name, _) in _files)
        {
            File.Delete(Path.Combine(Folder, name));
        }

        var within = Directory.EnumerateDirectories(Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal);
        HookChange.RemoveDirectories([Folder, .. within]);
        if (Editing.SettingsRecord.Load(_record) is { } record)
        {
            HookChange.RemoveDirectories(record.Directories.Where(directory => directory != Folder));
            File.Delete(_record);
        }
    }
}
