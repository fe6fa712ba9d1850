using System.CommandLine;
using System.Globalization;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Admin;

/// <summary><c>admin move</c>: a mesh that no server runs to the other kind of store, by the server's program, which has both.</summary>
internal sealed class MoveStoreCommand : MeshCommand
{
    private static readonly View s_view = View.Single("revision", ["revision", "sha256"]);

    private readonly Option<string> _from = new("--from")
    {
        Description = "Where the mesh is", HelpName = "STORE", Required = true,
    };

    private readonly Option<string> _to = new("--to") { Description = "Where it is to be", HelpName = "STORE", Required = true };

    private readonly Option<string?> _file = new("--postgres-file")
    {
        Description = "The connection string, in a file of its owner's alone; else SESSION_MESH_POSTGRES has it", HelpName = "FILE",
    };

    public MoveStoreCommand(CliHost host)
        : base(host, "move", "Take a mesh that no server runs from SQLite to PostgreSQL, or back; a STORE is sqlite:DIR or postgres.")
    {
        Add(_from);
        Add(_to);
        Add(_file);
        Prints(s_view);
        Examples =
        [
            "session-mesh admin move --from sqlite:~/.local/share/session-mesh --to postgres",
            "session-mesh admin move --from postgres --to sqlite:/var/lib/session-mesh --postgres-file postgres",
        ];
        ExitNotes = ["1  the mesh is where it was; the error says why"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "move the mesh";
        string[] arguments =
        [
            "move", "--from", Whole(context, _from), "--to", Whole(context, _to),
            .. context.Get(_file) is { } file ? (string[])["--postgres-file", Path.GetFullPath(file)] : [],
        ];
        var at = "looking";
        string said;
        using (context.ShowProgress(() => at))
        {
            said = await new ServerProgram(context.Host).RunAsync(arguments, cancellation, line => at = line);
        }

        // revision 12 sha256 0a…
        if (said.Split(' ') is not ["revision", var revision, "sha256", var hash])
        {
            throw new CommandException(ExitCodes.Failed, "the server's program did not say what it moved; is it of this version?");
        }

        context.Output.Write(Json.Build(json =>
        {
            json.WriteNumber("revision"u8, long.Parse(revision, CultureInfo.InvariantCulture));
            json.WriteString("sha256"u8, hash);
        }), s_view);
        return ExitCodes.Done;
    }

    /// <summary>With the whole path, and the home directory in it, which a shell leaves alone after a colon.</summary>
    private static string Whole(CommandContext context, Option<string> option)
    {
        const string Sqlite = "sqlite:";
        var place = context.Get(option)!;
        if (!place.StartsWith(Sqlite, StringComparison.Ordinal) || place.Length == Sqlite.Length)
        {
            return place == "postgres" ? place : throw CommandException.Usage(
                $"'{place}' is no store", $"{option.Name} sqlite:DIR, or {option.Name} postgres");
        }

        var path = place[Sqlite.Length..];
        return Sqlite + Path.GetFullPath(path.StartsWith("~/", StringComparison.Ordinal)
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path[2..]) : path);
    }
}
