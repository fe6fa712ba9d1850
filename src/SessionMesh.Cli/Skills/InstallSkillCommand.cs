using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Settings;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Skills;

/// <summary>
/// <c>skill install</c>: puts the skill where coding agents look for skills. Most of them read <c>.agents/skills</c>, and Claude Code reads
/// <c>.claude/skills</c>; below the home directory or below a project.
/// </summary>
internal sealed class InstallSkillCommand : MeshCommand
{
    private const string Installed = "installed";
    private const string Replaced = "replaced";
    private const string Unchanged = "unchanged";

    private static readonly string[] s_places = [".agents/skills", ".claude/skills"];

    private static readonly View s_view = new()
    {
        RowsMember = "skills",
        Names = ["path"],
        Table = [Column.Of("path"), Column.Of("state")],
    };

    private readonly Option<bool> _user = new("--user") { Description = "For this account, below the home directory (the default)" };
    private readonly Option<bool> _project = new("--project") { Description = "For the project in the current directory" };
    private readonly Option<bool> _force = new("--force") { Description = "Replace files that somebody has changed" };
    private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Change nothing; show what would be" };

    public InstallSkillCommand(CliHost host)
        : base(host, "install", "Put the skill where coding agents look for skills.")
    {
        foreach (var option in new Option[] { _user, _project, _force, _dryRun })
        {
            Add(option);
        }

        Prints(s_view);
        Examples = ["session-mesh skill install", "session-mesh skill install --project"];
        ExitNotes = ["5  a file of another content is there; --force replaces it"];
    }

    protected override Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "install the skill";
        if (context.Get(_user) && context.Get(_project))
        {
            throw CommandException.Usage("--user and --project cannot be combined", "the same command with one of them");
        }

        var root = context.Get(_project) ? Directory.GetCurrentDirectory() : context.Host.Home;
        var folders = s_places.Select(place => Path.Combine(root, place, SkillFiles.Name)).ToList();
        var states = folders.ConvertAll(StateOf);
        var changed = folders.SelectMany(Changed).ToList();
        if (changed.Count > 0 && !context.Get(_force))
        {
            throw new CommandException(
                ExitCodes.Conflict, $"{changed[0]} is another one than this version's", "--force replaces it")
            {
                Lines = changed.Count > 1 ? changed : [],
            };
        }

        if (!context.Get(_dryRun))
        {
            folders.ForEach(Write);
        }

        context.Output.Write(
            Json.Build(json =>
            {
                json.WriteStartArray("skills"u8);
                foreach (var (folder, state) in folders.Zip(states))
                {
                    json.WriteStartObject();
                    json.WriteString("path"u8, folder);
                    json.WriteString("state"u8, state);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteBoolean("dry_run"u8, context.Get(_dryRun));
            }),
            s_view);
        return Task.FromResult(ExitCodes.Done);
    }

    private static string StateOf(string folder) =>
        !Path.Exists(folder) ? Installed
        : SkillFiles.All.All(file => IsSame(Path.Combine(folder, file.Path), file.Content)) ? Unchanged
        : Replaced;

    /// <summary>Files that are there with another content.</summary>
    private static IEnumerable<string> Changed(string folder) => SkillFiles.All
        .Select(file => (Path: Path.Combine(folder, file.Path), file.Content))
        .Where(file => Path.Exists(file.Path) && !IsSame(file.Path, file.Content))
        .Select(file => file.Path);

    private static bool IsSame(string path, byte[] content) => File.Exists(path) && File.ReadAllBytes(path).AsSpan().SequenceEqual(content);

    private static void Write(string folder)
    {
        foreach (var (name, content) in SkillFiles.All)
        {
            var path = Path.Combine(folder, name);
            if (IsSame(path, content))
            {
                continue;
            }

            try
            {
                PrivateFiles.Write(path, content);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new CommandException(ExitCodes.Failed, FileWords.Of(e, path), "a directory that can be written to");
            }
        }
    }
}
