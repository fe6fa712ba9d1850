using SessionMesh.Client;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Simulate;

/// <summary>The play: everybody registers, lives and, at the end, leaves the stage.</summary>
internal sealed class Simulation : IDisposable
{
    /// <summary>Agents that beat one by one, as small agents do; the others beat in batches.</summary>
    private const int MostSingles = 100;

    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(250);

    private readonly SimulateOptions _options;
    private readonly TimeProvider _time;
    private readonly Fleet _fleet;
    private readonly Player _player;

    public Simulation(MeshClient client, SimulateOptions options, TimeProvider time)
    {
        (_options, _time) = (options, time);
        Tally = new Tally(options.Agents);
        _fleet = new Fleet(options);
        _player = new Player(client, options, Tally, time);
    }

    public Tally Tally { get; }

    public void Dispose() => _player.Dispose();

    /// <summary>
    /// Registers one agent by itself, so that a wrong key, an unreachable server or a name that is taken is told as any
    /// command tells it.
    /// </summary>
    public async Task RehearseAsync(MeshClient client, CancellationToken cancellation)
    {
        var first = _fleet.Waves[0][0];
        var answer = await client.RegisterAsync(_player.RegistrationOf(first), cancellation);
        if (first.Begin(answer.Incarnation))
        {
            Tally.Register();
        }
    }

    /// <summary>Plays until cancelled or over, or until no agent is left.</summary>
    public async Task PlayAsync(CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        List<Task> parts = [BeatInBatchesAsync(over.Token)];
        try
        {
            foreach (var wave in _fleet.Waves)
            {
                await Parallel.ForEachAsync(
                    wave.Where(agent => !agent.Lives),
                    new ParallelOptions { MaxDegreeOfParallelism = _options.Concurrency, CancellationToken = over.Token },
                    async (agent, token) => await _player.RegisterAsync(agent, token));
            }

            if (_options.Duration is { } duration)
            {
                over.CancelAfter(duration);
            }

            parts.AddRange(Singles().Select(agent => BeatAloneAsync(agent, over.Token)));
            parts.AddRange(Listeners().Select(agent => _player.ListenAsync(agent, over.Token)));
            await Task.WhenAll(parts);
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(parts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Reports the exit of everybody who still lives, for a bounded time; those it does not get to lapse.</summary>
    public async Task LeaveAsync(CancellationToken cancellation)
    {
        var bound = TimeSpan.FromSeconds(15 + (_options.Agents / 1000.0));
        using var timer = new CancellationTokenSource(bound, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        var errorsBefore = Tally.Errors;
        try
        {
            await Parallel.ForEachAsync(
                _fleet.Agents.Where(agent => agent.Lives).Reverse(),
                new ParallelOptions { MaxDegreeOfParallelism = _options.Concurrency, CancellationToken = either.Token },
                async (agent, token) =>
                {
                    await _player.ExitAsync(agent, new ExitRequest { ExitCode = 0, Reason = "the simulation ended" }, token);

                    // The server is gone: stop reporting.
                    if (Tally.Errors - errorsBefore > _options.Concurrency)
                    {
                        await either.CancelAsync();
                    }
                });
        }
        catch (OperationCanceledException)
        {
            // The rest lapse.
        }
    }

    private IEnumerable<SimulatedAgent> Singles() => _fleet.Agents.Take(SingleCount());

    private int SingleCount() => Math.Min(MostSingles, (_options.Agents + 9) / 10);

    /// <summary>Streams from the other end of the cast, so that with both some agents beat alone and listen by their beats only.</summary>
    private IEnumerable<SimulatedAgent> Listeners() => _fleet.Agents.Reverse().Take(_options.Streams);

    private async Task BeatAloneAsync(SimulatedAgent agent, CancellationToken cancellation)
    {
        while (agent.Lives)
        {
            await _player.BeatAsync(agent, cancellation);
            await Task.Delay(TimeSpan.FromSeconds(_player.BeatSeconds), _time, cancellation);
        }
    }

    /// <summary>
    /// Goes round the cast once a beat, a few each tick. When the server cannot keep up the round takes longer: beats come
    /// late rather than all at once.
    /// </summary>
    private async Task BeatInBatchesAsync(CancellationToken cancellation)
    {
        var agents = _fleet.Agents.Skip(SingleCount()).ToArray();
        if (agents.Length == 0)
        {
            return;
        }

        using var timer = new PeriodicTimer(s_tick, _time);
        using var lanes = new SemaphoreSlim(Math.Max(2, _options.Concurrency / 4));
        var (position, owed) = (0, 0.0);
        var last = _time.GetTimestamp();
        var sending = new List<Task>();
        try
        {
            await GoRoundAsync();
        }
        finally
        {
            await Task.WhenAll(sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task GoRoundAsync()
        {
            while (await timer.WaitForNextTickAsync(cancellation))
            {
                if (Tally.Registered > 0 && Tally.Alive == 0)
                {
                    return;
                }

                await TickAsync();
                sending.RemoveAll(task => task.IsCompleted);
            }
        }

        async Task TickAsync()
        {
            var now = _time.GetTimestamp();
            owed = Math.Min(agents.Length, owed + (agents.Length * _time.GetElapsedTime(last, now).TotalSeconds / _player.BeatSeconds));
            last = now;
            var batch = new List<SimulatedAgent>(Player.BatchSize);
            for (; owed >= 1; owed--)
            {
                var agent = agents[position];
                position = (position + 1) % agents.Length;
                if (agent.Lives)
                {
                    batch.Add(agent);
                }

                if (batch.Count == Player.BatchSize)
                {
                    await SendAsync(batch);
                    batch = new(Player.BatchSize);
                }
            }

            if (batch.Count > 0)
            {
                await SendAsync(batch);
            }
        }

        async Task SendAsync(List<SimulatedAgent> batch)
        {
            await lanes.WaitAsync(cancellation);
            sending.Add(SendOneAsync(batch));
        }

        async Task SendOneAsync(List<SimulatedAgent> batch)
        {
            try
            {
                await _player.BeatAsync(batch, cancellation);
            }
            finally
            {
                lanes.Release();
            }
        }
    }
}
