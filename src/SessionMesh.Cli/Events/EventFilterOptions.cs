using System.CommandLine;
using System.CommandLine.Completions;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Options;
using SessionMesh.Client.Streams;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Events;

namespace SessionMesh.Cli.Events;

/// <summary>The options that say which events: an event must match all that are given, and of one option's values one.</summary>
internal sealed class EventFilterOptions
{
    private readonly Option<string[]> _kinds = new("--kind")
    {
        Description = "Only this kind of change (agent.registered, agent.*); several with commas, or repeated",
        HelpName = "KIND",
        CustomParser = result =>
        {
            string[] kinds = [.. result.Tokens.SelectMany(token => token.Value.Split(','))];
            foreach (var unknown in kinds.Where(kind => !EventKinds.IsKnown(kind)))
            {
                var near = ParseErrors.Nearest(unknown, EventKinds.All);
                result.AddError(
                    $"--kind: '{unknown}' is no kind of event; "
                    + (near is null ? $"there are {string.Join(", ", EventKinds.All)}" : $"did you mean '{near}'?"));
            }

            return kinds;
        },
    };

    private readonly Option<string[]> _agents = new("--agent")
    {
        Description = "Only what happened to this agent; may be repeated",
        HelpName = "ID",
        CustomParser = result =>
        {
            foreach (var wrong in result.Tokens.Where(token => !MeshId.IsValid(token.Value)))
            {
                result.AddError($"--agent: '{wrong.Value}' is not an id; {MeshId.Rule}");
            }

            return [.. result.Tokens.Select(token => token.Value)];
        },
    };

    private readonly Option<Since?> _since = new("--since")
    {
        Description = "Begin with what happened so long ago (10m), at this time, or, as a bare number, at this revision",
        HelpName = "WHEN",
        CustomParser = result => Since.TryParse(result.Tokens[0].Value, out var since)
            ? since
            : Opt.Wrong<Since?>(
                result,
                "--since takes how long ago, such as 10m or 1h30m, a time such as 2026-01-31T08:15:30Z, or a revision, "
                + $"not '{result.Tokens[0].Value}'"),
    };

    public EventFilterOptions(Command command)
    {
        _kinds.CompletionSources.Add(_ => EventKinds.All.Select(kind => new CompletionItem(kind)));
        foreach (var option in new Option[] { _kinds, _agents, _since })
        {
            command.Add(option);
        }
    }

    /// <summary>Whether <c>--since</c> says where to begin.</summary>
    public bool SaysSince(CommandContext context) => context.Get(_since) is not null;

    /// <summary>What to ask for, and the revision to begin after, if one was named.</summary>
    public async Task<(EventQuery Query, long? After)> QueryOfAsync(CommandContext context, CancellationToken cancellation)
    {
        var since = context.Get(_since);
        var query = new EventQuery
        {
            Kinds = context.Get(_kinds) ?? [],
            Subjects = context.Get(_agents) ?? [],
            Since = since?.Time is { } time ? await context.AtAsync(time, cancellation) : null,
        };
        return (query, since?.Revision is { } first ? Math.Max(0, first - 1) : null);
    }

    /// <summary>A point in time, or a revision: one of the two.</summary>
    private sealed record Since(PointInTime? Time, long? Revision)
    {
        public static bool TryParse(string text, out Since since)
        {
            var isNumber = text.Length > 0 && !text.AsSpan().ContainsAnyExceptInRange('0', '9');
            if (isNumber && long.TryParse(text, out var revision))
            {
                since = new Since(null, revision);
                return true;
            }

            since = new Since(PointInTime.TryParse(text, out var time) ? time : null, null);
            return !isNumber && since.Time is not null;
        }
    }
}
