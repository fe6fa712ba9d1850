using System.Diagnostics;
using System.Net.ServerSentEvents;

namespace SessionMesh.Benchmarks;

/// <summary>
/// Many open streams: opens them, says so, and waits for a line on stdin (so that the server's memory can be read in between);
/// then steers one of them at a time and times the way from the call to the event.
/// </summary>
internal static class OpenStreams
{
    private const int Samples = 500;

    public static async Task<int> RunAsync(Mesh mesh, int count)
    {
        using var over = new CancellationTokenSource();
        var heard = new TaskCompletionSource<string>[count];
        var readers = new Task[count];
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) =>
        {
            heard[i] = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            var stream = await mesh.ListenAsync($"agent-{i}", over.Token);
            readers[i] = ReadAsync(stream, i, heard, over.Token);
        });
        Console.WriteLine("open");
        await Console.In.ReadLineAsync();

        var times = new List<double>();
        for (var sample = 0; sample < Samples; sample++)
        {
            var i = Random.Shared.Next(count);
            heard[i] = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            var began = Stopwatch.GetTimestamp();
            var steered = mesh.PostAsync(Contracts.Routes.Steer, $$"""{"agent_id":"agent-{{i}}","direction":"s-{{sample}}"}""");
            while (!(await heard[i].Task).Contains($"\"s-{sample}\"", StringComparison.Ordinal))
            {
                heard[i] = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            times.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
            await steered;
        }

        times.Sort();
        Console.WriteLine($"{times[Samples / 2]:0} {times[Samples * 99 / 100]:0}");
        await over.CancelAsync();
        await Task.WhenAll(readers);
        return 0;
    }

    private static async Task ReadAsync(Stream stream, int number, TaskCompletionSource<string>[] heard, CancellationToken over)
    {
        try
        {
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(over))
            {
                if (item.EventType == "directive")
                {
                    heard[number].TrySetResult(item.Data);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or HttpRequestException)
        {
            // The measurement is over.
        }
    }
}
