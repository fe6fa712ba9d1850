using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Events;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;

namespace SessionMesh.Cli.Agents;

/// <summary>Tells many agents to stop, follows them until every end is proven or the time is up, and prints what is known then.</summary>
/// <param name="bound">Seconds to follow; 0 for not at all.</param>
/// <param name="wantsProof">Whether an end that nobody confirms is a failure.</param>
internal sealed class KillRun(CommandContext context, KillOptions options, int bound, bool wantsProof)
{
    private bool Cascades => options.Cascade is not "none";

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
            context, async () => deaths = new DeathTracker(await sendAsync(), Cascades), TimeSpan.FromSeconds(bound), cancellation);
        return deaths!.ToAnswer();
    }

    private int Report(JsonElement answer)
    {
        context.Output.Write(answer, AgentViews.KillMany);
        var rows = DeathTracker.Rows(answer, Cascades).ToList();
        if (bound == 0)
        {
            if (context.Output.IsTable)
            {
                context.Note(
                    $"{SelectorOptions.Agents(rows.Count)} told to stop; 'session-mesh list --filter stopping' shows who has not ended");
            }

            return ExitCodes.Done;
        }

        var unproven = rows.Where(row => !KillVerdict.IsProven(row)).ToList();
        if (unproven.Count == 0)
        {
            return ExitCodes.Done;
        }

        context.Note(KillVerdict.Words(unproven));
        return wantsProof ? ExitCodes.Partly : ExitCodes.Done;
    }
}
