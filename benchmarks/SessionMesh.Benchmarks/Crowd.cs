using System.Diagnostics;
using System.Globalization;
using SessionMesh.Contracts;

namespace SessionMesh.Benchmarks;

/// <summary>Calls that reach thousands at once, with others' single steers beside them: what those wait is the figure to read.</summary>
internal static class Crowd
{
    /// <summary>Kills a chain by selector, at once. Prints: ms, bytes of the answer, p99 and worst of the steers beside it in ms.</summary>
    public static async Task<int> KillChainAsync(Mesh mesh, int length)
    {
        await mesh.RegisterAsync("chain-0", """{"agent_id":"chain-0","ttl":86400}""");
        for (var i = 1; i < length; i++)
        {
            await mesh.RegisterAsync($"chain-{i}", $$"""{"agent_id":"chain-{{i}}","parent_id":"chain-{{i - 1}}","ttl":86400}""");
        }

        await mesh.RegisterAsync("beside-0", """{"agent_id":"beside-0","ttl":86400}""");
        await using var beside = Beside.Begin(mesh, 1);
        var began = Stopwatch.GetTimestamp();
        var answer = await mesh.DeleteAsync($"{Routes.Agents}?subtree=chain-0&force=true&expect={length}");
        var took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        await beside.StopAsync();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{took:0} {answer.Length} {beside.Percentile(99):0.0} {beside.Percentile(100):0.0}"));
        return 0;
    }

    /// <summary>
    /// Steers that many agents of <c>agent-0</c>… by name of their user, several times. Prints: ms each in the median, p99 and worst of the
    /// single steers beside it in ms, and their p99 with nothing beside them.
    /// </summary>
    public static async Task<int> SteerManyAsync(Mesh mesh, int agents, int rounds)
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, agents), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) =>
            await mesh.RegisterAsync($"crowd-{i}", $$"""{"agent_id":"crowd-{{i}}","ttl":86400,"cluster":"crowd"}"""));
        for (var i = 0; i < 64; i++)
        {
            await mesh.RegisterAsync($"beside-{i}", $$"""{"agent_id":"beside-{{i}}","ttl":86400}""");
        }

        double alone;
        await using (var quiet = Beside.Begin(mesh, 16))
        {
            await Task.Delay(TimeSpan.FromSeconds(2));
            await quiet.StopAsync();
            alone = quiet.Percentile(99);
        }

        var times = new List<double>();
        await using var beside = Beside.Begin(mesh, 16);
        for (var round = 0; round < rounds; round++)
        {
            var began = Stopwatch.GetTimestamp();
            await mesh.PostAsync(
                Routes.Steer, $$"""{"selector":{"cluster":"crowd"},"expect":{{agents}},"direction":"north-{{round}}","ttl":60}""");
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        await beside.StopAsync();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{times.Order().ElementAt(times.Count / 2):0} {beside.Percentile(99):0.0} {beside.Percentile(100):0.0} {alone:0.0}"));
        return 0;
    }
}

/// <summary>Single steers of agents <c>beside-0</c>…, one after another on each of some connections, and how long each took.</summary>
internal sealed class Beside : IAsyncDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly Task[] _steerers;
    private readonly List<double>[] _milliseconds;

    private Beside(Mesh mesh, int connections)
    {
        _milliseconds = [.. Enumerable.Range(0, connections).Select(_ => new List<double>())];
        _steerers = [.. _milliseconds.Select((times, i) => SteerAsync(mesh, $"beside-{i}", times))];
    }

    public static Beside Begin(Mesh mesh, int connections) => new(mesh, connections);

    public async Task StopAsync()
    {
        await _over.CancelAsync();
        await Task.WhenAll(_steerers);
    }

    /// <summary>Milliseconds; of 100 the worst.</summary>
    public double Percentile(int percent)
    {
        var times = _milliseconds.SelectMany(t => t).Order().ToList();
        return times.Count == 0 ? 0 : times[Math.Min(times.Count - 1, times.Count * percent / 100)];
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _over.Dispose();
    }

    private async Task SteerAsync(Mesh mesh, string agent, List<double> times)
    {
        while (!_over.IsCancellationRequested)
        {
            var began = Stopwatch.GetTimestamp();
            try
            {
                await mesh.PostAsync(Routes.Steer, $$"""{"agent_id":"{{agent}}","direction":"on","ttl":1}""");
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
            catch (HttpRequestException e) when (e.StatusCode == System.Net.HttpStatusCode.TooManyRequests)
            {
                await Task.Delay(100); // its inbox is full until the first ones expire
            }
        }
    }
}
