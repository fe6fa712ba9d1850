using SessionMesh.Client;
using SessionMesh.Client.Streams;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Events;
using SessionMesh.Contracts.Nodes;
using SessionMesh.Dashboard.SignIn;

namespace SessionMesh.Dashboard.Live;

/// <summary>How well the page knows what is.</summary>
public enum Freshness
{
    /// <summary>Nothing was read yet.</summary>
    Loading,

    /// <summary>The log is followed, and the last look at the whole went well.</summary>
    Live,

    /// <summary>The last look failed; what is shown is from before.</summary>
    Stale,

    /// <summary>The tab is not seen, and nothing is read.</summary>
    Hidden,
}

/// <summary>
/// What the page knows of the mesh: it looks at the whole fleet at a <see cref="Pace"/>, and follows the log between. Nothing is read while
/// the tab is hidden or nobody is signed in. Runs on its own; events are raised on any thread.
/// </summary>
public sealed class LiveMesh : IAsyncDisposable
{
    private const int RowsAPage = 1000;

    /// <summary>Entries of the log that the page keeps to show.</summary>
    private const int EventsKept = 500;

    private readonly Viewer _viewer;
    private readonly Viewers _viewers;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly LinkedList<MeshEvent> _events = new();
    private readonly Rejections _rejections;
    private readonly Dictionary<string, string> _strings = new(StringComparer.Ordinal);
    private Dictionary<string, string> _states = new(StringComparer.Ordinal);
    private TaskCompletionSource _nudge = NewNudge();
    private bool _isDirty;
    private CancellationTokenSource? _running;
    private Task _work = Task.CompletedTask;
    private bool _isVisible = true;

    public LiveMesh(Viewer viewer, Viewers viewers, PageTime time)
    {
        _viewers = viewers;
        _viewer = viewer;
        _time = time.Provider;
        _rejections = new Rejections(_time);
        _viewer.Changed += Restart;
    }

    /// <summary>Another <see cref="Fleet"/>, or another <see cref="Freshness"/>; at most ten times a second.</summary>
    public event Action? Changed;

    /// <summary>An entry of the log came.</summary>
    public event Action<MeshEvent>? Heard;

    public LiveFleet Fleet { get; private set; } = LiveFleet.Empty;

    /// <summary>The servers that run on the mesh, by their ids; empty until they are read.</summary>
    public IReadOnlyList<NodeRow> Nodes { get; private set; } = [];

    public Freshness Freshness { get; private set; } = Freshness.Loading;

    /// <summary>Why it is stale, for the person.</summary>
    public string? Trouble { get; private set; }

    /// <summary>The least between two reads of something that is as large as the fleet.</summary>
    public TimeSpan ReadPace => Pace.AfterChange(Fleet.Agents.Count, _viewers.Looking);

    /// <summary>When the fleet was last read as a whole, by the server's clock.</summary>
    public DateTimeOffset? ReadAt { get; private set; }

    /// <summary>The newest entries of the log since the page is open, newest first.</summary>
    public IReadOnlyList<MeshEvent> Events
    {
        get
        {
            lock (_gate)
            {
                return [.. _events];
            }
        }
    }

    /// <summary>Agents that rejected a directive within the last hour.</summary>
    public IReadOnlySet<string> Rejecting => _rejections.Agents();

    /// <summary>Whether the tab is seen.</summary>
    public bool IsVisible
    {
        get => _isVisible;
        set
        {
            if (_isVisible != value)
            {
                _isVisible = value;
                Restart();
            }
        }
    }

    /// <summary>Looks at the whole as soon as the pace allows: somebody acted.</summary>
    public void Nudge()
    {
        lock (_gate)
        {
            _isDirty = true;
            _nudge.TrySetResult();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _viewer.Changed -= Restart;
        Stop();
        await _work;
    }

    private static TaskCompletionSource NewNudge() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Stop()
    {
        _running?.Cancel();
        _running?.Dispose();
        _running = null;
    }

    private void Restart()
    {
        Stop();
        if (!_viewer.IsSignedIn)
        {
            (Fleet, Nodes, Freshness, Trouble, ReadAt) = (LiveFleet.Empty, [], Freshness.Loading, null, null);
            lock (_gate)
            {
                _events.Clear();
            }

            _rejections.Clear();
            return;
        }

        if (!_isVisible)
        {
            Freshness = Freshness.Hidden;
            return;
        }

        _running = new CancellationTokenSource();
        _work = RunAsync(_work, _viewer.Mesh, _running.Token);
    }

    private async Task RunAsync(Task before, MeshClient mesh, CancellationToken cancellation)
    {
        await before;
        await Task.Yield();
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var following = Task.WhenAll(FollowAsync(mesh, both.Token), _rejections.ReadAsync(mesh, () => Changed?.Invoke(), both.Token));
        _viewers.BeginToLook();
        try
        {
            while (!cancellation.IsCancellationRequested)
            {
                await LookAsync(mesh, cancellation);
                await RestAsync(cancellation);
            }
        }
        catch (OperationCanceledException)
        {
            // Signed out, hidden, or gone.
        }
        finally
        {
            _viewers.EndToLook();
            await both.CancelAsync();
            await following;
        }
    }

    /// <summary>Reads all agents, a page after another.</summary>
    private async Task LookAsync(MeshClient mesh, CancellationToken cancellation)
    {
        lock (_gate)
        {
            _isDirty = false;
            _states = new Dictionary<string, string>(StringComparer.Ordinal);
            if (_strings.Count > 10_000)
            {
                _strings.Clear();
            }
        }

        try
        {
            var agents = new List<LiveAgent>(Fleet.Agents.Count + RowsAPage);
            string? cursor = null;
            var now = _time.GetUtcNow();
            do
            {
                var page = await mesh.AgentsAsync(
                    new AgentQuery
                    {
                        Filter = AliveFilter.All, Sort = AliveSort.Id, Limit = RowsAPage, Cursor = cursor, Fields = LiveAgent.Fields,
                    },
                    cancellation);
                agents.AddRange(page.Sessions.Where(row => row.AgentId is not null).Select(row => LiveAgent.From(row, now, Shared)));
                cursor = page.NextCursor;
            }
            while (cursor is not null && agents.Count < LiveFleet.Most);

            var fleet = Fleet.Next(agents, isWhole: cursor is null);
            lock (_gate)
            {
                Fleet = _states.Count == 0 ? fleet : fleet.With(_states);
            }

            Nodes = await mesh.NodesAsync(cancellation);
            (Freshness, Trouble, ReadAt) = (Freshness.Live, null, now);
            Changed?.Invoke();
        }
        catch (MeshException e) when (e.Code == ErrorCodes.Unauthenticated)
        {
            _viewer.SignOut("This key has ended, so you are signed out.");
        }
        catch (MeshException e)
        {
            (Freshness, Trouble) = (Freshness.Stale, e.Message);
            Changed?.Invoke();
        }
    }

    /// <summary>Waits for the next look; what the log says meanwhile is shown at once, ten times a second at most.</summary>
    private async Task RestAsync(CancellationToken cancellation)
    {
        var began = _time.GetTimestamp();
        while (true)
        {
            await Task.Delay(Pace.Frame, _time, cancellation);
            Dictionary<string, string>? states = null;
            Task nudge;
            bool isDirty;
            lock (_gate)
            {
                if (_states.Count > 0)
                {
                    (states, _states) = (_states, new Dictionary<string, string>(StringComparer.Ordinal));
                }

                isDirty = _isDirty;
                if (_nudge.Task.IsCompleted)
                {
                    _nudge = NewNudge();
                }

                nudge = _nudge.Task;
            }

            if (states is not null)
            {
                Fleet = Fleet.With(states);
                Changed?.Invoke();
            }

            var count = Fleet.Agents.Count;
            var pace = isDirty ? Pace.AfterChange(count, _viewers.Looking) : Pace.AtRest(count, _viewers.Looking);
            var left = pace - _time.GetElapsedTime(began);
            if (left <= TimeSpan.Zero)
            {
                return;
            }

            await Task.WhenAny(nudge, Task.Delay(left, _time, cancellation));
            cancellation.ThrowIfCancellationRequested();
        }
    }

    private async Task FollowAsync(MeshClient mesh, CancellationToken cancellation)
    {
        var stream = new EventStream(mesh);
        try
        {
            await foreach (var entry in stream.ReadAsync(cancellation))
            {
                Take(entry);
            }

            if (stream.End is { Code: "key_revoked" or "key_expired" or ErrorCodes.Unauthenticated })
            {
                _viewer.SignOut("This key has ended, so you are signed out.");
            }
        }
        catch (Exception e) when (e is OperationCanceledException or MeshException)
        {
            // Signed out, hidden, or gone; or the stream said what it should not, and the looks at the whole go on.
        }
    }

    private void Take(MeshEvent entry)
    {
        _rejections.Add(entry);
        lock (_gate)
        {
            _events.AddFirst(entry);
            if (_events.Count > EventsKept)
            {
                _events.RemoveLast();
            }

            if (entry.Kind.StartsWith("agent.", StringComparison.Ordinal))
            {
                if (StatusOf(entry.Kind) is { } status)
                {
                    _states[entry.Subject] = status;
                }

                _isDirty = true;
                _nudge.TrySetResult();
            }
        }

        Heard?.Invoke(entry);
    }

    /// <summary>The status that an entry of the log brings about, where it says so by its kind alone.</summary>
    private static string? StatusOf(string kind) => kind switch
    {
        "agent.alive" or "agent.registered" => AgentStatus.Alive,
        "agent.suspect" => AgentStatus.Suspect,
        "agent.lost" => AgentStatus.Lost,
        "agent.stopping" => AgentStatus.Stopping,
        "agent.dead" => AgentStatus.Dead,
        _ => null,
    };

    private string? Shared(string? text)
    {
        if (text is null)
        {
            return null;
        }

        return _strings.TryGetValue(text, out var one) ? one : _strings[text] = text;
    }
}
