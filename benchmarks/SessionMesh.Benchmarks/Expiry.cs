using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using SessionMesh.Contracts;

namespace SessionMesh.Benchmarks;

/// <summary>
/// Sessions that all end at the same second, with single steers beside it. Prints: seconds from their end until the log has said so of all,
/// p99 and worst of the steers meanwhile in ms.
/// </summary>
internal static class Expiry
{
    public static async Task<int> RunAsync(Mesh mesh, int count, int agents)
    {
        for (var i = 0; i < agents; i++)
        {
            await mesh.RegisterAsync($"beside-{i}", $$"""{"agent_id":"beside-{{i}}","ttl":86400}""");
        }

        // Late enough for the import to be over: at the least rate that was ever measured here it takes so long.
        var end = TimeProvider.System.GetUtcNow().AddSeconds(10 + (count / 15_000));
        for (var from = 0; from < count; from += 100_000)
        {
            using var body = new ByteArrayContent(Lines(from, Math.Min(100_000, count - from), end));
            body.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
            await mesh.PostAsync(Routes.SessionImport, body);
        }

        var left = end - TimeProvider.System.GetUtcNow();
        if (left < TimeSpan.Zero)
        {
            await Console.Error.WriteLineAsync("the import took too long: the sessions had ended before it did");
            return 1;
        }

        await Task.Delay(left);
        await using var beside = Beside.Begin(mesh, agents);
        var began = Stopwatch.GetTimestamp();
        var first = await RevisionAsync(mesh);
        for (var last = -1L; last < first + count;)
        {
            await Task.Delay(100);
            last = await RevisionAsync(mesh);
            if (Stopwatch.GetElapsedTime(began) > TimeSpan.FromMinutes(3))
            {
                await Console.Error.WriteLineAsync("they were not all over after three minutes");
                return 1;
            }
        }

        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await beside.StopAsync();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{took:0.0} {beside.Percentile(99):0.0} {beside.Percentile(100):0.0}"));
        return 0;
    }

    private static async Task<long> RevisionAsync(Mesh mesh)
    {
        using var ready = JsonDocument.Parse(await mesh.GetAsync(Routes.Readyz));
        return ready.RootElement.GetProperty("revision").GetInt64();
    }

    private static byte[] Lines(int from, int count, DateTimeOffset end)
    {
        var text = new StringBuilder(count * 220);
        var ends = end.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        for (var i = from; i < from + count; i++)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"{{\"type\":\"session\",\"id\":\"e{i:x11}\",\"user\":\"u\",\"status\":\"active\",\"ttl\":3600,\"meta\":{{}},"
                + $"\"created_at\":\"2026-01-01T00:00:00Z\",\"last_access\":\"2026-01-01T00:00:00Z\","
                + $"\"expires_at\":\"{ends}\"}}\n");
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
