using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Targets;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Steering;

/// <summary>Prints what became of a directive to many, and returns the exit code.</summary>
internal static class ManyResults
{
    /// <param name="request">The directive; <c>wait</c> is the state that was to be reached.</param>
    /// <param name="onlyMissing">In a table, only those that did not get there: for a whole fleet.</param>
    public static int Write(
        CommandContext context, IReadOnlyList<SentDirective> sent, SteerRequest request, int seconds, bool onlyMissing)
    {
        var missing = sent.Where(one => !IsThere(one, request.Wait)).ToList();
        if (!onlyMissing || missing.Count > 0 || !context.Output.IsTable)
        {
            var shown = onlyMissing && context.Output.IsTable ? missing : sent;
            context.Output.Write(Json.Build(json =>
            {
                BulkSteer.WriteResults(json, shown);
                if (request.Wait is null)
                {
                    return;
                }

                json.WriteString("wait"u8, request.Wait);
                json.WriteNumber("reached"u8, sent.Count - missing.Count);
            }), DirectiveViews.Many);
        }

        var agents = SelectorOptions.Agents(sent.Count);
        if (missing.Count > 0)
        {
            context.Note(Summary(sent, missing, request.Wait, seconds));
            LeftOut.Say(context, [.. missing.Where(IsUnknown).Select(one => LeftOut.Unknown(one.AgentId))]);
        }
        else if (context.Output.IsTable)
        {
            context.Note(request.Wait is { } wanted ? $"{agents}, all {wanted}" : $"{agents} told");
        }

        return missing.Count == 0 ? ExitCodes.Done
            : sent.All(IsUnknown) ? ExitCodes.NotFound
            : ExitCodes.Partly;
    }

    private static bool IsUnknown(SentDirective one) => one.Code == ErrorCodes.AgentNotFound;

    private static bool IsThere(SentDirective one, string? wanted) =>
        one.State is not null && (wanted is null || Proof.Reached(one.State, wanted));

    /// <summary><c>37 of 40 agents acknowledged after 30 s; the others: 2 delivered, 1 not_alive</c>.</summary>
    private static string Summary(IReadOnlyList<SentDirective> sent, List<SentDirective> missing, string? wanted, int seconds)
    {
        var open = missing.Exists(one => one.State is not null && !Proof.Failed(one.State));
        var others = missing.GroupBy(one => one.State ?? one.Code)
            .OrderByDescending(group => group.Count())
            .Select(group => $"{group.Count()} {group.Key}");
        return $"{sent.Count - missing.Count} of {SelectorOptions.Agents(sent.Count)} {wanted ?? "told"}"
            + $"{(open ? $" after {seconds} s" : "")}; the others: {string.Join(", ", others)}";
    }
}
