using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using SessionMesh.Contracts;

namespace SessionMesh.Benchmarks;

/// <summary>
/// Finds agents in a fleet of a thousand specializations, a hundred slots each and ten zones, with eight callers at a time. Prints a line
/// for each figure: its name, p50 and p99 in microseconds.
/// </summary>
internal static class Discovery
{
    private const int Specializations = 1000;
    private const int Callers = 8;

    public static async Task<int> SeedAsync(Mesh mesh, int first, int count)
    {
        await Parallel.ForEachAsync(Enumerable.Range(first, count), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) =>
            await mesh.RegisterAsync($"agent-{i}", $$"""
                {"agent_id":"agent-{{i}}","ttl":600,"specializations":[{"name":"spec-{{i % Specializations}}","capacity":100}],
                 "labels":{"zone":"z{{i / Specializations % 10}}"} }
                """));
        return 0;
    }

    public static async Task<int> RunAsync(Mesh mesh, int agents, int seconds)
    {
        var zones = Math.Clamp(agents / Specializations, 1, 10);
        async Task<bool> GetAsync(string path)
        {
            await mesh.GetAsync(path);
            return true;
        }

        for (var i = 0; i < 2000; i++)
        {
            await GetAsync($"{Routes.Alive}?sort=id&limit=50"); // a server that has just begun compiles what it does
        }

        await MeasureAsync("page of 50 by id", seconds, random =>
            GetAsync($"{Routes.Alive}?sort=id&limit=50&prefix=agent-{random.Next(1, 10)}"));
        foreach (var (rows, fields) in new[] { ("", ""), (", ids alone", "&fields=agent_id") })
        {
            await MeasureAsync("page of 50 by specialization and label" + rows, seconds, random =>
                GetAsync($"{Routes.Alive}?limit=50&specialization={Spec(random)}&label=zone%3Dz{random.Next(zones)}{fields}"));
        }

        await MeasureAsync("match, least loaded", seconds, random => GetAsync($"{Routes.Match}?specialization={Spec(random)}&count=1"));
        var claims = new Stack<string>[Callers];
        await MeasureAsync("claim", seconds, async random =>
        {
            var answer = await mesh.PostAsync(Routes.Claim, $$"""{"specialization":"{{Spec(random)}}","ttl":600}""");
            using var claim = JsonDocument.Parse(answer);
            Mine(claims, random).Push(claim.RootElement.GetProperty("claim_id").GetString()!);
            return true;
        });
        await MeasureAsync("release", seconds, async random =>
        {
            if (!Mine(claims, random).TryPop(out var id))
            {
                return false;
            }

            await mesh.DeleteAsync(Routes.OneClaim(id));
            return true;
        });
        return 0;
    }

    private static string Spec(Caller random) => $"spec-{random.Next(Specializations)}";

    private static Stack<string> Mine(Stack<string>[] claims, Caller caller) => claims[caller.Number] ??= new();

    /// <param name="call">False when there is nothing left to do.</param>
    private static async Task MeasureAsync(string name, int seconds, Func<Caller, Task<bool>> call)
    {
        var times = new List<long>[Callers];
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(number => Task.Run(async () =>
        {
            var caller = new Caller(number);
            var mine = times[number] = [];
            var began = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(began).TotalSeconds < seconds)
            {
                var at = Stopwatch.GetTimestamp();
                if (!await call(caller))
                {
                    break;
                }

                mine.Add(Stopwatch.GetTimestamp() - at);
            }
        })));
        var sorted = times.SelectMany(one => one.Skip(one.Count / 4)).Order().ToList(); // the first quarter warms up
        double Micros(double part) => sorted[(int)((sorted.Count - 1) * part)] * 1e6 / Stopwatch.Frequency;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}\t{Micros(0.5):0}\t{Micros(0.99):0}"));
    }

    /// <summary>One of those that call at the same time, and what it draws.</summary>
    private sealed class Caller(int number) : Random(number)
    {
        public int Number { get; } = number;
    }
}
