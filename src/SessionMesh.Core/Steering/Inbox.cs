using System.Collections.Immutable;

namespace SessionMesh.Core.Steering;

/// <summary>The directives of an agent that can still change. Immutable.</summary>
public sealed class Inbox
{
    public static readonly Inbox Empty = new(0, 0, []);

    private Inbox(long lastSeq, long lastRevision, ImmutableArray<DirectiveRecord> pending) =>
        (LastSeq, LastRevision, Pending) = (lastSeq, lastRevision, pending);

    /// <summary>Sequence number of the newest directive, pending or not.</summary>
    public long LastSeq { get; }

    /// <summary>Revision of the newest directive: where the history chain begins.</summary>
    public long LastRevision { get; }

    /// <summary>Pending directives in order of their sequence numbers.</summary>
    public ImmutableArray<DirectiveRecord> Pending { get; }

    public static Inbox Load(long lastSeq, long lastRevision, ImmutableArray<DirectiveRecord> pending) =>
        new(lastSeq, lastRevision, pending);

    public DirectiveRecord? Find(long seq)
    {
        var at = IndexOf(seq);
        return at < 0 ? null : Pending[at];
    }

    /// <summary>Earliest expiry of what is pending, wall milliseconds; <see cref="long.MaxValue"/> when nothing is.</summary>
    public long EarliestExpiry
    {
        get
        {
            var earliest = long.MaxValue;
            foreach (var directive in Pending)
            {
                earliest = Math.Min(earliest, directive.ExpiresAt);
            }

            return earliest;
        }
    }

    /// <summary>
    /// Whether anything may be delivered: pending, and not expired. <see cref="Agents.AgentSlot.HandOut"/> decides what goes to a socket.
    /// </summary>
    /// <param name="wall">Now, wall milliseconds.</param>
    /// <param name="verbs">Only these.</param>
    public bool HasDeliverable(long wall, VerbSet verbs) => Pending.Any(d => d.ExpiresAt > wall && verbs.Has(d.Verb));

    internal Inbox Issue(DirectiveRecord directive) => new(directive.Seq, directive.Revision, Pending.Add(directive));

    /// <summary>The inbox with that directive replaced, or removed if it is over.</summary>
    internal Inbox Move(DirectiveRecord directive)
    {
        var at = IndexOf(directive.Seq);
        return new(LastSeq, LastRevision, directive.State.IsPending() ? Pending.SetItem(at, directive) : Pending.RemoveAt(at));
    }

    private int IndexOf(long seq)
    {
        var (low, high) = (0, Pending.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var found = Pending[middle].Seq;
            if (found == seq)
            {
                return middle;
            }

            (low, high) = found < seq ? (middle + 1, high) : (low, middle - 1);
        }

        return -1;
    }
}
