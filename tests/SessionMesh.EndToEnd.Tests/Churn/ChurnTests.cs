using System.Globalization;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Churn;

/// <summary>
/// Agents that come, are told something, end and are forgotten, each with names of its own, as fast as they can: the memory of the server
/// does not grow with how many there were. A few seconds, unless <c>SESSION_MESH_SOAK_CHURN</c> says for how many (eng/soak.sh churn).
/// </summary>
public sealed class ChurnTests : IAsyncLifetime
{
    private const int Workers = 8;

    /// <summary>
    /// What the server may use more at the end than after the first part: SQLite's cache fills to 64 MB as its file grows, the feed keeps
    /// 8,192 changes, and the rest is garbage not yet collected.
    /// </summary>
    private const long MostMegabytes = 160;

    private static readonly int s_seconds =
        int.TryParse(Environment.GetEnvironmentVariable("SESSION_MESH_SOAK_CHURN"), CultureInfo.InvariantCulture, out var seconds)
            ? seconds
            : 8;

    private Mesh _mesh = null!;
    private int _lives;

    public async Task InitializeAsync() => _mesh = await Mesh.StartAsync();

    public Task DisposeAsync() => _mesh.DisposeAsync();

    [Fact]
    public async Task LivesThatComeAndGo_LeaveMemoryAsItWas()
    {
        await RunAsync(Math.Min(60, Math.Max(2, s_seconds / 4)));
        var (first, before) = (_lives, Megabytes());
        await RunAsync(s_seconds);
        var after = Megabytes();
        var figures = $"{first} lives, then {_lives - first} in {s_seconds} s; {before} MB before, {after} MB after";
        if (Environment.GetEnvironmentVariable("SESSION_MESH_SOAK_FIGURES") is { Length: > 0 } file)
        {
            await File.WriteAllTextAsync(file, figures + Environment.NewLine);
        }

        Assert.True(_lives - first > 20, figures);
        Assert.True(after - before < MostMegabytes, figures);
        Assert.Empty((await _mesh.Http.GetAsync("agents")).Json.GetProperty("sessions").EnumerateArray());
        Assert.Empty((await _mesh.Http.GetAsync("registry")).Json.GetProperty("specializations").EnumerateArray());
        Assert.True((await _mesh.Http.PostAsync("admin/check")).Json.GetProperty("ok").GetBoolean());
    }

    private Task RunAsync(int seconds)
    {
        var until = TimeProvider.System.GetTimestamp() + (seconds * TimeProvider.System.TimestampFrequency);
        return Task.WhenAll(Enumerable.Range(0, Workers).Select(async _ =>
        {
            while (TimeProvider.System.GetTimestamp() < until)
            {
                await LiveAsync(Interlocked.Increment(ref _lives));
            }
        }));
    }

    private async Task LiveAsync(int n)
    {
        var names = string.Join(",", Enumerable.Range(0, 8).Select(i => $"\"skill-{n}-{i}\""));
        var begun = await _mesh.Http.PostAsync("agents", $$"""
            {"agent_id":"churn-{{n}}","ttl":{{(n % 2 == 0 ? 604_800 : 60)}},"cluster":"c-{{n}}","specializations":[{{names}}]}
            """);
        Assert.True(begun.IsDone, begun.ToString());
        var steered = await _mesh.Http.PostAsync("steer", $$"""{"agent_id":"churn-{{n}}","direction":"north","message":"{{n}}"}""");
        Assert.True(steered.IsDone && steered.Number("seq") == 1, steered.ToString());
        if (n % 3 == 0)
        {
            Assert.True((await _mesh.Http.PostAsync($"agents/churn-{n}/directives/1/ack", """{"state":"acknowledged"}""")).IsDone);
        }

        var ended = $$"""{"incarnation":{{begun.Number("incarnation")}},"exit_code":0}""";
        Assert.True((await _mesh.Http.PostAsync($"agents/churn-{n}/exit", ended)).IsDone);
        Assert.True((await _mesh.Http.DeleteAsync($"agents/churn-{n}?forget=true")).IsDone);
    }

    private long Megabytes() =>
        long.Parse(
            File.ReadLines($"/proc/{_mesh.Server.Process.Pid}/status")
                .First(line => line.StartsWith("VmRSS", StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1],
            CultureInfo.InvariantCulture) / 1024;
}
