using SessionMesh.Core.Agents;

namespace SessionMesh.Core.State;

/// <summary>
/// A signature file: 64 bits for each agent, in which each of its labels and its user set two. An agent that lacks one of the bits of a
/// label does not have it; one that has them all must be looked at. That costs eight bytes an agent, and none where there is nothing to
/// sign; an index by label would cost more than the agents, because a label such as <c>host</c> has as many values as there are agents.
/// Up to ten labels, an agent that lacks a label has its bits in fewer than one case of twelve. One writer, readers at any time.
/// </summary>
public sealed class Signatures
{
    private const int PageShift = 12;
    private const int PageSize = 1 << PageShift;

    private ulong[]?[] _pages = [];

    /// <summary>What stands for a label. Seeded by the process: nobody outside can choose labels that share it.</summary>
    public static ulong OfLabel(string name, string value) => Bits(HashCode.Combine(name, value));

    /// <summary>What stands for the user that an agent works for.</summary>
    public static ulong OfUser(string user) => Bits(HashCode.Combine(user));

    /// <summary>Whether an agent may have all that these bits stand for. False says that it has not.</summary>
    public bool MayHave(int number, ulong bits)
    {
        var pages = Volatile.Read(ref _pages);
        var page = number >> PageShift;
        return bits == 0
            || (page < pages.Length && Volatile.Read(ref pages[page]) is { } words
                && (Volatile.Read(ref words[number & (PageSize - 1)]) & bits) == bits);
    }

    /// <param name="before">Null for an agent that becomes known.</param>
    /// <param name="after">Null for one that is forgotten.</param>
    internal void Update(Agent? before, Agent? after)
    {
        if (!ReferenceEquals(before?.Labels, after?.Labels) || before?.User != after?.User)
        {
            Set((after ?? before)!.Number, after is null ? 0 : Of(after));
        }
    }

    private static ulong Of(Agent agent)
    {
        var bits = agent.User is { } user ? OfUser(user) : 0;
        foreach (var (name, value) in agent.Labels.Labels)
        {
            bits |= OfLabel(name, value);
        }

        return bits;
    }

    private static ulong Bits(int hash) => (1UL << hash) | (1UL << (hash >> 6));

    private void Set(int number, ulong bits)
    {
        var page = number >> PageShift;
        var pages = _pages;
        if (bits == 0 && (page >= pages.Length || pages[page] is null))
        {
            return;
        }

        if (page >= pages.Length)
        {
            Array.Resize(ref pages, Math.Max(page + 1, pages.Length * 2));
            Volatile.Write(ref _pages, pages);
        }

        if (pages[page] is not { } words)
        {
            words = new ulong[PageSize];
            Volatile.Write(ref pages[page], words);
        }

        Volatile.Write(ref words[number & (PageSize - 1)], bits);
    }
}
