using System.Diagnostics;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using SessionMesh.Dashboard.Live;
using SessionMesh.Dashboard.Tests.Support;

namespace SessionMesh.Dashboard.Tests.Lineage;

public sealed class LineageTabTests
{
    /// <summary>Each entry of the log was a reason to read it all: with five a second, 10,000 agents took a third of a core.</summary>
    [Fact]
    public async Task Forest_IsReadAtThePaceOfTheFleet_HoweverMuchHappens()
    {
        const int Agents = 3000;
        await using var host = await PageHost.StartAsync();
        await Parallel.ForEachAsync(Enumerable.Range(0, Agents), async (i, _) => await host.RegisterAsync($"a{i}"));
        await host.SignInAsync("mesh:read");
        var page = host.Open("/?tab=lineage");
        page.WaitForAssertion(() => Assert.Contains("a0", page.Find(".forest").TextContent, StringComparison.Ordinal));
        host.Reads.Clear();
        var began = Stopwatch.GetTimestamp();
        var live = host.Page.Services.GetRequiredService<LiveMesh>();
        for (var i = 0; i < 20; i++)
        {
            var changed = new TaskCompletionSource();
            live.Changed += Set;
            await host.RegisterAsync($"b{i}");
            await changed.Task.WaitAsync(TimeSpan.FromSeconds(10)); // the page has heard of it, and shows it
            live.Changed -= Set;

            void Set() => changed.TrySetResult();
        }

        page.WaitForAssertion(() => Assert.NotEqual(0, Reads()));
        var reads = Reads();
        Assert.InRange(reads, 1, 2 + (Stopwatch.GetElapsedTime(began) / Pace.AfterChange(Agents, viewers: 1)));

        int Reads() => host.Reads.Count(path =>
            path.Contains("/topology", StringComparison.Ordinal) && !path.Contains("cursor", StringComparison.Ordinal));
    }
}
