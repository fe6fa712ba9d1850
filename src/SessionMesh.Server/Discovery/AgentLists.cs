using SessionMesh.Contracts.Agents;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Auth.Limiting;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;
using SessionMesh.Server.Push;
using SessionMesh.Server.Sessions;
using SessionMesh.Server.Streams;

namespace SessionMesh.Server.Discovery;

/// <summary><c>GET /alive</c> and <c>GET /agents</c>: pages of agents, and of plain sessions where they are asked for.</summary>
public sealed class AgentLists(
    MeshEngine engine, RowWriter rows, SessionLists sessions, ChangeFeed feed, Limiter limiter, Shutdown shutdown, ProblemWriter problems)
{
    /// <summary>Makes the prints of one process differ from those of another: versions of agents begin anew in each.</summary>
    private readonly ulong _process = (ulong)Random.Shared.NextInt64();

    public Task Alive(HttpContext http) => ListAsync(http, AgentStatus.Alive);

    public Task All(HttpContext http) => ListAsync(http, AliveFilter.All);

    private async Task ListAsync(HttpContext http, string defaultFilter)
    {
        var read = ListRequest.Read(http, defaultFilter, engine.State.Epoch);
        if (!read.Succeeded)
        {
            await problems.WriteAsync(http, read.Error);
            return;
        }

        var request = read.Value;
        if (request.Wait is null)
        {
            await AnswerAsync(http, request, Find(request, http.GetKey()));
            return;
        }

        using var place = request.Wait > 0 ? limiter.TryHold(http.GetKey()) : null;
        if (place is null && request.Wait > 0)
        {
            await problems.WriteAsync(http, limiter.TooManyHeld(http.GetKey()));
            return;
        }

        var watch = new KeyWatch(http.GetKey(), engine);
        var page = await WaitAsync(request, watch, http.RequestAborted);
        if (watch.End() is not null)
        {
            await problems.WriteAsync(http, KeyRules.Unauthenticated());
            return;
        }

        await AnswerAsync(http, request, page);
    }

    /// <summary>
    /// The page as soon as the log has changed it since <see cref="ListRequest.After"/>, or as it is when the time is up. What heartbeats
    /// report is not in the log, and ends no wait.
    /// </summary>
    private async Task<Page> WaitAsync(ListRequest request, KeyWatch watch, CancellationToken cancellation)
    {
        using var follower = feed.Follow(watch.KeyId);
        var waiting = Wait.For(TimeSpan.FromSeconds(request.Wait!.Value), engine, watch);
        var page = Find(request, watch.Key);
        var isChanged = request.After is { } after
            && (after.Print is { } print ? print != page.Print : HasChangedSince(after.Revision, request, page: null, watch.Key));
        var (known, seen) = (page.Print, page.Revision);
        while (!isChanged && !shutdown.HasBegun && await waiting.UntilAsync(follower.Changed, cancellation))
        {
            follower.Changed.Reset();
            var revision = engine.State.Revision;
            if (HasChangedSince(seen, request, page, watch.Key))
            {
                page = Find(request, watch.Key);
                isChanged = page.Print != known;
            }

            seen = revision;
        }

        return isChanged ? page : Find(request, watch.Key);
    }

    /// <summary>
    /// Whether an agent has changed since a revision that is in the list, or was on the page then. False is certain; after true the pages
    /// have to be compared.
    /// </summary>
    /// <param name="page">As it was at that revision; null where that is not known: then whoever was there may have been on it.</param>
    private bool HasChangedSince(long revision, ListRequest request, Page? page, Key key)
    {
        var changed = new List<int>();
        if (revision > engine.State.Revision || !engine.State.Recent.TryAddSince(revision, changed))
        {
            return true;
        }

        if (changed.Count == 0 || request.Criteria.DependsOnOthers || key.Reach is { Subtrees.Count: > 0 })
        {
            return changed.Count > 0;
        }

        var search = new AgentSearch(engine.State, request.Criteria, key.Reach);
        var now = engine.Now;
        return changed.Exists(number =>
            engine.State.SlotSince(number, long.MaxValue) is not { } slot
            || (page?.Numbers.Contains(number) ?? slot.Agent.Born <= revision)
            || search.Holds(slot, now));
    }

    private Page Find(ListRequest request, Key key)
    {
        var revision = engine.State.Revision; // before reading any set
        var slots = new List<AgentSlot>(Math.Min(request.Limit, 128));
        if (request.Kind == SessionKind.Session)
        {
            return new Page(revision, slots, null, null, 0);
        }

        var now = engine.Now;
        var search = new AgentSearch(engine.State, request.Criteria, key.Reach);
        ListPlace? next = request.Place switch
        {
            AfterNumber(var number) => search.Fill(slots, number, request.Limit, now) is var last and >= 0 ? new AfterNumber(last) : null,
            AfterId(var id) => search.FillById(slots, id, request.Order!.Value.IsReversed, request.Limit, now) is { } last
                ? new AfterId(last)
                : null,
            InRun run => search.FillByKey(slots, request.Order!.Value, run, request.Limit, now),
            _ => null, // past the agents
        };
        var print = request.Wait is null ? 0 : PrintOf(slots);
        return new Page(revision, slots, next, request.WantsTotal ? search.Count(now) : null, print);
    }

    private async Task AnswerAsync(HttpContext http, ListRequest request, Page page)
    {
        using var json = new Utf8Buffer(256 + (page.Slots.Count * 640));
        json.Raw("{\"sessions\":["u8);
        var now = engine.Now;
        foreach (var slot in page.Slots)
        {
            rows.Write(json, slot, now, request.Fields);
            json.Raw(","u8);
        }

        var (count, next) = (page.Slots.Count, page.Next);
        if (next is null && request.HasSessions)
        {
            next = WriteSessions(json, http.GetKey(), request, ref count);
        }

        if (count > 0)
        {
            json.Unwrite();
        }

        json.Raw("],\"count\":"u8);
        json.Number(count);
        if (request.WantsTotal)
        {
            json.Raw(",\"total\":"u8);
            json.Number((page.Total ?? 0) + (request.HasSessions ? CountSessions(http.GetKey(), request.Filter) : 0));
        }

        json.Raw(",\"next_cursor\":"u8);
        json.String(next is null ? null : request.CursorAt(next, engine.State.Epoch));
        json.Raw(",\"as_of\":\""u8);
        json.Raw(new AsOf(page.Revision, request.Wait is null ? null : page.Print).ToString());
        json.Raw("\"}"u8);
        await Answers.WriteAsync(http, StatusCodes.Status200OK, json.Written);
    }

    /// <summary>Writes plain sessions. They are either active or expired, so the other filters match none.</summary>
    private AfterSession? WriteSessions(Utf8Buffer json, Key key, ListRequest request, ref int count)
    {
        if (request.Filter is not (AliveFilter.All or AliveFilter.Active or AgentStatus.Alive))
        {
            return null;
        }

        var after = request.Place is AfterSession(var revision) ? revision : 0;
        var last = sessions.WriteRows(
            json, key, true, request.Filter == AliveFilter.All, after, request.Limit, request.Fields, ref count);
        return last is { } at ? new AfterSession(at) : null;
    }

    private int CountSessions(Key key, string filter) =>
        filter is AliveFilter.All or AliveFilter.Active or AgentStatus.Alive ? sessions.Count(key, filter == AliveFilter.All) : 0;

    /// <summary>Another number whenever the log changed an agent of the page, or which agents these are.</summary>
    private ulong PrintOf(List<AgentSlot> slots)
    {
        var print = _process;
        foreach (var slot in slots)
        {
            print = Mix(Mix(print, (ulong)slot.Agent.Born ^ ((ulong)slot.Agent.Number << 40)), (ulong)slot.Version);
        }

        return print;

        static ulong Mix(ulong print, ulong part)
        {
            // The finalizer of SplitMix64: every bit of what goes in moves every bit of what comes out.
            var mixed = print + (part * 0x9E3779B97F4A7C15UL) + 0x9E3779B97F4A7C15UL;
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9UL;
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBUL;
            return mixed ^ (mixed >> 31);
        }
    }

    /// <summary>What one look at the agents found.</summary>
    /// <param name="Revision">It shows the state at this revision, or newer.</param>
    /// <param name="Next">Where the next page begins; null for none.</param>
    /// <param name="Total">Agents on all pages; null where nobody asked.</param>
    private sealed record Page(long Revision, List<AgentSlot> Slots, ListPlace? Next, int? Total, ulong Print)
    {
        private HashSet<int>? _numbers;

        public HashSet<int> Numbers => _numbers ??= [.. Slots.Select(slot => slot.Agent.Number)];
    }
}
