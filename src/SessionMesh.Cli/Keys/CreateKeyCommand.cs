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
    private readonly Option<string?> _service =
        Opt.Id("--service", "A service key of that name, for what runs for months; with an admin key alone");

    private readonly Option<int?> _ttl =
        Opt.Duration("--ttl", "How long it is valid, 1h by default and a day at most; a service key 90d, and 366d", 1, int.MaxValue);

    private readonly Option<string[]> _scopes =
        KeyOptions.Scope("What it may do; may be repeated, or with commas; an agent's own key needs none");

    private readonly Option<string[]> _within =
        KeyOptions.Within("Which agents it is for; repeated, an agent must meet all (default: all that the minting key is for)");

    private readonly Option<string?> _agent = Opt.Id("--agent-id", "Bind it to this agent, for as long as that lives");
    private readonly Option<bool> _refresh = new("--refresh") { Description = "With a refresh token" };
    private readonly KeyOutput _output;

    public CreateKeyCommand(CliHost host) : base(host, "create", "Mint a key.")
    {
        Add(_name);
        Add(_service);
        Add(_ttl);
        Add(_scopes);
        Add(_within);
        Add(_agent);
        Add(_refresh);
        _output = new KeyOutput(this);
        Validators.Add(result =>
        {
            if (result.GetResult(_service) is not null
                && ((Option[])[_name, _agent, _refresh]).FirstOrDefault(
                    option => result.GetResult(option) is { Implicit: false }) is { } other)
            {
                result.AddError($"--service cannot be combined with {other.Name}");
            }
        });
        Usage = "--scope SCOPE… [options]";
        Prints(KeyViews.Created, json => json.CreatedKey);
        Examples =
        [
            "session-mesh keys create --name ci --scope mesh:read,steer --ttl 8h --refresh --out ci.key",
            "session-mesh keys create --service prometheus --scope mesh:read --ttl 90d --out prometheus.key",
            "session-mesh keys create --name watcher --scope mesh:read -o json",
            "session-mesh keys create --scope mesh:read --scope steer --within subtree:planner",
        ];
        ExitNotes = ["2  no --scope, and no terminal to ask on"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "create a key";
        _output.Check(context);
        var scopes = ScopesOf(context);
        if (scopes is [] && context.Get(_agent) is null)
        {
            context.Note("nothing was created");
            return ExitCodes.Failed;
        }

        var created = await context.Client.SendAsync(
            MeshCall.CreateKey(new CreateKeyRequest
            {
                SessionKey = context.Get(_service) ?? context.Get(_name),
                Ttl = context.Get(_ttl),
                Scopes = scopes is [] ? null : scopes,
                Within = context.Get(_within) is { Length: > 0 } within ? within : null,
                AgentId = context.Get(_agent),
                Refresh = context.Get(_refresh) ? true : null,
                Service = context.Get(_service) is null ? null : true,
            }),
            cancellation);
        return _output.Write(context, created, context.Get(_ttl));
    }

    /// <summary>
    /// What the key may do. A key that nobody limited would do all that the minting key may: so it is asked for, and never assumed. An
    /// agent's own key has what an agent needs.
    /// </summary>
    private string[] ScopesOf(CommandContext context)
    {
        if (context.Get(_scopes) is { Length: > 0 } given)
        {
            return given.SelectMany(Names).ToArray() is { Length: > 0 } named
                ? named
                : throw CommandException.Usage("--scope names no scope", $"--scope mesh:read; there are {KeyOptions.Choices}");
        }

        return context.Get(_agent) is not null ? []
            : [.. Names(context.Ask(
                "What may the key do? " + KeyOptions.Choices, "no scope is given, and there is no terminal to ask on", "--scope mesh:read; "
                + $"there are {KeyOptions.Choices}"))];
    }

    private static string[] Names(string text) =>
        text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
