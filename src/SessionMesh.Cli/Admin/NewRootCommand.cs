using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Keys;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Settings;
using SessionMesh.Client;

namespace SessionMesh.Cli.Admin;

/// <summary>
/// <c>admin new-root</c>: another root key, for one that was stolen, lost or revoked. What has to be decided by the engine on a stopped
/// mesh is done by the server's program, which this starts.
/// </summary>
internal sealed class NewRootCommand : MeshCommand
{
    private static readonly View s_view = View.Single("key_file", ["key_file"]);

    private readonly Option<bool> _keep = new("--keep-children")
    {
        Description = "Revoke the old root key alone; what was minted below it goes below the new one",
    };

    private readonly Option<bool> _acceptClock = new("--accept-clock")
    {
        Description = "With --data: go on although the clock is more than 300 days from the last change in the store",
    };

    private readonly Option<bool> _yes = new("--yes", "-y") { Description = "Do not ask" };
    private readonly Option<string?> _data = StoppedMesh.Option();
    private readonly KeyOutput _output;

    public NewRootCommand(CliHost host) : base(host, "new-root", "Replace the root key; the old one and all below it are over at once.")
    {
        Add(_keep);
        Add(_acceptClock);
        Add(_yes);
        Add(_data);
        _output = new KeyOutput(this);
        Prints(s_view, json => json.NewRootKey);
        Examples =
        [
            "session-mesh admin new-root --yes",
            "session-mesh admin new-root --keep-children --yes --out new-root.key",
            "session-mesh admin new-root --data ~/.local/share/session-mesh --yes",
        ];
        ExitNotes = ["2  no terminal to ask on, and no --yes", "5  a server holds the directory that --data names"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "replace the root key";
        var (data, keep) = (context.Get(_data), context.Get(_keep));
        if (data is null && context.Get(_acceptClock))
        {
            throw CommandException.Usage("--accept-clock is for the store of a stopped mesh", "--data DIR, or leave it out");
        }

        if (data is not null && _output.IsFile(context))
        {
            throw CommandException.Usage("the new key of a stopped mesh goes into root.key in its directory", "leave out --out");
        }

        _output.Check(context);
        var mesh = data is null ? $"the mesh at {context.Settings.Url}" : $"the mesh in {data}";
        if (!context.Get(_yes) && !context.Confirm(Question(mesh, keep)))
        {
            context.Note("nothing was changed");
            return ExitCodes.Failed;
        }

        if (data is not null)
        {
            return await ReplaceStoppedAsync(context, Path.GetFullPath(data), keep, cancellation);
        }

        var created = await context.Client.SendAsync(MeshCall.NewRoot(keep), cancellation);
        if (_output.IsFile(context) || OwnFile(context, created) is not { } file)
        {
            return _output.Write(context, created);
        }

        KeyOutput.WriteSaved(context, created, file);
        return ExitCodes.Done;
    }

    private static string Question(string mesh, bool keep) =>
        $"Replace the root key of {mesh}? The old one ends at once"
        + (keep ? "; what was minted below it stays." : ", and so does every key below it: runners, agents and operators need new ones.");

    /// <summary>The key file in use, if the server has already written the new key into it: then there is nothing to show.</summary>
    private static string? OwnFile(CommandContext context, JsonElement created)
    {
        try
        {
            return context.Settings.KeyFile is { } file
                && MeshSettings.ReadKeyFile(file, "the key file") == Json.Text(created, "token") ? file : null;
        }
        catch (CommandException)
        {
            return null; // it can no longer be read
        }
    }

    private async Task<int> ReplaceStoppedAsync(CommandContext context, string data, bool keep, CancellationToken cancellation)
    {
        StoppedMesh.Open(data).Dispose(); // checks in this tool's words; the program takes the lock itself
        var program = new ServerProgram(context.Host);
        string[] arguments =
        [
            "new-root", "--data", data, .. keep ? (string[])["--keep-children"] : [],
            .. context.Get(_acceptClock) ? (string[])["--accept-clock"] : [],
        ];
        var file = await program.RunAsync(arguments, cancellation);
        context.Output.Write(Json.Build(json => json.WriteString("key_file"u8, file)), s_view);
        return ExitCodes.Done;
    }
}
