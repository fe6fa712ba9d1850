using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Client;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Cli.Keys;

/// <summary><c>keys create</c>: mints a key. Its secret is shown this once, or goes straight into a file.</summary>
internal sealed class CreateKeyCommand : MeshCommand
{
    private readonly Option<string?> _name = Opt.Id("--name", "A name for the key; the same name again rotates it");
    private readonly Option<int?> _ttl = Opt.Duration("--ttl", "How long it is valid, 1h by default", 1, int.MaxValue);
    private readonly Option<string[]> _scopes = KeyOptions.Scope("What it may do; may be repeated (default: what the minting key may)");

    private readonly Option<string[]> _within =
        KeyOptions.Within("Which agents it is for; repeated, an agent must meet all (default: all that the minting key is for)");

    private readonly Option<string?> _agent = Opt.Id("--agent-id", "Bind it to this agent, for as long as that lives");
    private readonly Option<bool> _refresh = new("--refresh") { Description = "With a refresh token" };
    private readonly KeyOutput _output;

    public CreateKeyCommand(CliHost host) : base(host, "create", "Mint a key.")
    {
        Add(_name);
        Add(_ttl);
        Add(_scopes);
        Add(_within);
        Add(_agent);
        Add(_refresh);
        _output = new KeyOutput(this);
        Examples =
        [
            "session-mesh keys create --name ci --ttl 8h --refresh --out ci.key",
            "session-mesh keys create --name watcher --scope mesh:read -o json",
            "session-mesh keys create --scope mesh:read --scope steer --within subtree:planner",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "create a key";
        _output.Check(context);
        var created = await context.Client.SendAsync(
            MeshCall.CreateKey(new CreateKeyRequest
            {
                SessionKey = context.Get(_name),
                Ttl = context.Get(_ttl),
                Scopes = context.Get(_scopes) is { Length: > 0 } scopes ? scopes : null,
                Within = context.Get(_within) is { Length: > 0 } within ? within : null,
                AgentId = context.Get(_agent),
                Refresh = context.Get(_refresh) ? true : null,
            }),
            cancellation);
        return _output.Write(context, created);
    }
}
