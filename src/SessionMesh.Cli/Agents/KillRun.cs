using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Events;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;
using SessionMesh.Contracts.Errors;

namespace SessionMesh.Cli.Agents;

/// <summary>Tells many agents to stop, follows them until every end is proven or the time is up, and prints what is known then.</summary>
/// <param name="bound">Seconds to follow; 0 for not at all.</param>
/// <param name="wantsProof">Whether an end that nobody confirms is a failure.</param>
internal sealed class KillRun(CommandContext context, KillOptions options, int bound, bool wantsProof)
{
    /// <summary>By whom they are told, where that is by name.</summary>
    public KillNamed? Named { get; init; }

    private bool Cascades => options.Cascade is not "none";

    private IReadOnlySet<string> DeadBefore => Named?.DeadBefore ?? new HashSet<string>();

    /// <param name="sendAsync">Sends the kill; answers as a kill by selector does.</param>
    public async Task<int> RunAsync(Func<Task<JsonElement>> sendAsync, CancellationToken cancellation) =>
        Report(await FollowAsync(sendAsync, cancellation));

    private async Task<JsonElement> FollowAsync(Func<Task<JsonElement>> sendAsync, CancellationToken cancellation)
    {
        if (bound == 0)
        {
            return await sendAsync();
        }

        DeathTracker? deaths = null;
        await LogFollower.FollowAsync(
            context, async () => deaths = new DeathTracker(await sendAsync(), Cascades, DeadBefore), TimeSpan.FromSeconds(bound),
            cancellation);
        return deaths!.ToAnswer();
    }

    private int Report(JsonElement answer)
    {
        context.Output.Write(answer, AgentViews.KillMany);
        var rows = DeathTracker.Rows(answer, Cascades).ToList();
        var refused = rows.Where(row => Json.Text(row, "code") is not (null or ErrorCodes.NotAlive)).ToList();
        var told = rows.Where(row => Json.Text(row, "code") is null && !DeadBefore.Contains(IdOf(row))).ToList();
        var unproven = bound == 0 ? [] : rows.Where(row => Json.Text(row, "code") is null && !KillVerdict.IsProven(row)).ToList();
        if (bound == 0 && context.Output.IsTable && told.Count > 0)
        {
            context.Note(
                $"{SelectorOptions.Agents(told.Count)} told to stop; 'session-mesh list --filter stopping' shows who has not ended");
        }

        if (unproven.Where(row => !DeadBefore.Contains(IdOf(row))).ToList() is { Count: > 0 } doubted)
        {
            context.Note(KillVerdict.Words(doubted));
        }

        KillVerdict.SayMore(context, rows, DeadBefore, Cascades ? 0 : DeathTracker.Living(answer));
        LeftOut.Say(context, [.. refused.Select(Why)]);
        return rows.Count > 0 && refused.Count(IsUnknown) == rows.Count ? ExitCodes.NotFound
            : refused.Count > 0 || (unproven.Count > 0 && wantsProof) ? ExitCodes.Partly
            : ExitCodes.Done;
    }

    private static LeftOut Why(JsonElement row) => IsUnknown(row)
        ? LeftOut.Unknown(IdOf(row))
        : new LeftOut(IdOf(row), Json.Text(row, "code")!, $"agent {IdOf(row)}: {Json.Text(row, "detail")} ({Json.Text(row, "code")})");

    private static bool IsUnknown(JsonElement row) => Json.Text(row, "code") is ErrorCodes.AgentNotFound;

    private static string IdOf(JsonElement row) => Json.Text(row, "agent_id") ?? "";
}
