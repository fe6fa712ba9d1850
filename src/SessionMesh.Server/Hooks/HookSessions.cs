namespace SessionMesh.Server.Hooks;

/// <summary>The sessions of which events were heard, those heard last first. Bounded: the longest silent goes. Thread-safe.</summary>
public sealed class HookSessions
{
    /// <summary>
    /// Sessions that are followed at once. One that falls out loses nothing that matters: see <see cref="HookSession"/>. A session takes
    /// about a kilobyte.
    /// </summary>
    private const int Most = 20_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<Name, LinkedListNode<(Name Name, HookSession Session)>> _byName = [];
    private readonly LinkedList<(Name Name, HookSession Session)> _byUse = new();

    /// <param name="account">Whose it is: what one account says of a session is not heard of another's.</param>
    internal HookSession Get(string program, string account, string id)
    {
        var name = new Name(program, account, id);
        lock (_gate)
        {
            if (_byName.TryGetValue(name, out var known))
            {
                _byUse.Remove(known);
                _byUse.AddFirst(known);
                return known.Value.Session;
            }

            if (_byName.Count >= Most)
            {
                _byName.Remove(_byUse.Last!.Value.Name);
                _byUse.RemoveLast();
            }

            return (_byName[name] = _byUse.AddFirst((name, new HookSession()))).Value.Session;
        }
    }

    private readonly record struct Name(string Program, string Account, string Id);
}
