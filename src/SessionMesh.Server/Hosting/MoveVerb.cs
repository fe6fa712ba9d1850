using System.Globalization;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Moving;
using SessionMesh.Server.Store.Postgres;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Storage;

namespace SessionMesh.Server.Hosting;

/// <summary>
/// <c>move --from sqlite:DIR --to postgres [--postgres-file FILE]</c>, and back: takes a mesh that no server runs to the other store. The
/// one it came from stays as it is.
/// </summary>
internal static class MoveVerb
{
    private const string Sqlite = "sqlite:";
    private const string Postgres = "postgres";

    /// <param name="args">The arguments after the verb.</param>
    /// <param name="output">Gets one line: what was moved, and its hash.</param>
    /// <param name="progress">Gets a line now and then.</param>
    /// <exception cref="StartupException">It did not become a mesh; the message says what to do.</exception>
    public static async Task RunAsync(
        IReadOnlyList<string> args, Func<string, string?> environment, TextWriter output, TextWriter progress)
    {
        var (from, to, postgres) = Parse(args, environment);
        var isToPostgres = to == Postgres;
        var directory = (isToPostgres ? from : to)[Sqlite.Length..];
        if (isToPostgres && !File.Exists(Path.Combine(directory, StoreFile.Name)))
        {
            throw new StartupException($"There is no store in {directory}. Nothing was changed.");
        }

        using var data = DataDirectory.Open(directory);
        using var there = PostgresStore.Open(
            postgres, string.Create(CultureInfo.InvariantCulture, $"move-{Environment.ProcessId}"), alone: true);
        await using var turn = await there.TakeTurnAsync();
        (long Revision, string Hash) moved;
        if (isToPostgres)
        {
            if (there.HasMesh())
            {
                throw new StartupException($"There is a mesh already ({postgres}). Nothing was changed. "
                    + "Name another schema with Search Path= in the connection string.");
            }

            using var here = SqliteStore.Open(data.Database);
            await using var source = here.OpenReader();
            await using var target = there.OpenWriter();
            moved = await new StoreMove(source, target, progress.WriteLine).RunAsync();
            there.FinishMove(moved.Revision);
        }
        else
        {
            if (File.Exists(data.Database))
            {
                throw new StartupException($"There is a store in {directory} already. Nothing was changed; name another directory.");
            }

            if (!there.HasMesh())
            {
                throw new StartupException($"There is no mesh to move ({postgres}). Nothing was changed.");
            }

            var draft = data.Database + ".moving";
            using (var here = SqliteStore.Open(draft))
            {
                await using var source = there.OpenReader();
                moved = await new StoreMove(source, here.Context, progress.WriteLine).RunAsync();
            }

            File.Move(draft, data.Database);
            StoreFile.SyncDirectory(directory);
        }

        await output.WriteLineAsync($"revision {moved.Revision} sha256 {moved.Hash}");
    }

    private static (string From, string To, PostgresOptions Options) Parse(IReadOnlyList<string> args, Func<string, string?> environment)
    {
        Settings.RefuseConnectionString(args);
        var parse = OptionTable.ParseMove(args);
        var (from, to) = (parse.GetValue(OptionTable.From), parse.GetValue(OptionTable.To));
        var isThere = IsFile(from) && to == Postgres;
        if (OptionTable.Stray(parse) is not null || parse.Errors.Count > 0 || !(isThere || (IsFile(to) && from == Postgres)))
        {
            throw new StartupException("Say move --from sqlite:DIR --to postgres, or move --from postgres --to sqlite:DIR. "
                + $"{PostgresOptions.Variable} or {OptionTable.PostgresFile.Name} FILE has the connection string.");
        }

        var file = parse.GetValue(OptionTable.PostgresFile) is [{ } name] ? name : null;
        string[] store = ["--store", Postgres, .. file is null ? (string[])[] : [OptionTable.PostgresFile.Name, file]];
        var options = PostgresOptions.From(Settings.Read(store, environment))!;
        return (Whole(from!), Whole(to!), options);
    }

    private static bool IsFile(string? place) =>
        place?.StartsWith(Sqlite, StringComparison.Ordinal) == true && place.Length > Sqlite.Length;

    private static string Whole(string place) => place == Postgres ? place : Sqlite + Path.GetFullPath(place[Sqlite.Length..]);
}
