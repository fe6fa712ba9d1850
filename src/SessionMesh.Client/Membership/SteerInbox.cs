using SessionMesh.Contracts.Steering;

namespace SessionMesh.Client.Membership;

/// <summary>
/// Steers that were delivered and that nobody has acted on. Bounded by the server, which keeps at most an inbox of them until they are
/// answered. Thread-safe.
/// </summary>
/// <param name="isOver">Whether a directive cannot be acted on any more.</param>
internal sealed class SteerInbox(Predicate<Directive> isOver)
{
    /// <summary>Characters of messages and data that are taken at once, unless somebody asks for more or less.</summary>
    public const int Characters = 65_536;

    private readonly Lock _gate = new();

    /// <summary>In the order of their numbers.</summary>
    private readonly List<Directive> _waiting = [];

    public void Add(Directive steer)
    {
        lock (_gate)
        {
            _waiting.Add(steer);
        }
    }

    /// <summary>Those that can still be acted on: an expired one is not, nor one of a mesh that was restored since.</summary>
    public IReadOnlyList<Directive> Take(int characters)
    {
        lock (_gate)
        {
            _waiting.RemoveAll(isOver);
            var (count, length) = (0, 0L);
            while (count < _waiting.Count && ((length += LengthOf(_waiting[count])) <= characters || count == 0))
            {
                count++;
            }

            var taken = _waiting[..count];
            _waiting.RemoveRange(0, count);
            return taken;
        }
    }

    public void GiveBack(IEnumerable<Directive> steers)
    {
        lock (_gate)
        {
            _waiting.AddRange(steers.Where(steer => !isOver(steer) && !_waiting.Exists(other => ReferenceEquals(other, steer))));
            _waiting.Sort((a, b) => a.Seq.CompareTo(b.Seq));
        }
    }

    private static long LengthOf(Directive steer) =>
        (steer.Direction?.Length ?? 0) + (steer.Message?.Length ?? 0) + (steer.Data?.GetRawText().Length ?? 0);
}
