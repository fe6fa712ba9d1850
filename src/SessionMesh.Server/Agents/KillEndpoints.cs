using System.Text.Json;
using SessionMesh.Contracts;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth.Limiting;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Push;
using SessionMesh.Server.Steering;
using SessionMesh.Server.Streams;

namespace SessionMesh.Server.Agents;

/// <summary>Stops one agent or many, forgets an agent that is gone, and lifts the tombstone of an unconfirmed death.</summary>
public sealed class KillEndpoints(
    Mutations mutations, MeshEngine engine, RowWriter rows, Subscriptions subscriptions, Shutdown shutdown, Limiter limiter,
    ProblemWriter problems)
{
    private static readonly string[] s_orderParameters = ["grace", "cascade", "force", "reason"];

    public async Task Kill(HttpContext http)
    {
        var check = new Check();
        var id = check.Id("/id", (string)http.Request.RouteValues["id"]!);
        var query = Query.Read(http, ref check, [.. s_orderParameters, "wait", "forget"]);
        if (query.Flag("forget", ref check))
        {
            await ForgetAsync(http, id, query, check);
            return;
        }

        var wait = (int)(query.Number("wait", ref check, 0, Limits.MaxWait) ?? 0);
        var order = BindOrder(query, ref check);
        if (check.Error is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        var request = Mutations.Read(http);
        var kill = request.Bind<KillOutcome>(key => new KillAgent { Actor = key.Id, AgentId = id, Order = order });
        var executed = await mutations.ExecuteAsync(request, kill, KillReports.Render);
        var proof = wait == 0 ? null
            : executed.Value is { } outcome ? await WaitForProofAsync(outcome, wait, http)
            : executed.Earlier is { } first ? await WaitAgainAsync(id, first, wait, http)
            : null;
        await mutations.AnswerAsync(executed, instead: proof);
    }

    public async Task KillMany(HttpContext http)
    {
        var check = new Check();
        var query = Query.Read(http, ref check, [.. s_orderParameters, .. Selectors.Parameters, "expect", "dry_run"]);
        var selection = Selectors.Bind(query, ref check);
        var expect = (int?)query.Number("expect", ref check, 0, int.MaxValue);
        var dryRun = query.Flag("dry_run", ref check);
        var order = BindOrder(query, ref check);
        if (check.Error is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        var request = Mutations.Read(http);
        var kill = request.Bind<IReadOnlyList<KillOutcome>>(key => new KillMany
        {
            Actor = key.Id,
            Selection = selection,
            Order = order,
            Expect = expect,
            DryRun = dryRun,
            Found = dryRun ? null : selection.Find(engine.State, key, Core.Agents.KillMany.Eligible),
        });
        var executed = await mutations.ExecuteAsync(request, kill, outcomes => KillReports.Render(outcomes, dryRun));
        await mutations.AnswerAsync(executed);
    }

    public async Task Revive(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        var request = Mutations.Read(http);
        var revive = request.Bind<Agent>(key => new LiftTombstone { Actor = key.Id, AgentId = id });
        await mutations.AnswerAsync(await mutations.ExecuteAsync(request, revive, rows.Render));
    }

    private async Task ForgetAsync(HttpContext http, string id, Query query, Check check)
    {
        foreach (var name in s_orderParameters.Append("wait").Where(name => query[name] is not null))
        {
            check.Fail("?" + name, "cannot be combined with forget: who is forgotten is dead or lost, and nothing is left to stop");
        }

        if (check.Error is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        var request = Mutations.Read(http);
        var forget = request.Bind<Forgotten>(key => new ForgetAgent { Actor = key.Id, AgentId = id });
        await mutations.AnswerAsync(await mutations.ExecuteAsync(request, forget, KillReports.Render));
    }

    private static StopOrder BindOrder(Query query, ref Check check)
    {
        var grace = query.Number("grace", ref check, 0, Limits.MaxGrace);
        var force = query.Flag("force", ref check);
        var cascade = check.OneOf("?cascade", query["cascade"] ?? "descendants", ["descendants", "none"]);
        var reason = check.Text("?reason", query["reason"], Limits.NoteLength);
        if (force && grace is not null)
        {
            check.Fail("?grace", "force is at once: leave out one of the two");
        }

        return new StopOrder
        {
            Grace = (int)(grace ?? Limits.DefaultGrace),
            AtOnce = force,
            Cascade = cascade == "descendants",
            Reason = reason,
        };
    }

    /// <summary>
    /// Waits again for a repeated kill, unless the agent has started a new incarnation since, or is gone: then the first answer stands.
    /// </summary>
    private Task<Answer?> WaitAgainAsync(string id, Answer first, int seconds, HttpContext http) =>
        engine.State.Find(id)?.Agent is { } agent
        && agent.Incarnation == JsonSerializer.Deserialize(first.Json, MeshJson.Default.KillReport)!.Incarnation
            ? WaitForProofAsync(Known(agent, http.GetKey()), seconds, http)
            : Task.FromResult<Answer?>(null);

    private KillOutcome Known(Agent agent, Key key)
    {
        var reach = new ReachMemo(key, engine.State.AgentAt);
        return KillOutcome.Of(agent, engine.State.Descendants(agent.Number, dead: true).Select(slot => slot.Agent).Where(reach.Reaches));
    }

    /// <summary>
    /// Holds the answer until the death is confirmed, with that of every descendant that is stopped too, or the time is up. Reports what is
    /// known by then.
    /// </summary>
    private async Task<Answer?> WaitForProofAsync(KillOutcome outcome, int seconds, HttpContext http)
    {
        using var place = limiter.TryHold(http.GetKey());
        if (place is null)
        {
            return null; // the kill is under way; only the wait is over the limit
        }

        // Slots, not numbers: once an agent is forgotten its number belongs to nobody, or to another agent, but its slot still has its last
        // state.
        var slots = outcome.Descendants.Prepend(outcome.Agent).Select(a => (Agent: a, Slot: engine.State.SlotOf(a))).ToList();
        var watch = new KeyWatch(http.GetKey(), engine);
        var waiting = Wait.For(TimeSpan.FromSeconds(seconds), engine, watch);
        foreach (var (agent, slot) in slots.Where((target, i) => i == 0 || target.Agent.Liveness is Liveness.Stopping or Liveness.Dead))
        {
            using var subscription = subscriptions.Listen(agent.Number, watch.KeyId);
            do
            {
                subscription.Changed.Reset();
            }
            while (!IsProven(agent, slot) && !shutdown.HasBegun && await waiting.UntilAsync(subscription.Changed, http.RequestAborted));
        }

        var current = slots.ConvertAll(target => target.Slot?.Agent ?? target.Agent);
        return KillReports.Render(new KillOutcome(current[0], current[1..]));
    }

    /// <summary>Where there never was a life there is no end to wait for.</summary>
    private static bool IsProven(Agent target, AgentSlot? slot) =>
        target.Incarnation == 0 || slot is null || slot.IsForgotten || slot.Agent.Incarnation != target.Incarnation
        || slot.Agent is { Liveness: Liveness.Dead, LastExit.Confirmed: true };
}
