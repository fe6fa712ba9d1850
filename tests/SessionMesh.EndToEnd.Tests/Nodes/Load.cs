using System.Collections.Concurrent;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>
/// Clients without affinity: each call goes to any node, as behind a balancer. They register, beat, steer, acknowledge, and use sessions,
/// keys and claims, and note of each write how it was answered. The seed plays the same choices again, not the same moments.
/// </summary>
internal sealed class Load : IAsyncDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly List<LoadWorker> _workers;
    private readonly LoadCalls _calls;
    private Task _running = Task.CompletedTask;

    /// <param name="name">What all that it makes begins with.</param>
    public Load(Cluster cluster, int seed, string name = "load", int workers = 4)
    {
        (Seed, Name) = (seed, name);
        _calls = new LoadCalls(cluster, name);
        _workers = [.. Enumerable.Range(1, workers).Select(index => new LoadWorker(_calls, $"{name}{index}", new Random(seed + index)))];
    }

    public string Name { get; }

    public int Seed { get; }

    public ConcurrentQueue<Write> Writes => _calls.Writes;

    /// <summary>Answers that nobody should have got.</summary>
    public ConcurrentQueue<string> Surprises => _calls.Surprises;

    public IEnumerable<LoadAgent> Agents => _workers.SelectMany(worker => worker.Agents);

    public IEnumerable<LoadKey> Keys => _workers.SelectMany(worker => worker.Keys);

    /// <summary>Milliseconds that writes took, from sending to the answer of one try.</summary>
    public ConcurrentQueue<(Node Node, double Milliseconds)> Latencies => _calls.Latencies;

    public int Answers => _calls.Answers;

    public void Start() => _running = Task.WhenAll(_workers.Select(worker => worker.RunAsync(_over.Token)));

    /// <summary>Returns after so many more answers. However slow the machine is, some come all the while.</summary>
    public async Task AnsweredAsync(int more)
    {
        var enough = Answers + more;
        while (Answers < enough && !_running.IsCompleted)
        {
            var some = Math.Min(Answers + 200, enough);
            await Eventually.True(
                () => Answers >= some || _running.IsCompleted,
                () => $"{some - Answers} more answers, {enough - Answers} in all. Last: {_calls.LastFailure}");
        }

        if (_running.IsCompleted)
        {
            await _running;
        }
    }

    /// <summary>Ends it: each write that is under way is repeated until it is answered, and each listener hears all.</summary>
    public async Task StopAsync()
    {
        await _over.CancelAsync();
        try
        {
            await _running.WaitAsync(LoadCalls.Patience + Eventually.Bound);
        }
        catch (TimeoutException e)
        {
            throw new Xunit.Sdk.XunitException($"the load did not end. Last: {_calls.LastFailure}", e);
        }
    }

    public override string ToString()
    {
        var times = Latencies.Select(one => one.Milliseconds).Order().ToList();
        string Percentile(double of) => times.Count == 0 ? "-" : $"{times[(int)((times.Count - 1) * of)]:0.0}";
        var notDone = Writes.Count(write => write.Outcome != WriteOutcome.Done);
        return $"seed {Seed}: {Answers} answers, {Writes.Count} writes ({notDone} not done), "
            + $"{Agents.Count()} agents; ms p50 {Percentile(0.5)}, p99 {Percentile(0.99)}, worst {Percentile(1)}";
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _calls.GiveUp();
        await Task.WhenAny(_running, Task.Delay(Eventually.Bound));
        _calls.Dispose();
        _over.Dispose();
    }
}
