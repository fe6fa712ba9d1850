using System.CommandLine;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Keys;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;
using SessionMesh.Storage;

namespace SessionMesh.Server.Hosting;

/// <summary>
/// <c>new-root [--data DIR] [--keep-children] [--accept-clock]</c>: replaces the root key of a stopped mesh. Locks the directory as a
/// server does and runs the same engine, but does not listen and ends no lease.
/// </summary>
internal static class NewRootVerb
{
    /// <summary>Prints the path of the key file, never the key.</summary>
    /// <param name="args">The arguments after the verb.</param>
    /// <exception cref="StartupException">Nothing was changed; the message says what to do.</exception>
    public static async Task RunAsync(IReadOnlyList<string> args, Func<string, string?> environment, TextWriter output)
    {
        var (data, keepChildren, acceptClock) = Parse(args, environment);
        if (!File.Exists(Path.Combine(data, StoreFile.Name)) && !StoreSwap.IsStaged(data))
        {
            throw new StartupException(
                $"There is no store in {data}: the first start makes one, with a root key. Say --data DIR for another directory.");
        }

        var options = new ServerOptions { Addresses = [], Data = data, AcceptClock = acceptClock };
        await using var services = new ServiceCollection().AddLogging().AddSessionMesh(options).BuildServiceProvider();
        var directory = services.GetRequiredService<DataDirectory>();
        var roots = services.GetRequiredService<RootKeys>();
        services.GetRequiredService<MeshEngine>().Start();
        roots.Finish();
        await roots.ReplaceAsync(keepChildren);
        await output.WriteLineAsync(directory.RootKeyFile);
    }

    private static (string Data, bool KeepChildren, bool AcceptClock) Parse(IReadOnlyList<string> args, Func<string, string?> environment)
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
        return (Path.GetFullPath(data), parse.GetValue(OptionTable.KeepChildren), accepts is not null || IsSet(OptionTable.AcceptClock));

        bool IsSet(Option<string[]> flag) => bool.TryParse(environment(OptionTable.VariableOf(flag)), out var isSet) && isSet;
    }
}
