using System.Collections.Concurrent;
using SessionMesh.Core.Keys;

namespace SessionMesh.Server.Engine;

/// <summary>
/// When service keys were last used, in memory: a call stores a number and writes nothing. <see cref="LeaseKeeper"/> has it noted in the
/// log once an hour, so that a restart forgets an hour at most. Holds no more than there are service keys. Thread-safe.
/// </summary>
public sealed class KeyUses
{
    private readonly ConcurrentDictionary<string, long> _at = new(StringComparer.Ordinal);

    /// <summary>Notes the use of a valid key; of a service key alone.</summary>
    /// <param name="wall">Wall milliseconds.</param>
    public void Note(Key key, long wall)
    {
        if (key.IsService)
        {
            _at[key.Id] = wall;
        }
    }

    /// <summary>Wall milliseconds of a key's last use; 0 for none.</summary>
    public long LastOf(Key key) => Math.Max(key.LastUsedAt, _at.GetValueOrDefault(key.Id));

    /// <summary>Uses that are to be noted in the log. Forgets keys that have ended.</summary>
    internal List<(string KeyId, long At)> Due(KeyTable keys)
    {
        var due = new List<(string, long)>();
        foreach (var (id, at) in _at)
        {
            if (keys.Find(id) is not { } key)
            {
                _at.TryRemove(id, out _);
            }
            else if (at - key.LastUsedAt >= NoteKeyUses.Every)
            {
                due.Add((id, at));
            }
        }

        return due;
    }
}
