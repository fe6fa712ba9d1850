using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Agents;

/// <summary>Stops one agent and waits, in rounds, for the proof that it and what goes with it have ended.</summary>
/// <param name="options">Without a wait: the rounds have theirs.</param>
/// <param name="bound">Seconds to wait in all; 0 answers at once.</param>
internal sealed class KillFollow(CommandContext context, string id, KillOptions options, int bound)
{
    private const int ShortRound = 2;
    private const int LongRound = 10;

    private readonly Dictionary<string, JsonElement> _descendants = [];
    private readonly List<string> _order = [];
    private JsonElement _first;
    private JsonElement _report;

    /// <summary>
    /// Whether the agent was dead before it was told. With time to finish in, an end that comes of this kill is a reported one, and none
    /// comes before an answer that does not wait. Where that time is over within the first round, it is not known, and not said.
    /// </summary>
    public bool WasDead { get; private set; }

    private bool Cascades => options.Cascade != "none";

    /// <summary>
    /// Asks once; every further round is the same call under the same key, which the server answers with another wait and no
    /// other decision: a life that began meanwhile is not stopped by it.
    /// </summary>
    /// <returns>The report, as things are at the end: the agent, and every descendant that it had when it was told.</returns>
    public async Task<JsonElement> RunAsync(CancellationToken cancellation)
    {
        if (bound == 0)
        {
            var answer = await context.Client.SendAsync(MeshCall.Kill(id, options), cancellation);
            WasDead = IsDeadAtOnce(answer);
            return answer;
        }

        var round = bound <= Limits.MaxWait ? Math.Min(bound, ShortRound) : LongRound;
        var call = MeshCall.Kill(id, options with { WaitSeconds = round }) with { IdempotencyKey = MeshCall.NewIdempotencyKey() };
        var began = context.Host.Time.GetTimestamp();
        using var progress = context.ShowProgress(() => Progress((int)context.Host.Time.GetElapsedTime(began).TotalSeconds));
        var told = false;
        try
        {
            var deadBefore = false;
            for (var left = (bound + round - 1) / round; left > 0; left--)
            {
                Take(await context.Client.SendAsync(call, cancellation), round);
                told = true;
                if (await SucceededAsync(cancellation) || IsProven())
                {
                    break;
                }

                // Dead for a whole round without a confirmation: none will come.
                var dead = IsOver();
                if (dead && deadBefore)
                {
                    break;
                }

                deadBefore = dead;
            }
        }
        catch (OperationCanceledException) when (told)
        {
            progress.Dispose();
            context.Note($"agent {id} was told to stop, and that stands; 'session-mesh show {id}' says how it ended");
            throw;
        }

        return Merged();
    }

    private void Take(JsonElement report, int round)
    {
        if (_first.ValueKind == JsonValueKind.Undefined)
        {
            _first = report;
            WasDead = IsDeadAtOnce(report) && !Json.IsTrue(report, "confirmed") && (options.Grace ?? Limits.DefaultGrace) > round;
            foreach (var descendant in Descendants(report))
            {
                _order.Add(Json.Text(descendant, "agent_id")!);
                _descendants[_order[^1]] = descendant;
            }
        }

        // A later round lists the descendants of that moment; only those that were told to stop matter here.
        foreach (var descendant in Descendants(report))
        {
            if (Json.Text(descendant, "agent_id") is { } name && _descendants.ContainsKey(name))
            {
                _descendants[name] = descendant;
            }
        }

        _report = report;
    }

    /// <summary>The agent has begun another life: how the one that was stopped ended is in its record.</summary>
    private async Task<bool> SucceededAsync(CancellationToken cancellation)
    {
        if (Incarnation(_report) == Incarnation(_first))
        {
            return false;
        }

        var agent = await context.Client.SendAsync(MeshCall.Agent(id), cancellation);
        var exit = agent.TryGetProperty("last_exit", out var last) && last.ValueKind == JsonValueKind.Object ? last : default;
        _report = Json.Build(json =>
        {
            foreach (var member in _first.EnumerateObject())
            {
                json.WritePropertyName(member.Name);
                if (member.Name is "status")
                {
                    json.WriteStringValue(AgentStatus.Dead);
                }
                else if (member.Name is "deadline")
                {
                    json.WriteNullValue();
                }
                else if (exit.ValueKind == JsonValueKind.Object && exit.TryGetProperty(member.Name, out var known))
                {
                    known.WriteTo(json);
                }
                else
                {
                    member.Value.WriteTo(json);
                }
            }
        });
        return true;
    }

    private bool IsOver() =>
        Json.Text(_report, "status") is AgentStatus.Dead
        && (!Cascades || _descendants.Values.All(descendant => Json.Text(descendant, "status") is AgentStatus.Dead));

    private bool IsProven() =>
        IsOver() && (WasDead || KillVerdict.IsProven(_report)) && (!Cascades || _descendants.Values.All(KillVerdict.IsProven));

    private bool IsDeadAtOnce(JsonElement report) =>
        !options.Force && options.Grace is not 0 && Json.Text(report, "status") is AgentStatus.Dead && !KillVerdict.NeverLived(report);

    private JsonElement Merged() => Json.Replace(_report, "descendants", _order.Select(name => _descendants[name]));

    private string Progress(int elapsed) =>
        options.Force ? $"forcing agent {id} to stop" : $"stopping agent {id}: {elapsed} of {bound} s";

    private static IEnumerable<JsonElement> Descendants(JsonElement report) => AgentViews.Kill.Rows(report).Skip(1);

    private static int Incarnation(JsonElement report) =>
        report.TryGetProperty("incarnation", out var value) && value.TryGetInt32(out var incarnation) ? incarnation : 0;
}
