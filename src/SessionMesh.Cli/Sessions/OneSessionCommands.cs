using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Sessions.Defaults;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Sessions;

namespace SessionMesh.Cli.Sessions;

/// <summary><c>session get</c>.</summary>
internal sealed class GetSessionCommand : OneSessionCommand
{
    public GetSessionCommand(CliHost host) : base(host, "get", "Retrieve a session by ID.")
    {
        PrintsSessions();
        Examples = ["session-mesh session get abc123", "session-mesh session get abc123 --fields version -o csv"];
    }

    protected override async Task<int> RunAsync(CommandContext context, string id, CancellationToken cancellation)
    {
        WriteSession(context, await context.Client.SessionAsync(id, cancellation));
        return ExitCodes.Done;
    }
}

/// <summary><c>session set</c>: one entry of the metadata, or entries taken away.</summary>
internal sealed class SetSessionCommand : OneSessionCommand
{
    private readonly Argument<string?> _key = new("key") { Description = "Name of the entry", Arity = ArgumentArity.ZeroOrOne };
    private readonly Argument<string?> _value = new("value") { Description = "Its value", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string[]> _unset = new("--unset") { Description = "Take this entry away; may be repeated", HelpName = "KEY" };
    private readonly Option<long?> _ifMatch = Opt.Position("--if-match", "Only while the session has this version");

    public SetSessionCommand(CliHost host) : base(host, "set", "Set or update a key-value pair in a session.")
    {
        Add(_key);
        Add(_value);
        Add(_unset);
        Add(_ifMatch);
        PrintsSessions();
        Examples =
        [
            "session-mesh session set abc123 theme dark",
            "session-mesh session set abc123 --unset theme",
            "session-mesh session set abc123 theme dark --if-match 17",
        ];
        ExitNotes = ["5  the session has another version than --if-match says"];
    }

    protected override async Task<int> RunAsync(CommandContext context, string id, CancellationToken cancellation)
    {
        var row = await context.Client.UpdateSessionAsync(
            id, new UpdateSessionRequest { Meta = Changes(context) }, context.Get(_ifMatch), cancellation);
        WriteSession(context, row);
        return ExitCodes.Done;
    }

    private Dictionary<string, string?> Changes(CommandContext context)
    {
        var changes = new Dictionary<string, string?>();
        foreach (var gone in context.Get(_unset) ?? [])
        {
            changes[gone] = null; // what an import brought may have any name
        }

        switch (context.Get(_key), context.Get(_value))
        {
            case (null, _) when changes.Count > 0:
                return changes;
            case ({ } key, var value):
                return changes.TryAdd(Checked(key), value ?? "")
                    ? changes
                    : throw CommandException.Usage($"'{key}' is set and unset at once");
            default:
                throw CommandException.Usage("setting needs a key", "session-mesh session set ID KEY VALUE, or --unset KEY");
        }
    }

    private static string Checked(string key) => SessionOpt.WrongKey(key) is { } wrong ? throw CommandException.Usage(wrong) : key;
}

/// <summary><c>session delete</c>. Does not ask: scripts that were written for it could not answer.</summary>
internal sealed class DeleteSessionCommand : OneSessionCommand
{
    public DeleteSessionCommand(CliHost host)
        : base(host, "delete", "Delete a session by ID.")
    {
        Prints(SessionShapes.Deleted, "ok");
        Examples = ["session-mesh session delete abc123"];
    }

    protected override async Task<int> RunAsync(CommandContext context, string id, CancellationToken cancellation)
    {
        var gone = await context.Client.DeleteSessionAsync(id, cancellation);
        context.Output.Write(SessionShapes.Ok(json => json.WriteString("deleted"u8, gone.Deleted)), SessionShapes.Deleted);
        return ExitCodes.Done;
    }
}

/// <summary><c>session expire</c>.</summary>
internal sealed class ExpireSessionCommand : OneSessionCommand
{
    public ExpireSessionCommand(CliHost host)
        : base(host, "expire", "Mark a session as expired.")
    {
        PrintsSessions();
        Examples = ["session-mesh session expire abc123"];
    }

    protected override async Task<int> RunAsync(CommandContext context, string id, CancellationToken cancellation)
    {
        WriteSession(context, await context.Client.ExpireSessionAsync(id, cancellation));
        return ExitCodes.Done;
    }
}

/// <summary><c>session refresh</c>: what has expired is active again.</summary>
internal sealed class RefreshSessionCommand : OneSessionCommand
{
    private readonly Option<int?> _ttl = SessionOpt.Ttl("A new life for it (default: config default_ttl, else 1h)");

    public RefreshSessionCommand(CliHost host) : base(host, "refresh", "Refresh a session's TTL and last-access timestamp.")
    {
        Add(_ttl);
        PrintsSessions();
        Examples = ["session-mesh session refresh abc123", "session-mesh session refresh abc123 --ttl 2h"];
    }

    protected override async Task<int> RunAsync(CommandContext context, string id, CancellationToken cancellation)
    {
        // The registration of an agent keeps the time that the agent asked for.
        var isAgents = id.StartsWith("s-", StringComparison.Ordinal);
        var ttl = context.Get(_ttl) ?? (isAgents ? null : SessionDefaults.Load(context).DefaultTtl ?? Limits.DefaultSessionTtl);
        WriteSession(context, await context.Client.RefreshSessionAsync(id, new RefreshSessionRequest { Ttl = ttl }, cancellation));
        return ExitCodes.Done;
    }
}
