using SessionMesh.Server.Engine;
using SessionMesh.Server.Keys;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;
using SessionMesh.Storage;

namespace SessionMesh.Server.Hosting;

/// <summary>
/// <c>new-root [--data DIR] [--keep-children]</c>: replaces the root key of a mesh that is stopped. It holds the directory as a server
/// does and decides with the same engine, but listens nowhere and looks after no lease.
/// </summary>
internal static class NewRootVerb
{
    public const string Name = "new-root";

    /// <summary>Prints the path of the key file, and never the key.</summary>
    /// <exception cref="StartupException">Nothing was changed; the message says what to do.</exception>
    public static async Task RunAsync(IReadOnlyList<string> args, Func<string, string?> environment, TextWriter output)
    {
        var (data, keepChildren) = Parse(args, environment);
        if (!File.Exists(Path.Combine(data, StoreFile.Name)) && !StoreSwap.IsStaged(data))
        {
            throw new StartupException(
                $"There is no store in {data}: its first start makes one, with a root key. Say --data DIR for another.");
        }

        var options = new ServerOptions { Addresses = [], Data = data };
        await using var services = new ServiceCollection().AddLogging().AddSessionMesh(options).BuildServiceProvider();
        var directory = services.GetRequiredService<DataDirectory>();
        var roots = services.GetRequiredService<RootKeys>();
        services.GetRequiredService<MeshEngine>().Start();
        roots.Finish();
        await roots.ReplaceAsync(keepChildren);
        await output.WriteLineAsync(directory.RootKeyFile);
    }

    private static (string Data, bool KeepChildren) Parse(IReadOnlyList<string> args, Func<string, string?> environment)
    {
        var (data, keepChildren) = (environment("SESSION_MESH_DATA") is { Length: > 0 } variable ? variable : ServerOptions.DefaultData, false);
        for (var i = 0; i < args.Count; i++)
        {
            switch (args[i])
            {
                case "--keep-children":
                    keepChildren = true;
                    break;
                case "--data" when i + 1 < args.Count && args[i + 1].Length > 0:
                    data = args[++i];
                    break;
                case var text when text.StartsWith("--data=", StringComparison.Ordinal) && text.Length > 7:
                    data = text[7..];
                    break;
                default:
                    throw new StartupException($"'{args[i]}' is not understood here. Say {Name} --data DIR, "
                        + "and --keep-children if what was minted below the old root key is to stay valid.");
            }
        }

        return (Path.GetFullPath(data), keepChildren);
    }
}
