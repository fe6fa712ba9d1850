using SessionMesh.Client;
using SessionMesh.Contracts.Errors;

namespace SessionMesh.Cli.Commands;

/// <summary>What to type next, by the code of what went wrong.</summary>
internal static class NextSteps
{
    public static string ForUnreachable(MeshException error) => (error.InnerException, error.Url) switch
    {
        (HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }, { Scheme: "https" } url)
            when !error.Message.Contains("certificate", StringComparison.Ordinal) =>
            $"--url http://{url.Authority}, if the server there speaks plain http",
        (HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError }, _) =>
            "make this machine trust the issuer, or check the name in --url",
        (HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded }, { Scheme: "http" } url) =>
            $"the same command again, or --url https://{url.Authority}, if the server there speaks TLS",
        (_, { IsLoopback: true }) => "start the server with 'dotnet run --project src/SessionMesh.Server', or check --url",
        _ => "check --url and SESSION_MESH_URL, and that the server there is running",
    };

    public static string? For(Problem problem, CommandContext context) => problem.Code switch
    {
        ErrorCodes.AgentNotFound => "session-mesh list --filter all shows who is known; session-mesh register makes an agent known",
        ErrorCodes.NotFound or ErrorCodes.MethodNotAllowed => "session-mesh status, to compare the versions of tool and server",
        ErrorCodes.SessionNotFound => "session-mesh session list",
        ErrorCodes.SpecializationNotFound => "session-mesh show ID, to see what the agent declares",
        ErrorCodes.NoCapacity =>
            "--wait TIME, to wait for one; session-mesh list --spec NAME --fields agent_id,paused,skills, to see who has it and how much "
            + "of it is taken",
        ErrorCodes.ClaimNotFound => "session-mesh claim --list, to see what is held",
        ErrorCodes.ClaimOfAnother => "the key that claimed, one above it, or one that may do everything",
        ErrorCodes.ClaimQuota => "session-mesh claim --list, and session-mesh release CLAIM for what is no longer used",
        ErrorCodes.LinkNotFound => "session-mesh link --list --agent-id ID, to see what is declared",
        ErrorCodes.LinkQuota => "session-mesh link --list, and session-mesh unlink FROM TO for what no longer holds",
        ErrorCodes.HostNotAllowed => "an address in --url that the server was told of when it was started",
        ErrorCodes.NotStorable => "less in one call",
        ErrorCodes.KeyRevoked or ErrorCodes.KeyExpired => "another key; session-mesh keys create mints one, with a key that is valid",
        ErrorCodes.Stopping => "session-mesh wait ID --for dead, and then again",
        ErrorCodes.Restored => "session-mesh register, and go on with the numbers it answers",
        ErrorCodes.NoSession => "session-mesh register --agent-id ID, or session-mesh run: then it is alive",
        ErrorCodes.DirectiveOver => "session-mesh history ID, to see what became of it",
        ErrorCodes.AckConflict => "session-mesh history ID, to see what was answered before",
        ErrorCodes.NotTombstoned => "session-mesh register, if it is to live again: nothing is in its way",
        ErrorCodes.AnswerNotKept or ErrorCodes.IdempotencyKeyReused or ErrorCodes.OutcomeUnknown =>
            "session-mesh events --since 10m, to see whether it was done, before the same command again",
        ErrorCodes.SecretNotRepeatable when problem.KeyId is null => "session-mesh keys list, and revoke the key that was just made",
        ErrorCodes.TooManyReceipts => "the same command later; many agents in one command count once",
        ErrorCodes.CommitFailed => "the same command again",
        ErrorCodes.DiskFull => "free room on the server's disk, then the same command again",
        ErrorCodes.Internal => "the same command again; the server's log has more under the id of the request",
        ErrorCodes.Busy when problem.RetryAfter is null => "the same command again",
        ErrorCodes.Unauthenticated when context.Settings.Withheld is { } root =>
            $"the key in {root} goes to the addresses in root.address beside it alone: say one of them with --url, "
            + "or export SESSION_API_KEY=…",
        ErrorCodes.Unauthenticated when context.Settings.Key is null =>
            "export SESSION_API_KEY=…, or name a file with --key-file; the server's first key is in root.key in its data directory",
        ErrorCodes.Unauthenticated =>
            $"the key came from {context.Settings.KeySource}, and no other is used in its place; mint one with a key that is valid: "
            + "session-mesh keys create --scope …",
        ErrorCodes.MissingScope => $"the key came from {context.Settings.KeySource}; use one that has the scope",
        ErrorCodes.NotYourAgent => "this key is bound to another agent: leave --agent-id out, or use another key",
        ErrorCodes.OutsideReach => "session-mesh keys show, to see which agents the key is for; use one that reaches further",
        ErrorCodes.KeyNotFound => "session-mesh keys list",
        ErrorCodes.KeyNameTaken =>
            "--service NAME in place of --name, to rotate a service key; another name; or session-mesh keys revoke KEY_ID first",
        ErrorCodes.NotRenewable => "session-mesh keys create --scope …, for another one",
        ErrorCodes.KeyQuota => "session-mesh keys list, and revoke what is not needed; --name rotates a key instead of adding one",
        ErrorCodes.AgentQuota => "session-mesh forget ID, for those that are lost; those that ended make room by themselves",
        ErrorCodes.RateLimited =>
            problem.RetryAfter is { } wait ? $"the same command again in {wait} s" : "the same command again, more slowly",
        ErrorCodes.TooManyStreams => "end a stream of this key (events, inbox --follow, run), or use another key",
        ErrorCodes.OriginNotAllowed =>
            "this server is called from a web page of another origin: start it with that origin allowed, or call it from elsewhere",
        ErrorCodes.NotAlive when HasOption(context, "--hold") => "add --hold to keep the directive until the agent is back",
        ErrorCodes.NotAlive =>
            $"session-mesh steer {context.NamedAgent ?? "ID"} --verb {context.Parse.CommandResult.Command.Name} --hold, to keep it until "
            + "the agent is back",
        ErrorCodes.AlreadyAlive when !HasOption(context, "--takeover") =>
            "another --agent-id, or none: then one is chosen; session-mesh kill ID, if the one that is alive should end first",
        ErrorCodes.AlreadyAlive => "session-mesh register --takeover, if the one that is alive should give way",
        ErrorCodes.SessionExpired => "session-mesh session refresh ID, or for an agent session-mesh register: then it is active again",
        ErrorCodes.SessionExists => "another --id, or none: then one is chosen",
        ErrorCodes.AgentSession => "session-mesh show ID: it is an agent's, and ends with the agent",
        ErrorCodes.PreconditionFailed =>
            "session-mesh session get ID --fields version, and --if-match with that when you have seen what changed",
        ErrorCodes.DirectiveNotFound => "session-mesh history ID, to see what an agent was told",
        ErrorCodes.Superseded or ErrorCodes.UnknownIncarnation => "session-mesh show ID, to see which incarnation lives",
        ErrorCodes.Tombstoned => "session-mesh show ID, to see how it ended; session-mesh revive ID, if its process is gone; or another id",
        ErrorCodes.NotGone => "session-mesh kill ID, if it is to end",
        ErrorCodes.ExpectRequired => "the same command with --expect N, the number of agents it is to be; --dry-run shows which they are",
        ErrorCodes.NothingMatched => "session-mesh list --filter all, to see who is there and how they are",
        ErrorCodes.ExpectationFailed => "look again with --dry-run",
        ErrorCodes.TooManyMatched => "narrow it: --label, --cluster, --subtree, or --ids in several calls",
        ErrorCodes.AlreadyDelivered => "session-mesh steer ID, to correct what it was told",
        ErrorCodes.SecretNotRepeatable when problem.KeyId is { } key =>
            $"the key was made but its secret was lost on the way: session-mesh keys revoke {key}, then create again",
        ErrorCodes.InboxFull => "session-mesh inbox, to see what waits; steer again when the agent has caught up",
        ErrorCodes.NotInThisStore => "pg_dump --schema=session_mesh --format=custom DATABASE, and pg_restore, where PostgreSQL is",
        ErrorCodes.RevisionPassed => "the same again for the revision at which the nodes are now; session-mesh nodes shows it",
        ErrorCodes.Behind => "session-mesh nodes, to see how far each node is behind; the same command again",
        ErrorCodes.StoreInUse => "the same command again in a while",
        ErrorCodes.CursorMismatch => "the same command as before with --cursor, or without it to begin again",
        ErrorCodes.NotABackup => "the whole of a file that session-mesh admin backup wrote",
        ErrorCodes.RestorePending => "restart the server, then the same command again",
        ErrorCodes.SandboxFault => "the same command again; this server is a sandbox, and fails where a test told it to",
        ErrorCodes.TooManyFaults => "clear the faults of the sandbox, then set those that are needed",
        ErrorCodes.StoreDamaged => "session-mesh admin check, to see what is",
        ErrorCodes.Busy when problem.RetryAfter is { } seconds => $"the same command again in {seconds} s",
        _ when problem.Status == 400 => $"{ParseErrors.PathOf(context.Parse)} --help",
        _ => null,
    };

    private static bool HasOption(CommandContext context, string name) =>
        context.Parse.CommandResult.Command.Options.Any(option => option.Name == name);
}
