using SessionMesh.Client;
using SessionMesh.Client.Streams;
using SessionMesh.Contracts.Events;

namespace SessionMesh.Dashboard.Live;

/// <summary>
/// Who rejected a directive within the last hour. No list of the mesh has it: what was before the page was opened is read from the log, for
/// as long as <see cref="Bound"/> and no longer, oldest first; what comes later, the page hears anyway. Thread-safe.
/// </summary>
internal sealed class Rejections(TimeProvider time)
{
    private const string Kind = "directive.rejected";

    /// <summary>How long ago it may be.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromHours(1);

    /// <summary>Agents that are kept: past it, those that rejected last.</summary>
    public const int Most = 1000;

    /// <summary>How long the log is read for what was before.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, DateTimeOffset> _agents = new(StringComparer.Ordinal);

    /// <summary>Ids, of now.</summary>
    public IReadOnlySet<string> Agents()
    {
        var since = time.GetUtcNow() - Kept;
        lock (_gate)
        {
            return _agents.Where(agent => agent.Value >= since).Select(agent => agent.Key).ToHashSet(StringComparer.Ordinal);
        }
    }

    /// <summary>Takes an entry of the log, whatever it is, in whatever order.</summary>
    /// <returns>Whether it was one of these.</returns>
    public bool Add(MeshEvent entry)
    {
        if (entry.Kind != Kind)
        {
            return false;
        }

        lock (_gate)
        {
            if (_agents.GetValueOrDefault(entry.Subject) < entry.At)
            {
                _agents[entry.Subject] = entry.At;
            }

            if (_agents.Count > Most)
            {
                _agents.Remove(_agents.MinBy(agent => agent.Value).Key);
            }
        }

        return true;
    }

    public void Clear()
    {
        lock (_gate)
        {
            _agents.Clear();
        }
    }

    /// <summary>Reads what the log has of the last hour. A key that may not read it has none.</summary>
    /// <param name="found">Called after some were found, at most at the pace of <see cref="Pace.Frame"/>.</param>
    public async Task ReadAsync(MeshClient mesh, Action found, CancellationToken cancellation)
    {
        using var bound = new CancellationTokenSource(Bound, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, bound.Token);
        var telling = Task.CompletedTask;
        try
        {
            var query = new EventQuery { Kinds = [Kind], Since = time.GetUtcNow() - Kept };
            await foreach (var entry in new EventStream(mesh, new() { FirstConnectAttempts = 1 }, query).ReadAsync(either.Token))
            {
                Add(entry);
                if (telling.IsCompleted)
                {
                    telling = TellAsync();
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or MeshException)
        {
            // That was all, or signed out, or the server is away.
        }

        await telling;

        async Task TellAsync()
        {
            await Task.Delay(Pace.Frame, time, CancellationToken.None);
            found();
        }
    }
}
