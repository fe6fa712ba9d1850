using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Client;
using SessionMesh.Contracts;

namespace SessionMesh.Cli.Claims;

/// <summary><c>match</c>: which agents should do a job, best first, and why. It takes nothing.</summary>
internal sealed class MatchCommand : MeshCommand
{
    private readonly Argument<string> _spec = new("spec")
    {
        Description = "What the agent has to be good at; one below that name will do",
        HelpName = "spec",
    };

    private readonly Option<int?> _count = Opt.Number("--count", "How many agents, 1 by default", 1, Limits.Matches);
    private readonly MatchOptions _match;

    public MatchCommand(CliHost host) : base(host, "match", "Show which agents should do a job, and why: alive, not paused, with room.")
    {
        Add(_spec);
        Add(_count);
        _match = new MatchOptions(
            this, "Only those whose labels match: env=prod, tier!=free; several with commas, or repeated, and then all must hold");
        Prints(ClaimViews.Match, json => json.MatchedAgent);
        Usage = "SPEC [options]";
        Examples =
        [
            "session-mesh match ocr",
            "session-mesh match image-processing --count 5 --strategy most-skilled",
            "session-mesh match ocr -l env=prod,tier!=free -o name",
        ];
        ExitNotes = ["0  also where no agent matches: then nothing is printed, and stderr says what to look at"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var spec = context.Get(_spec)!;
        context.Doing = $"match agents for {spec}";
        var answer = await context.Client.SendAsync(
            MeshCall.Match(
                new MatchQuery
                {
                    Specialization = spec,
                    Count = context.Get(_count),
                    Strategy = _match.StrategyOf(context),
                    Cluster = _match.ClusterOf(context),
                    LabelTerms = _match.LabelsOf(context),
                }),
            cancellation);
        var found = ClaimViews.Match.Rows(answer).Any();
        if (found || !context.Output.IsTable)
        {
            context.Output.Write(answer, ClaimViews.Match);
        }

        if (!found)
        {
            var word = spec.Any(char.IsWhiteSpace) ? $"\"{spec}\"" : spec;
            context.Note(
                $"no agent that is alive and not paused has room for {word}; "
                + $"'session-mesh list --filter all --spec {word}' shows who has it, "
                + $"and 'session-mesh claim --list --spec {word}' what is held");
        }

        if (_match.Narrowing(context) is { } narrowing)
        {
            context.Note(narrowing);
        }

        return ExitCodes.Done;
    }
}
