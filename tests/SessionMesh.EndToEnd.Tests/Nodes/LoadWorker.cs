using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>An agent of the load.</summary>
internal sealed class LoadAgent(string id)
{
    public string Id { get; } = id;
    public int Incarnation { get; set; }
    public bool IsOver { get; set; }
}

/// <summary>A key that the load minted. Its token is null if its answer was lost.</summary>
internal sealed record LoadKey(string Id, string? Token)
{
    public bool IsRevoked { get; set; }
}

/// <summary>
/// One client of a <see cref="Load"/>. It alone speaks for its agents, and beats for them all the while. One of them, the listener, hears
/// by a stream and acknowledges what it hears there.
/// </summary>
internal sealed class LoadWorker(LoadCalls calls, string name, Random random)
{
    /// <summary>Seconds. Short, so that a beat that is not heard shows.</summary>
    private const int Ttl = 15;

    private const int MostAgents = 5;

    private readonly LoadAgent _listener = new($"{name}-listener");
    private readonly List<LoadAgent> _agents = [];
    private readonly List<(LoadAgent Agent, long Seq)> _pending = [];
    private readonly List<string> _sessions = [];
    private readonly List<string> _claims = [];
    private int _counter;

    public IEnumerable<LoadAgent> Agents => [_listener, .. All()];

    public List<LoadKey> Keys { get; } = [];

    public async Task RunAsync(CancellationToken over)
    {
        await RegisterAsync(_listener);
        using var closed = new CancellationTokenSource();
        var inbox = new LoadInbox(calls, _listener, new Random(random.Next()));
        var listening = inbox.RunAsync(closed.Token);
        var beating = BeatAsync(new Random(random.Next()), closed.Token);
        while (!over.IsCancellationRequested)
        {
            await StepAsync(inbox);
            await Task.Delay(random.Next(20), CancellationToken.None);
        }

        await inbox.HeardAllAsync();
        await closed.CancelAsync();
        await Task.WhenAll(beating, listening);
    }

    private async Task StepAsync(LoadInbox inbox)
    {
        var alive = All().Where(agent => !agent.IsOver).ToList();
        if (alive.Count < 2)
        {
            await RegisterAsync(null);
            return;
        }

        var agent = alive[random.Next(alive.Count)];
        await (random.Next(100) switch
        {
            < 8 when alive.Count < MostAgents => RegisterAsync(null),
            < 40 => SteerAsync(agent),
            < 55 => SteerListenerAsync(inbox),
            < 70 => AckAsync(),
            < 76 => CreateSessionAsync(),
            < 82 => ChangeSessionAsync(),
            < 87 => ClaimAsync(agent),
            < 90 => ReleaseAsync(),
            < 93 => MintAsync(),
            < 95 => RevokeAsync(),
            < 97 => KillAsync(agent),
            _ => calls.CallAsync(random, HttpMethod.Get, "alive?limit=5"),
        });
    }

    private async Task RegisterAsync(LoadAgent? agent)
    {
        agent ??= new LoadAgent($"{name}-{++_counter}");
        var answer = await calls.WriteAsync(random, Write.Registered(agent.Id, 1), HttpMethod.Post, "agents", $$"""
            {"agent_id":"{{agent.Id}}","ttl":{{Ttl}},"specializations":[{"name":"{{agent.Id}}","capacity":1000}]}
            """);
        if (answer is null)
        {
            return;
        }

        agent.Incarnation = (int)answer.Number("incarnation");
        if (agent != _listener)
        {
            lock (_agents)
            {
                _agents.Add(agent);
            }
        }
    }

    private async Task SteerAsync(LoadAgent agent)
    {
        var message = $"m{++_counter}";
        var answer = await calls.WriteAsync(random, Write.Steered(agent.Id, message), HttpMethod.Post, "steer", $$"""
            {"agent_id":"{{agent.Id}}","direction":"d","message":"{{message}}"}
            """, keyed: random.Next(4) > 0);
        if (answer is null)
        {
            return;
        }

        _pending.Add((agent, answer.Number("seq")));
        if (random.Next(4) == 0)
        {
            // Any other node knows it at once, asked plainly or for that revision.
            var from = random.Next(2) == 0 && answer.Revision is { } revision ? $"?min_revision={revision}" : "";
            await calls.CallAsync(random, HttpMethod.Get, $"directives/{answer.Text("directive_id")}{from}");
        }
    }

    private async Task SteerListenerAsync(LoadInbox inbox)
    {
        var message = $"m{++_counter}";
        if (await calls.WriteAsync(random, Write.Steered(_listener.Id, message), HttpMethod.Post, "steer", $$"""
            {"agent_id":"{{_listener.Id}}","direction":"d","message":"{{message}}"}
            """, keyed: random.Next(4) > 0) is { } answer)
        {
            inbox.Expect(answer.Number("seq"));
        }
    }

    private async Task AckAsync()
    {
        _pending.RemoveAll(one => one.Agent.IsOver);
        if (_pending.Count == 0)
        {
            return;
        }

        var (agent, seq) = _pending[random.Next(_pending.Count)];
        _pending.Remove((agent, seq));
        await calls.WriteAsync(
            random, Write.Acknowledged(agent.Id, seq), HttpMethod.Post, $"agents/{agent.Id}/directives/{seq}/ack",
            $$"""{"state":"acknowledged","incarnation":{{agent.Incarnation}}}""");
    }

    private async Task CreateSessionAsync()
    {
        var id = $"{name}-s{++_counter}";
        if (await calls.WriteAsync(
            random, Write.Created(id), HttpMethod.Post, "sessions", $$"""{"id":"{{id}}","user":"{{name}}"}""",
            keyed: random.Next(4) > 0) is not null)
        {
            _sessions.Add(id);
        }
    }

    private async Task ChangeSessionAsync()
    {
        if (_sessions.Count == 0)
        {
            return;
        }

        var (id, to) = (_sessions[random.Next(_sessions.Count)], $"v{++_counter}");
        await calls.WriteAsync(random, Write.Changed(id, to), HttpMethod.Patch, $"sessions/{id}", $$$"""{"meta":{"w":"{{{to}}}"}}""");
    }

    private async Task ClaimAsync(LoadAgent agent)
    {
        var ttl = 1000 + ++_counter;
        if (await calls.WriteAsync(random, Write.Claimed(agent.Id, ttl), HttpMethod.Post, "registry/claim", $$"""
            {"specialization":"{{agent.Id}}","ttl":{{ttl}}}
            """) is { } answer)
        {
            _claims.Add(answer.Text("claim_id")!);
        }
    }

    private async Task ReleaseAsync()
    {
        // An agent's end ends its claims without an entry for each: only the newest is sure to be there.
        if (_claims.Count == 0)
        {
            return;
        }

        var claim = _claims[^1];
        _claims.Clear();
        if (All().Any(agent => agent.IsOver))
        {
            return;
        }

        await calls.WriteAsync(random, Write.Released(claim), HttpMethod.Delete, $"registry/claims/{claim}", null);
    }

    private async Task MintAsync()
    {
        var called = $"{name}-k{++_counter}";
        var body = $$"""{"session_key":"{{called}}"}""";
        if (await calls.WriteAsync(random, Write.Minted(called), HttpMethod.Post, "keys", body) is { } answer)
        {
            var key = new LoadKey(answer.Text("key_id")!, answer.Text("token"));
            Keys.Add(key);
            await calls.CallAsync(random, HttpMethod.Get, "alive?limit=1", token: key.Token); // on whichever node
        }
    }

    private async Task RevokeAsync()
    {
        if (Keys.Find(key => !key.IsRevoked) is { } key)
        {
            key.IsRevoked = true;
            await calls.WriteAsync(random, Write.Revoked(key.Id), HttpMethod.Delete, $"keys/{key.Id}", null);
        }
    }

    private async Task KillAsync(LoadAgent agent)
    {
        agent.IsOver = true; // before, so that nobody beats for it any more
        await calls.WriteAsync(
            random, Write.Dead(agent.Id, agent.Incarnation), HttpMethod.Delete, $"agents/{agent.Id}?force=true", null);
    }

    /// <summary>As agents do, each by itself; here three or four times as often as they have to.</summary>
    private async Task BeatAsync(Random own, CancellationToken closed)
    {
        while (!closed.IsCancellationRequested)
        {
            await BeatForAllAsync(own);
            try
            {
                await Task.Delay(own.Next(1000, 3000), closed);
            }
            catch (OperationCanceledException)
            {
                // Once more, so that what comes after the load finds them all alive.
                await BeatForAllAsync(own);
            }
        }
    }

    private Task BeatForAllAsync(Random own) => Task.WhenAll(
        Agents.Where(agent => !agent.IsOver && agent.Incarnation > 0).Select(agent => BeatOnceAsync(own, agent)));

    private async Task BeatOnceAsync(Random own, LoadAgent agent)
    {
        Random next;
        lock (own)
        {
            next = new Random(own.Next());
        }

        // Nothing is handed out: the listener's words are for its stream.
        var answer = await calls.BeatAsync(next, agent, $$"""
            {"incarnation":{{agent.Incarnation}},"activity":"working","load":0.5,"verbs":[]}
            """);
        if (answer is { IsDone: false } && !agent.IsOver)
        {
            calls.Surprise($"heartbeat of {agent.Id} {agent.Incarnation} -> {answer}");
        }
    }

    private LoadAgent[] All()
    {
        lock (_agents)
        {
            return [.. _agents];
        }
    }
}
