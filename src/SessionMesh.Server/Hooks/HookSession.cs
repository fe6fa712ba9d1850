using SessionMesh.Server.Push;

namespace SessionMesh.Server.Hooks;

/// <summary>
/// A session of a coding agent's program, as its hooks tell it. In memory alone: after a restart it is found again by the label
/// <c>session</c> of its agent, and what was given and not proven is given once more.
/// </summary>
internal sealed class HookSession
{
    private const int MostSubAgents = 1000;
    private const int MostStarting = 100;

    private readonly Dictionary<string, HookAgent> _subAgents = [];

    /// <summary>Agents that have called for a sub-agent which has not begun yet, the oldest first; null is the main agent.</summary>
    private readonly List<string?> _starting = [];

    private AsyncSignal? _waiter;
    private int _unnamed;
    private long _receipts = Random.Shared.NextInt64(1L << 52);
    private long _events;

    /// <summary>One event of a session is decided at a time: hooks of one agent run side by side.</summary>
    public SemaphoreSlim Gate { get; } = new(1);

    public HookAgent? Main { get; set; }

    /// <summary>The program has said that the session is over.</summary>
    public bool IsOver { get; private set; }

    /// <summary>The prompt that the main agent works at, or has worked at; null where the program does not number them.</summary>
    public string? PromptId { get; set; }

    public IReadOnlyDictionary<string, HookAgent> SubAgents => _subAgents;

    /// <summary>
    /// Whether the main agent does nothing by itself now. True of a session that was not heard yet: after a restart its next event tells.
    /// </summary>
    public bool IsAtRest { get; private set; } = true;

    /// <summary>Whether the events are, or may be, those of a sub-agent without an id. See <see cref="HookDialect.RunsUnnamed"/>.</summary>
    public bool RunsUnnamed => _unnamed > 0;

    /// <summary>A tool that runs such a sub-agent begins.</summary>
    public void StartsUnnamed() => _unnamed++;

    /// <summary>What a moment says of tools that have begun: a tool that was denied has no end, so the turn's end is one for all.</summary>
    /// <param name="runsUnnamed">Whether the tool of that moment runs a sub-agent without an id.</param>
    public void FollowEnds(HookMoment moment, string? subAgent, bool runsUnnamed)
    {
        _unnamed = moment switch
        {
            HookMoment.ToolEnd when runsUnnamed => Math.Max(0, _unnamed - 1),
            HookMoment.SessionStart or HookMoment.Prompt or HookMoment.Stop => 0,
            _ => _unnamed,
        };
        if (moment is HookMoment.Prompt or HookMoment.Stop or HookMoment.SubAgentStop)
        {
            _starting.RemoveAll(caller => caller == subAgent);
        }
    }

    /// <summary>
    /// Number of the next answer that carries words. The first is any, so that a receipt for an answer of the server before a restart is
    /// none for an answer after it. All are whole numbers in JavaScript, too.
    /// </summary>
    public long NextReceipt() => ++_receipts;

    /// <summary>Done when every answer with words has been written and marked as that, or has failed to be.</summary>
    public Task Writes { get; private set; } = Task.CompletedTask;

    /// <summary>An answer with words is on its way, until the result is disposed.</summary>
    public IDisposable BeginWrite()
    {
        var write = new Write();
        Writes = Writes.IsCompleted ? write.Ended : Task.WhenAll(Writes, write.Ended);
        return write;
    }

    /// <summary>The session has begun, or begins anew.</summary>
    public void Begin()
    {
        IsOver = false;
        _waiter?.Set();
    }

    public void End()
    {
        IsOver = true;
        _waiter?.Set();
    }

    /// <summary>An event of that agent has come.</summary>
    public void Hear(HookAgent agent) => agent.LastHeard = ++_events;

    /// <summary>Follows a sub-agent. When there are too many, the longest silent is followed no more, as after a restart.</summary>
    public void Add(string subAgent, HookAgent agent)
    {
        if (_subAgents.Count >= MostSubAgents && !_subAgents.ContainsKey(subAgent))
        {
            _subAgents.Remove(_subAgents.MinBy(known => known.Value.LastHeard).Key);
        }

        Hear(agent);
        _subAgents[subAgent] = agent;
    }

    public void Remove(string subAgent) => _subAgents.Remove(subAgent);

    /// <summary>Notes that an agent calls for a sub-agent: the event of its start does not say by whom.</summary>
    public void Starts(string? caller)
    {
        if (_starting.Count < MostStarting)
        {
            _starting.Add(caller);
        }
    }

    /// <summary>Who has probably called for the sub-agent that begins now; null for the main agent.</summary>
    public string? TakeCaller()
    {
        if (_starting.Count == 0)
        {
            return null;
        }

        var caller = _starting[0];
        _starting.RemoveAt(0);
        return caller;
    }

    /// <summary>Whoever waits for words to an idle session has that signal; the one before stops waiting.</summary>
    public void Wait(AsyncSignal waiter)
    {
        var before = _waiter;
        _waiter = waiter;
        before?.Set();
    }

    /// <summary>Whether that one still is who waits.</summary>
    public bool IsWaiter(AsyncSignal waiter) => _waiter == waiter;

    /// <summary>The main agent has come to rest: whoever waits for that may speak.</summary>
    public void Rest()
    {
        IsAtRest = true;
        _waiter?.Set();
    }

    /// <summary>The main agent does something again. Whoever waits does so on, for the next rest.</summary>
    public void Stir() => IsAtRest = false;

    private sealed class Write : IDisposable
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ended => _ended.Task;

        public void Dispose() => _ended.TrySetResult();
    }
}
