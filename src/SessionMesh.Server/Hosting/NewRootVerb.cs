using System.CommandLine;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Keys;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;
using SessionMesh.Storage;

namespace SessionMesh.Server.Hosting;

/// <summary>
/// <c>new-root [--data DIR] [--store postgres …] [--keep-children] [--accept-clock]</c>: replaces the root key of a stopped mesh. Locks
/// the directory and, on PostgreSQL, is the one node, as a server does and is, and runs the same engine, but does not listen and ends no
/// lease.
/// </summary>
internal static class NewRootVerb
{
    /// <summary>Its name among the nodes. Under a server's own it would take the place of one that runs.</summary>
    private static readonly string s_node = OptionTable.NewRoot.Name;

    /// <summary>Prints the path of the key file, never the key.</summary>
    /// <param name="args">The arguments after the verb.</param>
    /// <exception cref="StartupException">Nothing was changed; the message says what to do.</exception>
    public static async Task RunAsync(IReadOnlyList<string> args, Func<string, string?> environment, TextWriter output)
    {
        var (options, keepChildren) = Parse(args, environment);
        var data = options.Data;
        if (options.Postgres is null && !File.Exists(Path.Combine(data, StoreFile.Name)) && !StoreSwap.IsStaged(data))
        {
            throw new StartupException(
                $"There is no store in {data}: the first start makes one, with a root key. Say --data DIR for another directory.");
        }

        await using var services = new ServiceCollection().AddLogging().AddSessionMesh(options).BuildServiceProvider();
        var directory = services.GetRequiredService<DataDirectory>();
        var roots = services.GetRequiredService<RootKeys>();
        var engine = services.GetRequiredService<MeshEngine>();
        if (options.Postgres is { } postgres && engine.State.Revision == 0)
        {
            throw new StartupException($"There is no mesh in this database ({postgres}): the first start makes one, with a root key.");
        }

        engine.Start();
        roots.Finish();
        await roots.ReplaceAsync(keepChildren);
        await output.WriteLineAsync(directory.RootKeyFile);
    }

    private static (ServerOptions Options, bool KeepChildren) Parse(IReadOnlyList<string> args, Func<string, string?> environment)
    {
        Settings.RefuseConnectionString(args);
        var name = OptionTable.NewRoot.Name;
        var parse = OptionTable.ParseNewRoot(args);
        var typed = parse.GetResult(OptionTable.Data)?.Tokens.Select(token => token.Value).ToList();
        var accepts = parse.GetResult(OptionTable.AcceptClock);
        if ((OptionTable.Stray(parse) ?? (accepts?.Tokens is [var value, ..] ? value.Value : null)
            ?? (typed is null or [{ Length: > 0 }] ? null : OptionTable.Data.Name)) is { } wrong)
        {
            throw new StartupException($"'{wrong}' is not understood here. Say {name} --data DIR, "
                + "--keep-children to keep the keys below the old root key valid, and --accept-clock if the store is from long ago.");
        }

        var variable = environment(OptionTable.VariableOf(OptionTable.Data));
        var data = typed?[0] ?? (string.IsNullOrEmpty(variable) ? ServerOptions.DefaultData : variable);
        var settings = Settings.Of([OptionTable.Store, OptionTable.PostgresFile, OptionTable.RootKeyFile], parse, args, environment);
        var options = new ServerOptions
        {
            Addresses = [],
            Data = Path.GetFullPath(data),
            Postgres = PostgresOptions.From(settings),
            NodeId = s_node,
            IsAlone = true,
            RootKeyFile = settings[OptionTable.RootKeyFile],
            AcceptClock = accepts is not null || IsSet(OptionTable.AcceptClock),
        };
        return (options, parse.GetValue(OptionTable.KeepChildren));

        bool IsSet(Option<string[]> flag) => bool.TryParse(environment(OptionTable.VariableOf(flag)), out var isSet) && isSet;
    }
}
