using System.CommandLine;
using System.Text;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Settings;
using SessionMesh.Client;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Cli.Keys;

/// <summary><c>keys create</c>: mints a key. Its secret is shown this once, or goes straight into a file.</summary>
internal sealed class CreateKeyCommand : MeshCommand
{
    private static readonly View s_view = View.Single("key_id",
        ["key_id", "session_key", "token", "refresh_token", "ttl", "expires_at", "scopes", "agent_id", "generation"]);

    private static readonly View s_withoutToken = s_view with { Table = [.. s_view.Table.Where(column => column.Member != "token")] };

    private readonly Option<string?> _name = Opt.Id("--name", "A name for the key; the same name again rotates it");
    private readonly Option<int?> _ttl = Opt.Duration("--ttl", "How long it is valid, 1h by default", 1, int.MaxValue);
    private readonly Option<string[]> _scopes = new("--scope") { Description = "What it may do; may be repeated (default: what the minting key may)", HelpName = "SCOPE" };
    private readonly Option<string?> _agent = Opt.Id("--agent-id", "Bind it to this agent, for as long as that lives");
    private readonly Option<bool> _refresh = new("--refresh") { Description = "With a refresh token" };
    private readonly Option<string?> _keyOut = new("--key-out") { Description = "Write the key to this file, mode 0600, and do not show it", HelpName = "FILE" };

    public CreateKeyCommand(CliHost host) : base(host, "create", "Mint a key.")
    {
        _scopes.CompletionSources.Add(_ => Scopes.All.Select(scope => new System.CommandLine.Completions.CompletionItem(scope)));
        Add(_name);
        Add(_ttl);
        Add(_scopes);
        Add(_agent);
        Add(_refresh);
        Add(_keyOut);
        Examples =
        [
            "session-mesh keys create --name ci --ttl 8h --key-out ci.key",
            "session-mesh keys create --name watcher --scope mesh:read -o json",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "create a key";
        var created = await context.Client.SendAsync(
            MeshCall.CreateKey(new CreateKeyRequest
            {
                SessionKey = context.Get(_name),
                Ttl = context.Get(_ttl),
                Scopes = context.Get(_scopes) is { Length: > 0 } scopes ? scopes : null,
                AgentId = context.Get(_agent),
                Refresh = context.Get(_refresh) ? true : null,
            }),
            cancellation);

        if (context.Get(_keyOut) is not { } file)
        {
            context.Output.Write(created, s_view);
            if (context.Output.IsTable) context.Note("the token is shown this once; use it as SESSION_API_KEY");
            return ExitCodes.Done;
        }

        Save(created.GetProperty("token").GetString()!, Json.Text(created, "key_id"), file);
        context.Output.Write(Json.Without(created, "token"), s_withoutToken);
        context.Note($"the key is in {file}: use it with --key-file");
        return ExitCodes.Done;
    }

    private static void Save(string token, string? keyId, string file)
    {
        try
        {
            PrivateFiles.Write(file, Encoding.ASCII.GetBytes(token + "\n"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(ExitCodes.Failed, $"the key {keyId} was made, but not written: {e.Message}", $"session-mesh keys revoke {keyId}");
        }
    }
}
