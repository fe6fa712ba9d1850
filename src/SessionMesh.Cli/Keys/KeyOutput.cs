using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Settings;

namespace SessionMesh.Cli.Keys;

/// <summary><c>--out FILE</c>: where the secrets of a new key go. Without it they are in the answer, this once.</summary>
internal sealed class KeyOutput
{
    private readonly Option<string?> _out = new("--out", "--key-out")
    {
        Description = $"Write the key to this file, and a refresh token to FILE{KeyFiles.RefreshSuffix}, mode 0600, and do not show them",
        HelpName = "FILE",
    };

    private readonly Option<bool> _force = new("--force") { Description = "Replace a file that is there" };

    public KeyOutput(Command command)
    {
        command.Add(_out);
        command.Add(_force);
    }

    public bool IsFile(CommandContext context) => context.Get(_out) is not null;

    /// <summary>Before a key is made: it would be lost if its file could not be written.</summary>
    public void Check(CommandContext context)
    {
        if (context.Get(_out) is not { } file)
        {
            if (context.Get(_force))
            {
                throw CommandException.Usage("--force needs --out", "add --out FILE");
            }

            return;
        }

        foreach (var path in new[] { file, file + KeyFiles.RefreshSuffix })
        {
            if (Directory.Exists(path))
            {
                throw CommandException.Usage($"{path} is a directory");
            }

            if (!context.Get(_force) && File.Exists(path))
            {
                throw CommandException.Usage($"{path} already exists", "another --out FILE, or add --force to replace it");
            }
        }
    }

    public int Write(CommandContext context, JsonElement created)
    {
        if (context.Get(_out) is not { } file)
        {
            context.Output.Write(created, KeyViews.Created);
            var hasRefresh = Json.Text(created, "refresh_token") is not null;
            if (context.Output.IsTable)
            {
                context.Note(
                    $"the token{(hasRefresh ? " and the refresh token are" : " is")} shown this once; use the token as SESSION_API_KEY");
            }

            return ExitCodes.Done;
        }

        try
        {
            new KeyFiles(file).Save(created, context.Get(_force));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw KeyFiles.NotWritten(created, e);
        }

        WriteSaved(context, created, file);
        return ExitCodes.Done;
    }

    /// <summary>The answer without its secrets, and where they are.</summary>
    public static void WriteSaved(CommandContext context, JsonElement created, string file)
    {
        var hasRefresh = Json.Text(created, "refresh_token") is not null;
        context.Output.Write(Json.Without(Json.Without(created, "token"), "refresh_token"), KeyViews.Saved);
        context.Note($"the key is in {file}: use it with --key-file");
        if (hasRefresh)
        {
            context.Note(
                $"the refresh token is in {file}{KeyFiles.RefreshSuffix}: as long as it lies there, the tool renews the key by itself");
        }
    }
}
