using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Registry;
using SessionMesh.Core;
using SessionMesh.Core.Claims;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth.Limiting;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Push;
using SessionMesh.Server.Streams;

namespace SessionMesh.Server.Registry;

/// <summary><c>/registry/claim</c> and <c>/registry/claims</c>: takes slots of agents' capacity, holds them and gives them back.</summary>
public sealed class ClaimEndpoints(
    Mutations mutations, MeshEngine engine, ChangeFeed feed, Limiter limiter, Shutdown shutdown, ProblemWriter problems)
{
    public async Task Claim(HttpContext http)
    {
        var request = await Mutations.ReadAsync(http, MeshJson.Default.ClaimRequest);
        var wait = TimeSpan.FromSeconds(request.Error is null ? Math.Clamp(request.Body.Wait ?? 0, 0, Limits.MaxWait) : 0);
        var bound = request.Bind(Bind);
        if (!bound.Succeeded || wait == TimeSpan.Zero)
        {
            await mutations.AnswerAsync(await TryAsync(request, bound));
            return;
        }

        using var place = limiter.TryHold(http.GetKey());
        if (place is null)
        {
            await problems.WriteAsync(http, limiter.TooManyHeld(http.GetKey()));
            return;
        }

        var watch = new KeyWatch(http.GetKey(), engine);
        var claimed = await WaitAsync(request, bound, wait, watch);
        if (claimed.Error is not null && watch.End() is not null)
        {
            await problems.WriteAsync(http, KeyRules.Unauthenticated());
            return;
        }

        await mutations.AnswerAsync(claimed);
    }

    public async Task Renew(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["claim_id"]!;
        var request = await Mutations.ReadOptionalAsync(http, MeshJson.Default.RenewClaimRequest);
        var renew = request.Bind<Claim>((key, body) =>
        {
            var check = new Check();
            var ttl = check.Range("/ttl", body.Ttl, Limits.MinClaimTtl, Limits.MaxClaimTtl);
            return check.Error is { } error ? error : new RenewClaim { Actor = key.Id, ClaimId = id, Ttl = ttl };
        });
        await mutations.AnswerAsync(await mutations.ExecuteAsync(request, renew, claim => Render(StatusCodes.Status200OK, claim)));
    }

    public async Task Release(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["claim_id"]!;
        var request = Mutations.Read(http);
        var release = request.Bind<Claim>(key => new ReleaseClaim { Actor = key.Id, ClaimId = id });
        await mutations.AnswerAsync(await mutations.ExecuteAsync(request, release, claim => Answers.Of(
            StatusCodes.Status200OK,
            new ReleasedClaim { ClaimId = claim.Id, AgentId = claim.AgentId },
            MeshJson.Default.ReleasedClaim)));
    }

    public async Task List(HttpContext http)
    {
        var check = new Check();
        var query = Query.Read(http, ref check, "agent_id", "specialization", "key_id", "limit", "cursor");
        var specialization = check.Specialization("?specialization", query["specialization"]);
        var limit = query.Limit(ref check);
        var after = query.Number("cursor", ref check, 0, long.MaxValue) ?? 0;
        if (check.Error is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        var key = http.GetKey();
        var now = engine.Now;
        var claims = engine.State.Claims.After(after)
            .Where(claim => (query["agent_id"] is not { } agent || claim.AgentId == agent)
                && (query["key_id"] is not { } holder || claim.KeyId == holder)
                && (specialization is null || Core.State.SpecializationName.IsAtOrBelow(claim.Specialization, specialization))
                && engine.State.AgentAt(claim.Agent) is { } holds && engine.State.Reaches(key, holds))
            .Take(limit + 1).ToList();
        await Answers.WriteAsync(http, new ClaimPage
        {
            Claims = [.. claims.Take(limit).Select(claim => ToRow(claim, engine.State.Claims.ExpiresAt(claim, now)))],
            NextCursor = claims.Count > limit
                ? claims[limit - 1].Revision.ToString(System.Globalization.CultureInfo.InvariantCulture)
                : null,
        }, MeshJson.Default.ClaimPage);
    }

    /// <summary>
    /// Tries again whenever the log has changed something and an agent has room, until one is claimed or the time is up. Who waits longest
    /// is not served first: all that wait try.
    /// </summary>
    private async Task<MutationResult<Claim>> WaitAsync(
        MutationRequest<ClaimRequest> request, Outcome<Command<Claim>> bound, TimeSpan wait, KeyWatch watch)
    {
        var http = request.Http;
        using var follower = feed.Follow(watch.KeyId);
        var waiting = Wait.For(wait, engine, watch);
        var matching = ((ClaimSpecialist)bound.Value!).Matching;
        var result = await TryAsync(request, bound);
        while (result.Error?.Code == ErrorCodes.NoCapacity && !shutdown.HasBegun
            && await waiting.UntilAsync(follower.Changed, http.RequestAborted))
        {
            follower.Changed.Reset();
            if (matching.Find(engine.State, watch.Key, 1).Count > 0)
            {
                result = await TryAsync(request, bound);
            }
        }

        return result;
    }

    private Task<MutationResult<Claim>> TryAsync(MutationRequest request, Outcome<Command<Claim>> bound)
    {
        if (bound.Succeeded)
        {
            engine.State.Indexes.PrepareOrder(((ClaimSpecialist)bound.Value).Matching.Specialization);
        }

        return mutations.ExecuteAsync(request, bound, claim => Render(StatusCodes.Status201Created, claim));
    }

    private static Outcome<Command<Claim>> Bind(Key key, ClaimRequest body)
    {
        var check = new Check();
        var specialization = check.Specialization("/specialization", body.Specialization, required: true);
        check.OneOf("/strategy", body.Strategy, MatchStrategy.All);
        var cluster = check.Name("/cluster", body.Cluster);
        var labels = check.Labels("/label", body.Label);
        var ttl = check.Range("/ttl", body.Ttl, Limits.MinClaimTtl, Limits.MaxClaimTtl) ?? Limits.DefaultClaimTtl;
        check.Range("/wait", body.Wait, 0, Limits.MaxWait);
        return check.Error is { } error ? error : new ClaimSpecialist
        {
            Actor = key.Id,
            Ttl = ttl,
            Matching = new Matching
            {
                Specialization = specialization!,
                Strategy = StrategyWords.Parse(body.Strategy),
                Cluster = cluster,
                Labels = labels is { Count: > 0 } ? agent => HasLabels(agent, labels) : null,
            },
        };
    }

    private static bool HasLabels(Core.Agents.Agent agent, IReadOnlyDictionary<string, string> labels)
    {
        foreach (var (name, wanted) in labels)
        {
            if (!agent.Labels.Labels.TryGetValue(name, out var value) || value != wanted)
            {
                return false;
            }
        }

        return true;
    }

    private static Answer Render(int status, Claim claim) =>
        Answers.Of(status, ToRow(claim, claim.ExpiresAt), MeshJson.Default.ClaimRow);

    private static ClaimRow ToRow(Claim claim, long expiresAt) => new()
    {
        ClaimId = claim.Id,
        AgentId = claim.AgentId,
        Specialization = claim.Specialization,
        KeyId = claim.KeyId,
        Ttl = claim.Ttl,
        ClaimedAt = DateTimeOffset.FromUnixTimeMilliseconds(claim.At),
        ExpiresAt = DateTimeOffset.FromUnixTimeMilliseconds(expiresAt),
    };
}
