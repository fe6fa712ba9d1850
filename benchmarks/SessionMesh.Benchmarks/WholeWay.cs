using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.ServerSentEvents;
using System.Text.Json;
using SessionMesh.Contracts;

namespace SessionMesh.Benchmarks;

/// <summary>
/// The whole way: a steer is called, travels down the agent's open stream, the agent acknowledges it, and the ack is durable.
/// Timed from the call of the steer to the answer of the ack. This process plays both sides, on the cores it shares with the
/// server.
/// </summary>
internal static class WholeWay
{
    private const int Steerers = 64;

    private static readonly ConcurrentDictionary<string, long> s_began = new(StringComparer.Ordinal);
    private static readonly ConcurrentQueue<double> s_milliseconds = new();
    private static readonly SemaphoreSlim s_underWay = new(Steerers);

    public static async Task<int> RunAsync(Mesh mesh, int agents, int seconds)
    {
        using var over = new CancellationTokenSource();
        var listeners = new List<Task>();
        for (var i = 0; i < agents; i++)
        {
            var id = $"listener-{i}";
            await mesh.RegisterAsync(id, $$"""{"agent_id":"{{id}}","ttl":3600}""");
            var stream = await mesh.ListenAsync(id, over.Token);
            listeners.Add(AnswerAsync(mesh, id, stream, over.Token));
        }

        var began = Stopwatch.GetTimestamp();
        for (var number = 0L; Stopwatch.GetElapsedTime(began).TotalSeconds < seconds; number++)
        {
            await s_underWay.WaitAsync();
            _ = SteerAsync(mesh, $"listener-{Random.Shared.Next(agents)}", $"go-{number}");
        }

        for (var i = 0; i < Steerers; i++)
        {
            await s_underWay.WaitAsync(); // the last ones arrive
        }

        var elapsed = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await over.CancelAsync();
        await Task.WhenAll(listeners);
        var times = s_milliseconds.Order().ToList();
        Console.WriteLine($"{times.Count / elapsed:0} {times[times.Count / 2] * 1000:0} {times[times.Count * 99 / 100] * 1000:0}");
        return s_began.IsEmpty ? 0 : 1;
    }

    private static async Task SteerAsync(Mesh mesh, string agent, string direction)
    {
        s_began[direction] = Stopwatch.GetTimestamp();
        await mesh.PostAsync(Routes.Steer, $$"""{"agent_id":"{{agent}}","direction":"{{direction}}"}""");
    }

    private static async Task AnswerAsync(Mesh mesh, string agent, Stream stream, CancellationToken over)
    {
        try
        {
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(over))
            {
                if (item.EventType == "directive")
                {
                    using var directive = JsonDocument.Parse(item.Data);
                    await mesh.PostAsync(
                        Routes.Ack(agent, directive.RootElement.GetProperty("seq").GetInt64()), """{"state":"acknowledged"}""");
                    if (s_began.TryRemove(directive.RootElement.GetProperty("direction").GetString()!, out var began))
                    {
                        s_milliseconds.Enqueue(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
                        s_underWay.Release();
                    }
                }
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The measurement is over.
        }
    }
}
