using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Settings;
using SessionMesh.Storage;

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

        if (Path.GetDirectoryName(Path.GetFullPath(file)) is { } above && !Directory.Exists(above))
        {
            throw CommandException.Usage(
                $"there is no directory {above} for {Path.GetFileName(file)}", $"mkdir -p {above}, or another --out FILE");
        }

        foreach (var path in new[] { file, file + KeyFiles.RefreshSuffix })
        {
            if (Directory.Exists(path))
            {
                throw CommandException.Usage($"{path} is a directory", "--out with the name of a file in it");
            }

            if (!context.Get(_force) && File.Exists(path))
            {
                throw CommandException.Usage($"{path} already exists", "another --out FILE, or add --force to replace it");
            }
        }
    }

    /// <param name="asked">The lifetime that was asked for, in seconds; null for the default.</param>
    public int Write(CommandContext context, JsonElement created, int? asked = null)
    {
        if (context.Get(_out) is { } file)
        {
            try
            {
                new KeyFiles(file).Save(created, context.Get(_force));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw KeyFiles.NotWritten(created, FileWords.Of(e, file));
            }

            WriteSaved(context, created, file, asked);
            return ExitCodes.Done;
        }

        Show(context, created);
        var hasRefresh = Json.Text(created, "refresh_token") is not null;
        if (context.Output.IsTable)
        {
            context.Note(
                $"the token{(hasRefresh ? " and the refresh token are" : " is")} shown this once; use the token as SESSION_API_KEY");
        }

        NoteLifetime(context, created, asked);
        return ExitCodes.Done;
    }

    private static void NoteLifetime(CommandContext context, JsonElement created, int? asked)
    {
        if (asked is { } seconds && KeyLifetime.WhyOther(created, seconds) is { } why)
        {
            context.Note(why);
        }
    }

    /// <summary>Shows the secrets, this once. A key whose secret nobody saw is valid all the same: so it is named.</summary>
    private static void Show(CommandContext context, JsonElement created)
    {
        try
        {
            context.Output.Write(created, KeyViews.Created);
            context.Output.Flush();
        }
        catch (OutputFailedException e)
        {
            throw KeyFiles.NotShown(created, e.Message);
        }
        catch (OutputClosedException)
        {
            Errors.Render(KeyFiles.NotShown(created, "the reader of standard output has gone"), context);
            throw;
        }
    }

    /// <summary>The answer without its secrets, and where they are.</summary>
    /// <inheritdoc cref="Write" path="/param"/>
    public static void WriteSaved(CommandContext context, JsonElement created, string file, int? asked = null)
    {
        var hasRefresh = Json.Text(created, "refresh_token") is not null;
        context.Output.Write(Json.Without(Json.Without(created, "token"), "refresh_token"), KeyViews.Saved);
        context.Note($"the key is in {file}: use it with --key-file");
        if (hasRefresh)
        {
            context.Note(
                $"the refresh token is in {file}{KeyFiles.RefreshSuffix}: as long as it lies there, the tool renews the key by itself");
        }

        NoteLifetime(context, created, asked);
    }
}
