using SessionMesh.Core.Agents;
using SessionMesh.Core.Claims;

namespace SessionMesh.Core.State;

/// <summary>Claims as this batch leaves them.</summary>
public sealed partial class MeshDraft
{
    /// <summary>By revision; null for one that ended.</summary>
    private readonly Dictionary<long, Claim?> _claims = [];
    private readonly List<Claim> _removedClaims = [];

    /// <summary>Revisions of claims that this batch made, by agent.</summary>
    private readonly Dictionary<int, List<long>> _newClaims = [];
    private readonly Dictionary<string, int> _claimsByAccount = new(StringComparer.Ordinal);
    private int _moreClaims;

    /// <inheritdoc cref="ChangedAgents"/>
    public IEnumerable<Claim> ChangedClaims => _claims.Values.OfType<Claim>();

    /// <summary>Claims of the base that ended.</summary>
    public IEnumerable<Claim> RemovedClaims => _removedClaims;

    public int ClaimCount => state.Claims.Count + _moreClaims;

    /// <summary>Claims that an account holds.</summary>
    public int ClaimsOf(string account) => state.Claims.OfAccount(account) + _claimsByAccount.GetValueOrDefault(account);

    /// <summary>A claim that is held; null for none.</summary>
    public Claim? FindClaim(long revision) => _claims.TryGetValue(revision, out var claim) ? claim : state.Claims.Find(revision);

    /// <summary>Whether a claim was made or renewed in this batch.</summary>
    internal bool HasRenewed(long revision) => _claims.GetValueOrDefault(revision) is not null;

    internal void Put(Claim claim)
    {
        if (FindClaim(claim.Revision) is null)
        {
            (_newClaims.TryGetValue(claim.Agent, out var claims) ? claims : _newClaims[claim.Agent] = []).Add(claim.Revision);
            Count(_claimsByAccount, claim.Account, 1);
            _moreClaims++;
        }

        _claims[claim.Revision] = claim;
    }

    internal void Remove(Claim claim)
    {
        _claims[claim.Revision] = null;
        Count(_claimsByAccount, claim.Account, -1);
        _moreClaims--;
        if (state.Claims.Find(claim.Revision) is { } known)
        {
            _removedClaims.Add(known);
        }
    }

    /// <summary>Its incarnation is over. To be followed by a record of the agent without <see cref="Agent.Holds"/>.</summary>
    internal void EndClaims(Agent agent)
    {
        if (!agent.Holds.Any)
        {
            return;
        }

        foreach (var revision in state.Claims.Of(agent.Number).Concat(_newClaims.GetValueOrDefault(agent.Number) ?? []).ToList())
        {
            if (FindClaim(revision) is { } claim && claim.AgentId == agent.Id)
            {
                Remove(claim);
            }
        }
    }

    private void CommitClaims()
    {
        foreach (var claim in _removedClaims)
        {
            state.Claims.Remove(claim);
        }

        // In order of creation, as every list shows them.
        foreach (var claim in ChangedClaims.OrderBy(claim => claim.Revision))
        {
            state.Claims.Put(claim, Now);
        }
    }
}
