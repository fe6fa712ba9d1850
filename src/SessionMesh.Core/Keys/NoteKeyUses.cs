using SessionMesh.Core.State;

namespace SessionMesh.Core.Keys;

/// <summary>
/// Notes when service keys were last used, each at most once in <see cref="Every"/>: a call must not cost a write, and whoever wonders
/// whether a key is still needed asks in days.
/// </summary>
public sealed record NoteKeyUses : Command<int>
{
    /// <summary>Milliseconds between two notes of one key.</summary>
    public const long Every = 3_600_000;

    /// <summary>Ids of keys, and wall milliseconds.</summary>
    public required IReadOnlyList<(string KeyId, long At)> Uses { get; init; }

    public override int Weight => BaseWeight + (Uses.Count * 64);

    /// <summary>Returns how many were noted.</summary>
    public override Outcome<int> Decide(MeshDraft draft)
    {
        var noted = 0;
        foreach (var (id, at) in Uses)
        {
            if (draft.FindKey(id) is { IsService: true } key && at - key.LastUsedAt >= Every)
            {
                draft.Emit(new KeyUsed { Subject = id, UsedAt = at });
                noted++;
            }
        }

        return noted;
    }
}
