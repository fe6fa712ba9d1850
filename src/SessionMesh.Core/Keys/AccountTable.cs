using SessionMesh.Core.Agents;

namespace SessionMesh.Core.Keys;

/// <summary>
/// The agents that an account made known, as far as its quota needs them: how many, and which have ended, in the order in which they
/// did. The writer's alone. An account without agents is not kept.
/// </summary>
internal sealed class AccountTable
{
    private readonly Dictionary<string, Account> _byId = new(StringComparer.Ordinal);

    /// <summary>Accounts that are held.</summary>
    public int Count => _byId.Count;

    /// <summary>Agents of an account, whatever their state.</summary>
    public int AgentsOf(string account) => _byId.TryGetValue(account, out var found) ? found.Agents : 0;

    /// <summary>Those of them that have ended; see <see cref="Agent.HasEnded"/>.</summary>
    public int EndedOf(string account) => _byId.TryGetValue(account, out var found) ? found.Ended.Count : 0;

    /// <summary>
    /// Those that have ended, in the order in which they did; of those that ended in the same millisecond the older first.
    /// </summary>
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
