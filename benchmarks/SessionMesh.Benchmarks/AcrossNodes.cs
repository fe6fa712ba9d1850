using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.ServerSentEvents;
using System.Text.Json;
using SessionMesh.Contracts;

namespace SessionMesh.Benchmarks;

/// <summary>Two nodes of one mesh: steers called at the first, heard on streams at the second.</summary>
internal static class AcrossNodes
{
    private static readonly ConcurrentDictionary<string, long> s_began = new(StringComparer.Ordinal);
    private static readonly ConcurrentQueue<double> s_microseconds = new();

    /// <summary>Timed from the call of the steer to its event, at a steady rate. Prints p50 and p99 in µs.</summary>
    public static async Task<int> SteerAsync(Mesh near, Mesh far, int agents, int rate, int seconds)
    {
        using var over = new CancellationTokenSource();
        var readers = new List<Task>();
        for (var i = 0; i < agents; i++)
        {
            var id = $"far-{i}";
            await near.RegisterAsync(id, $$"""{"agent_id":"{{id}}","ttl":3600}""");
            readers.Add(ReadAsync(far, id, await far.ListenAsync(id, over.Token), over.Token));
        }

        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / rate));
        var calls = new List<Task>();
        for (var number = 0; number < rate * seconds; number++)
        {
            await timer.WaitForNextTickAsync();
            var direction = $"go-{number}";
            s_began[direction] = Stopwatch.GetTimestamp();
            calls.Add(near.PostAsync(
                Routes.Steer, $$"""{"agent_id":"far-{{Random.Shared.Next(agents)}}","direction":"{{direction}}"}"""));
        }

        await Task.WhenAll(calls);
        for (var patience = 0; !s_began.IsEmpty && patience < 100; patience++)
        {
            await Task.Delay(50);
        }

        await over.CancelAsync();
        await Task.WhenAll(readers);
        var times = s_microseconds.Order().ToList();
        Console.WriteLine($"{times[times.Count / 2]:0} {times[times.Count * 99 / 100]:0}");
        return s_began.IsEmpty ? 0 : 1;
    }

    private static async Task ReadAsync(Mesh node, string agent, Stream stream, CancellationToken over)
    {
        try
        {
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(over))
            {
                using var directive = item.EventType == "directive" ? JsonDocument.Parse(item.Data) : null;
                if (directive?.RootElement.GetProperty("direction").GetString() is { } direction
                    && s_began.TryRemove(direction, out var began))
                {
                    s_microseconds.Enqueue(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
                    await node.PostAsync(
                        Routes.Ack(agent, directive.RootElement.GetProperty("seq").GetInt64()), """{"state":"acknowledged"}""");
                }
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The measurement is over.
        }
    }
}
