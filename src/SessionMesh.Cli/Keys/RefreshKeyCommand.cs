using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Settings;
using SessionMesh.Client;

namespace SessionMesh.Cli.Keys;

/// <summary>
/// <c>keys refresh</c>: trades a refresh token for the next generation of its key. The token comes from a file or from standard
/// input, never from the argument list, which is public.
/// </summary>
internal sealed class RefreshKeyCommand : MeshCommand
{
    private readonly Option<string?> _file = new("--refresh-file")
    {
        Description = $"KEYFILE{KeyFiles.RefreshSuffix}, as --out wrote it; both files are replaced "
            + "(default: the token is read from stdin)",
        HelpName = "FILE",
    };

    private readonly Option<int?> _ttl =
        Opt.Duration("--ttl", "How long the new key is valid (default: as long as the one before was)", 1, int.MaxValue);

    private readonly KeyOutput _output;

    public RefreshKeyCommand(CliHost host)
        : base(host, "refresh", "Trade a refresh token for the next key of its name, and another refresh token.")
    {
        Add(_file);
        Add(_ttl);
        _output = new KeyOutput(this);
        Prints(KeyViews.Created, json => json.CreatedKey);
        Examples =
        [
            "session-mesh keys refresh --refresh-file ci.key.refresh",
            "pass show mesh/refresh | session-mesh keys refresh --out ci.key",
        ];
        ExitNotes = ["4  the token is unknown, expired, or was used before: then every key of its name is revoked"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "refresh a key";
        if (context.Get(_file) is not { } file)
        {
            _output.Check(context);
            var call = MeshCall.RefreshKey(FromInput(context), context.Get(_ttl));
            return _output.Write(context, await context.Client.SendAsync(call, cancellation), context.Get(_ttl));
        }

        if (_output.IsFile(context))
        {
            throw CommandException.Usage(
                "--refresh-file replaces the files that it names, and cannot be combined with --out", "leave one of them out");
        }

        if (!file.EndsWith(KeyFiles.RefreshSuffix, StringComparison.Ordinal) || file.Length == KeyFiles.RefreshSuffix.Length)
        {
            throw CommandException.Usage(
                $"{file} is not named KEYFILE{KeyFiles.RefreshSuffix}, so the key file to replace is unknown",
                $"session-mesh keys refresh --out KEYFILE < {file}");
        }

        var files = new KeyFiles(file[..^KeyFiles.RefreshSuffix.Length]);
        var created = await files.RefreshAsync(context.Client, refused: null, context.Get(_ttl), context.Host.Time, cancellation)
            ?? throw new InvalidOperationException("a refresh that was asked for was left to somebody else");
        KeyOutput.WriteSaved(context, created, files.KeyPath, context.Get(_ttl));
        return ExitCodes.Done;
    }

    private static string FromInput(CommandContext context)
    {
        if (context.Host.InIsTerminal)
        {
            throw CommandException.Usage(
                "a refresh token is not read from a terminal, where it would be seen",
                "session-mesh keys refresh --refresh-file FILE, or pipe the token in");
        }

        return MeshSettings.CheckedKey(context.Host.In.ReadLine() ?? "", "stdin");
    }
}
