using SessionMesh.Core.Agents;

namespace SessionMesh.Core.Keys;

/// <summary>
/// What the quota of an account needs to know: how many agents the account made known, and which of them have ended, in the order in which
/// they ended. For the writer only. An account without agents is not kept.
/// </summary>
internal sealed class AccountTable
{
    private readonly Dictionary<string, Account> _byId = new(StringComparer.Ordinal);

    /// <summary>How many accounts are held.</summary>
    public int Count => _byId.Count;

    /// <summary>How many agents an account has, whatever their state.</summary>
    public int AgentsOf(string account) => _byId.TryGetValue(account, out var found) ? found.Agents : 0;

    /// <summary>How many of them have ended; see <see cref="Agent.HasEnded"/>.</summary>
    public int EndedOf(string account) => _byId.TryGetValue(account, out var found) ? found.Ended.Count : 0;

    /// <summary>Those that have ended, in the order in which they ended; within a millisecond the older first.</summary>
    public IEnumerable<(long At, long Born, int Number)> Ended(string account) =>
        _byId.TryGetValue(account, out var found) ? found.Ended : [];

    public void Update(Agent? before, Agent? after)
    {
        if ((before ?? after)!.Owner is not { } owner)
        {
            return;
        }

        if (!_byId.TryGetValue(owner, out var account))
        {
            _byId[owner] = account = new Account();
        }

        account.Agents += (after is null ? 0 : 1) - (before is null ? 0 : 1);
        if (before is { HasEnded: true })
        {
            account.Ended.Remove((before.GoneAt, before.Born, before.Number));
        }

        if (after is { HasEnded: true })
        {
            account.Ended.Add((after.GoneAt, after.Born, after.Number));
        }

        if (account.Agents == 0)
        {
            _byId.Remove(owner);
        }
    }

    private sealed class Account
    {
        public int Agents;
        public readonly SortedSet<(long At, long Born, int Number)> Ended = [];
    }
}
