using System.CommandLine;
using System.CommandLine.Parsing;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Run;
using SessionMesh.Cli.Run.Process;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Registry;

namespace SessionMesh.Cli.Claims;

/// <summary>
/// <c>claim</c>: takes a slot of the agent that should do a job, for a time or while a command runs; <c>--list</c> shows who holds what.
/// </summary>
internal sealed class ClaimCommand : MeshCommand
{
    /// <summary>Seconds: a day.</summary>
    private const int LongestWait = 86_400;

    private readonly Option<string?> _spec = new("--spec")
    {
        Description = "What the agent has to be good at; one below that name will do",
        HelpName = "NAME",
    };

    private readonly Option<int?> _ttl = Opt.Duration(
        "--ttl", $"Lease, {Limits.DefaultClaimTtl}s by default; renewed while CMD runs", Limits.MinClaimTtl, Limits.MaxClaimTtl);

    private readonly Option<int?> _wait = Opt.Duration(
        "--wait", "How long to wait for an agent with room; not at all by default", 0, LongestWait);
    private readonly MatchOptions _match;
    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "With CMD: say nothing while all is well" };
    private readonly Option<bool> _lists = new("--list") { Description = "Show the claims that are held, oldest first; takes none" };
    private readonly AgentIdOption _agent;
    private readonly ListOptions _list;

    private readonly Argument<string[]> _command = new("command")
    {
        Description = "The command to run while the claim is held, after --",
        Arity = ArgumentArity.ZeroOrMore,
        HelpName = "CMD",
    };

    public ClaimCommand(CliHost host) : base(host, "claim", "Claim a slot of the agent that should do a job, or run a command with it.")
    {
        Add(_spec);
        Add(_ttl);
        Add(_wait);
        _match = new MatchOptions(this, "Only agents with this label; several with commas, or repeated, and then all must hold");
        Add(_quiet);
        Add(_lists);
        _agent = new AgentIdOption(this, host, positional: false);
        _list = new ListOptions(this, isOrdered: true);
        Add(_command);
        Prints(ClaimViews.List, json => json.ClaimRow);
        Usage = "--spec NAME [options] [-- CMD [ARG…]]";
        Examples =
        [
            "session-mesh claim --spec ocr --wait 5m -- ./ocr.sh page.png",
            "session-mesh claim --spec image-processing --ttl 10m -o name",
            "session-mesh claim --list",
            "session-mesh claim --list --agent-id w1 --spec ocr -o json",
        ];
        ExitNotes =
        [
            "5  no agent has room; with --wait, none had in that time",
            "with CMD: its own code, or 128 plus the signal that ended it; 125 claim itself failed; 126 CMD is not executable; 127 it is "
            + "not found",
        ];
    }

    /// <summary>Those that come while a command runs are its own.</summary>
    protected override bool OwnsSignals(ParseResult parse) => parse.GetValue(_command) is { Length: > 0 };

    protected override Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var command = context.Get(_command) ?? [];
        CheckCommand(context, command);
        if (context.Get(_lists))
        {
            return ListAsync(context, command, cancellation);
        }

        CheckNothingOfALists(context);
        var spec = context.Get(_spec)
            ?? throw CommandException.Usage("--spec is missing: it says what the agent is to be good at", "session-mesh claim --spec NAME");
        context.Doing = $"claim an agent for {spec}";
        var request = new ClaimRequest
        {
            Specialization = spec,
            Strategy = _match.StrategyOf(context),
            Cluster = _match.ClusterOf(context),
            Label = LabelsOf(context),
            Ttl = context.Get(_ttl),
        };
        return command.Length == 0 ? ClaimAsync(context, request, cancellation) : RunAsync(context, request, command);
    }

    private async Task<int> ClaimAsync(CommandContext context, ClaimRequest request, CancellationToken cancellation)
    {
        SayNarrowing(context);
        var wait = WaitOf(context);
        var began = context.Host.Time.GetTimestamp();
        System.Text.Json.JsonElement claim;
        using (context.ShowProgress(() =>
            $"waiting for room: {context.Host.Time.GetElapsedTime(began).TotalSeconds:0} of {wait.TotalSeconds:0} s"))
        {
            claim = await new Claiming(context.Client, context.Host.Time).AskAsync(request, wait, cancellation);
        }

        context.Output.Write(claim, ClaimViews.One);
        return ExitCodes.Done;
    }

    private async Task<int> RunAsync(CommandContext context, ClaimRequest request, string[] command)
    {
        var log = new RunLog(context.Get(_quiet)) { Sink = line => context.Host.Error.WriteLine("session-mesh: " + line) };
        if (!Platform.IsSupported)
        {
            log.Warn("claim runs a command on Linux and macOS only");
            return RunCommand.OwnFailure;
        }

        SayNarrowing(context);
        try
        {
            return await new ClaimedCommand(context.Client, log, context.Host.Time, context.Host.TakesSignals)
                .RunAsync(request, WaitOf(context), command);
        }
        catch (SpawnException e)
        {
            log.Warn(e.Message);
            return e.ShellCode;
        }
        catch (MeshException e)
        {
            Errors.Render(e, context);
            return e.Code == ErrorCodes.NoCapacity ? ExitCodes.Conflict : RunCommand.OwnFailure;
        }
    }

    private async Task<int> ListAsync(CommandContext context, string[] command, CancellationToken cancellation)
    {
        context.Doing = "list claims";
        if (command.Length > 0 || context.Get(_ttl) is not null || context.Get(_wait) is not null
            || _match.StrategyOf(context) is not null || _match.LabelsOf(context).Count > 0 || _match.NamesClusters(context))
        {
            throw CommandException.Usage(
                "--list claims nothing: of the options of a claim it takes --spec, and beside it --agent-id", "leave the others out");
        }

        var listed = await _list.WriteAsync(
            context,
            ClaimViews.List,
            (limit, cursor, token) => context.Client.SendAsync(
                MeshCall.Claims(
                    new ClaimQuery
                    {
                        AgentId = _agent.Find(context),
                        Specialization = context.Get(_spec),
                        Limit = limit,
                        Cursor = cursor,
                    }),
                token),
            cancellation);
        if (listed.Rows == 0 && context.Output.IsTable)
        {
            context.Note(_agent.Find(context) is null && context.Get(_spec) is null ? "no claim is held" : "no claim that matches is held");
        }

        return ExitCodes.Done;
    }

    /// <summary>What is to run stands behind <c>--</c>: a word before it is more likely the name of a specialization.</summary>
    private void CheckCommand(CommandContext context, string[] command)
    {
        var behind = context.Parse.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).ToList();
        if (behind.Count == 1)
        {
            throw CommandException.Usage("there is no command behind --", "session-mesh claim --spec NAME -- CMD");
        }

        if (command.Length > Math.Max(0, behind.Count - 1))
        {
            throw CommandException.Usage(
                $"'{command[0]}' has no place here: the specialization follows --spec, and a command follows --",
                "session-mesh claim --spec NAME -- CMD");
        }

        if (command.Length > 0 && (OutputOptions!.FormatOf(context.Parse) is not null || context.Output.Fields is not null))
        {
            throw CommandException.Usage(
                "where a command runs, its output is all there is: --output and --fields have nothing to print; "
                + $"{ClaimedCommand.IdVariable} tells it what was claimed",
                "leave them out");
        }
    }

    private void CheckNothingOfALists(CommandContext context)
    {
        if (_list.IsUsed(context) || _agent.Find(context) is not null)
        {
            throw CommandException.Usage("--agent-id, --limit and --sort are for --list", "add --list, or leave them out");
        }
    }

    /// <summary>A claim is for agents that have labels; what they may not have, only <c>match</c> can be asked.</summary>
    private Dictionary<string, string>? LabelsOf(CommandContext context)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var term in _match.LabelsOf(context))
        {
            if (term.Split('=', 2) is not [{ Length: > 0 } key, var value] || key[^1] == '!')
            {
                throw CommandException.Usage(
                    $"--label takes KEY=VALUE here, not '{term}'", "session-mesh match NAME -l KEY!=VALUE looks, and takes nothing");
            }

            if (!labels.TryAdd(key, value))
            {
                throw CommandException.Usage($"--label {key} is given twice, and an agent has it once");
            }
        }

        return labels.Count == 0 ? null : labels;
    }

    private TimeSpan WaitOf(CommandContext context) => TimeSpan.FromSeconds(context.Get(_wait) ?? 0);

    private void SayNarrowing(CommandContext context)
    {
        if (_match.Narrowing(context) is { } narrowing)
        {
            context.Note(narrowing);
        }
    }
}
