using System.Collections.Immutable;
using System.Globalization;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Events;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;
using SessionMesh.Server.Push;
using SessionMesh.Server.Streams;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Steering;

/// <summary>
/// <c>GET /agents/{id}/directives</c>: the agent's side, as an event stream or a long poll. Both only show the inbox, which keeps every
/// pending directive: a reader that is slow, cut off or connected twice loses nothing.
/// </summary>
public sealed class InboxEndpoints(
    MeshEngine engine, DirectiveWriter directives, Subscriptions subscriptions, Shutdown shutdown, ProblemWriter problems,
    MeshMetrics metrics)
{
    /// <summary>Maximum number of directives in one write.</summary>
    private const int PieceSize = 64;

    /// <summary>
    /// Maximum length of the directives in one write: limits the memory that a stream holds while its reader is slow.
    /// </summary>
    private const int PieceLength = 64 * 1024;

    public async Task Listen(HttpContext http)
    {
        var check = new Check();
        var id = check.Id("/id", (string)http.Request.RouteValues["id"]!);
        var query = Query.Read(http, ref check, "after", "wait", "incarnation", "epoch", "verbs");
        var after = query.Number("after", ref check, 0, long.MaxValue);
        var wait = query.Number("wait", ref check, 0, Limits.MaxWait);
        var incarnation = (int?)query.Number("incarnation", ref check, 1, int.MaxValue);
        var epoch = query.Number("epoch", ref check, 1, long.MaxValue);
        var verbs = VerbFilter.Read(query, ref check);
        var found = (check.Error ?? Fencing.CheckEpoch(engine.State, epoch)) is { } error
            ? error
            : http.GetKey().FindAgent(engine.State, ScopeSet.RegistryWrite, id);
        if ((found.Error ?? Fence(found.Value!, incarnation)) is { } refused)
        {
            await problems.WriteAsync(http, refused);
            return;
        }

        var slot = found.Value!;
        http.Response.Headers[StreamHeader.Epoch] = engine.State.Epoch.ToString(CultureInfo.InvariantCulture);
        http.Response.Headers[StreamHeader.Incarnation] = slot.Agent.Incarnation.ToString(CultureInfo.InvariantCulture);
        if (Sse.IsAskedFor(http))
        {
            await StreamAsync(http, slot, Sse.LastEventId(http) ?? after ?? 0, incarnation, verbs);
        }
        else
        {
            await PollAsync(http, slot, after ?? 0, TimeSpan.FromSeconds(wait ?? 0), incarnation, verbs);
        }
    }

    /// <summary>
    /// The incarnation of a reader that names none: the current one when it starts to listen, even if another starts meanwhile; for an
    /// agent that has not registered yet, its first.
    /// </summary>
    private static int? Current(AgentSlot slot) => slot.Agent.Incarnation is > 0 and var current ? current : null;

    /// <summary>
    /// An agent that has not registered yet may listen for directives that are held for it; a dead one gets only its stop.
    /// </summary>
    private static MeshError? Fence(AgentSlot slot, int? incarnation)
    {
        var agent = slot.Agent;
        if (agent.Liveness == Liveness.Dead && !slot.Inbox.Pending.Any(d => d.Verb == Verb.Stop))
        {
            return Fencing.Tombstoned(agent);
        }

        return incarnation is { } given && given < agent.Incarnation ? Fencing.Superseded(agent, given) : null;
    }

    private async Task PollAsync(HttpContext http, AgentSlot slot, long after, TimeSpan wait, int? incarnation, VerbSet verbs)
    {
        var watch = new KeyWatch(http.GetKey(), engine);
        using var subscription = subscriptions.ListenToInbox(slot.Agent.Number, watch.KeyId);
        var waiting = Wait.For(wait, engine, watch);
        ImmutableArray<DirectiveRecord> pending;
        MeshError? refused;
        do
        {
            subscription.Changed.Reset();
            incarnation ??= Current(slot);
            refused = watch.End() is not null ? KeyRules.Unauthenticated()
                : slot.IsForgotten || !engine.State.Reaches(watch.Key, slot.Agent) ? Fencing.NotFound(slot.Agent.Id)
                : null;
            pending = refused is null
                ? slot.HandOut(incarnation, engine.Now.Wall, after, characters: Limits.InboxAnswer, verbs: verbs)
                : [];
            refused ??= pending.IsEmpty ? Fence(slot, incarnation) : null;
            if (refused is null && pending.IsEmpty)
            {
                http.RunOnce(); // what is refused after a wait, was there, and is over: run again, it would be another reader's call
            }
        }
        while (refused is null && pending.IsEmpty && !shutdown.HasBegun
            && await waiting.UntilAsync(subscription.Changed, http.RequestAborted));

        if (refused is not null || (pending.IsEmpty && watch.End() is not null))
        {
            await problems.WriteAsync(http, refused ?? KeyRules.Unauthenticated());
            return;
        }

        pending = await directives.ClaimAsync(slot, pending) ?? [];
        using var json = new Utf8Buffer(64 + (pending.Length * 512));
        json.Raw("{\"directives\":"u8);
        directives.WriteArray(json, pending);
        json.Raw("}"u8);
        await Answers.WriteAsync(http, StatusCodes.Status200OK, json.Written);
        directives.Written(slot.Agent.Number, pending);
    }

    private async Task StreamAsync(HttpContext http, AgentSlot slot, long sent, int? incarnation, VerbSet verbs)
    {
        var watch = new KeyWatch(http.GetKey(), engine);
        using var subscription = subscriptions.ListenToInbox(slot.Agent.Number, watch.KeyId);
        using var open = metrics.StreamOpened(StreamKind.Directives);
        slot.StreamOpened();
        engine.BeatNews.Add(slot);
        try
        {
            await Sse.BeginAsync(http);
            if (await ResyncAsync(http, slot, sent) is not { } place)
            {
                var (away, why) = Sse.GoAway();
                await Sse.SendAsync(http, away, why, MeshJson.Default.StreamNotice);
                return;
            }

            sent = place;
            while (true)
            {
                subscription.Changed.Reset();
                incarnation ??= Current(slot);
                sent = await SendAsync(http, slot, sent, incarnation, verbs, watch);
                var end = End(slot, incarnation, watch);
                if (end is var (name, notice))
                {
                    await Sse.SendAsync(http, name, notice, MeshJson.Default.StreamNotice);
                    return;
                }

                if (!await subscription.Changed.WaitAsync(Sse.Beat(watch, engine), engine.Time, http.RequestAborted))
                {
                    await Sse.CommentAsync(http, engine);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The reader went away. The inbox keeps what it did not acknowledge.
        }
        finally
        {
            slot.StreamClosed();
            engine.BeatNews.Add(slot);
        }
    }

    /// <summary>
    /// Sends what is pending, a bounded piece at a time: the memory of a stream does not grow with its inbox, and each piece waits until
    /// the one before is sent. Checks before each piece whether the stream has ended; a dead agent's stop is still sent.
    /// </summary>
    private async Task<long> SendAsync(HttpContext http, AgentSlot slot, long sent, int? incarnation, VerbSet verbs, KeyWatch watch)
    {
        while (true)
        {
            var end = End(slot, incarnation, watch);
            if (end is not null && end.Value.Notice.Code != ErrorCodes.Tombstoned)
            {
                return sent;
            }

            var fresh = slot.HandOut(incarnation, engine.Now.Wall, sent, PieceSize, PieceLength, verbs);
            if (fresh.IsEmpty)
            {
                return sent;
            }

            if (await directives.ClaimAsync(slot, fresh) is not { } claimed)
            {
                return sent; // the next look tries again
            }

            using var text = new Utf8Buffer(fresh.Length * 512);
            foreach (var directive in claimed)
            {
                Sse.OpenFrame(text, directive.Seq, StreamEvent.Directive);
                directives.Write(text, directive);
                Sse.CloseFrame(text);
            }

            await Sse.WriteAsync(http, text.Written, engine);
            directives.Written(slot.Agent.Number, claimed);
            sent = fresh[^1].Seq;
        }
    }

    /// <summary>
    /// Tells a reader that has seen more than there is that its place is from another store, or from before a restore. It then gets
    /// everything pending.
    /// </summary>
    /// <returns>The reader's place; null if another node may have sent that, and this one cannot find out.</returns>
    private async Task<long?> ResyncAsync(HttpContext http, AgentSlot slot, long sent)
    {
        if (sent > slot.Inbox.LastSeq && await engine.CatchUpAsync() is not null)
        {
            return null;
        }

        if (sent <= slot.Inbox.LastSeq)
        {
            return sent;
        }

        var notice = new StreamNotice
        {
            Code = StreamNotice.Ahead,
            Detail = $"The newest directive here is {slot.Inbox.LastSeq}. All that is pending follows.",
        };
        await Sse.SendAsync(http, StreamEvent.Resync, notice, MeshJson.Default.StreamNotice);
        return 0;
    }

    private (string Event, StreamNotice Notice)? End(AgentSlot slot, int? incarnation, KeyWatch watch)
    {
        var agent = slot.Agent;
        if (shutdown.HasBegun)
        {
            return Sse.GoAway();
        }

        // The agent's end first: the end of a bound key follows from it, and would hide the reason.
        var error = slot.IsForgotten ? Fencing.NotFound(agent.Id)
            : incarnation is { } given && given < agent.Incarnation ? Fencing.Superseded(agent, given)
            : incarnation is not null && agent.Liveness == Liveness.Dead ? Fencing.Tombstoned(agent)
            : null;
        if (error is not null)
        {
            return (StreamEvent.End, new StreamNotice { Code = error.Code, Detail = error.Detail });
        }

        if (!engine.State.Reaches(watch.Key, agent))
        {
            var beyond = new StreamNotice { Code = ErrorCodes.OutsideReach, Detail = "The agent was moved beyond what this key is for." };
            return (StreamEvent.End, beyond);
        }

        return watch.End() is { } ended ? (StreamEvent.End, ended) : null;
    }
}
