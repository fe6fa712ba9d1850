using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Options;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Audit;

namespace SessionMesh.Cli.Audit;

/// <summary>The options that say which entries: an entry must match all that are given.</summary>
internal sealed class AuditFilterOptions
{
    private readonly Option<string?> _actor = new("--actor")
    {
        Description = "Only what this key did; mesh for the server itself",
        HelpName = "KEY_ID",
        CustomParser = result =>
            KeyId(result.Tokens[0].Value)
                ?? Opt.Wrong<string?>(result, $"--actor takes the id of a key, or mesh, not '{result.Tokens[0].Value}'"),
    };

    private readonly Option<string?> _operation = new("--operation")
    {
        Description = "Only this kind of change (agent.stopping, agent.*) or refused operation (killAgent)",
        HelpName = "KIND",
    };

    private readonly Option<string?> _subject = Opt.Id("--subject", "Only what was done to this agent or key");

    private readonly Option<string?> _outcome =
        Opt.Choice("--outcome", "What was done, what was refused for want of a right, or both; all by default", AuditOutcome.Allowed);

    private readonly Option<PointInTime?> _since = Opt.PointInTime("--since", "Not before this time");
    private readonly Option<PointInTime?> _until = Opt.PointInTime("--until", "Before this time");

    public AuditFilterOptions(Command command)
    {
        foreach (var option in new Option[] { _actor, _operation, _subject, _outcome, _since, _until })
        {
            command.Add(option);
        }
    }

    public bool SaysUntil(CommandContext context) => context.Get(_until) is not null;

    public async Task<AuditQuery> QueryOfAsync(CommandContext context, CancellationToken cancellation) => new()
    {
        Actor = context.Get(_actor),
        Operation = context.Get(_operation),
        Subject = context.Get(_subject),
        Outcome = context.Get(_outcome),
        Since = await AtAsync(context, _since, cancellation),
        Until = await AtAsync(context, _until, cancellation),
    };

    private static async Task<DateTimeOffset?> AtAsync(
        CommandContext context, Option<PointInTime?> option, CancellationToken cancellation) =>
        context.Get(option) is { } point ? await context.AtAsync(point, cancellation) : null;

    /// <summary>The id in a whole key, if one was given: its secret must not travel in a query. Null for what is not an id.</summary>
    private static string? KeyId(string text)
    {
        var id = text.Split('_') is ["smk", var part, ..] ? part : text;
        return MeshId.IsValid(id) ? id : null;
    }
}
