using System.Globalization;
using SessionMesh.Client;
using SessionMesh.Client.Streams;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Steering;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Streams;

/// <summary>
/// The reference client over a network that cuts, delays and leaves connections half-open: nothing is lost, nothing is out of
/// order, nothing is applied twice, counted on both ends. A failing seed replays with <c>SESSION_MESH_SEED</c>.
/// </summary>
public sealed class BadNetworkTests
{
    private const int Agents = 50;
    private const int DirectivesEach = 200;

    [Fact]
    public async Task TenThousandDirectives_OverABadNetwork_ArriveOnceAndInOrder()
    {
        var seed = Environment.GetEnvironmentVariable("SESSION_MESH_SEED") is { } given
            ? int.Parse(given, CultureInfo.InvariantCulture)
            : Random.Shared.Next();
        await using var mesh = await Mesh.StartAsync();
        using var proxy = new FaultProxy(new Uri(mesh.Server.Url), seed);
        using var direct = Connect(new Uri(mesh.Server.Url), mesh.Server.RootKey, TimeSpan.FromSeconds(30));
        using var through = Connect(proxy.Url, mesh.Server.RootKey, TimeSpan.FromSeconds(1));
        var ids = Enumerable.Range(0, Agents).Select(i => $"agent-{i}").ToList();
        foreach (var id in ids)
        {
            await direct.RegisterAsync(new RegisterAgentRequest { AgentId = id, Ttl = 3600 });
        }

        using var over = new CancellationTokenSource();
        var readers = ids.Select(id => new Reader(through, id)).ToList();
        var reading = readers.Select(reader => reader.RunAsync(over.Token)).ToList();
        await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (id, cancellation) =>
        {
            for (var n = 1; n <= DirectivesEach; n++)
            {
                await direct.SteerAsync(new SteerRequest { AgentId = id, Direction = $"go-{n}" }, cancellation);
            }
        });

        await Eventually.True(() => readers.TrueForAll(r => r.Acknowledged == DirectivesEach), () =>
            $"every directive is acknowledged (seed {seed}): {readers.Sum(r => r.Acknowledged)} of "
            + $"{Agents * DirectivesEach}, network {proxy.Did}");
        await over.CancelAsync();
        await Task.WhenAll(reading);

        // On the agents' side: each once, in order.
        Assert.All(
            readers,
            reader => Assert.Equal(Enumerable.Range(1, DirectivesEach).Select(n => ((long)n, (string?)$"go-{n}")), reader.Applied));
        // On the server's side: every one of them acknowledged, none left, none more.
        foreach (var id in ids)
        {
            var history = await mesh.Http.GetAsync($"agents/{id}/directives/history?limit=1000");
            var states = history.Json.GetProperty("directives")
                .EnumerateArray()
                .Select(d => (d.GetProperty("seq").GetInt64(), d.GetProperty("state").GetString()));
            Assert.Equal(Enumerable.Range(1, DirectivesEach).Reverse().Select(n => ((long)n, (string?)"acknowledged")), states);
        }

        // And the network was as bad as it was meant to be.
        Assert.True(proxy.Did is { Cut: > Agents, Slow: > 10, HalfOpen: > 5 }, $"seed {seed}: {proxy.Did}");
    }

    private static MeshClient Connect(Uri url, string key, TimeSpan attempt) =>
        new(new MeshClientOptions { BaseUrl = url, Token = key, AttemptTimeout = attempt, RetryDelay = TimeSpan.FromMilliseconds(10) });

    /// <summary>What an agent does: read, apply, acknowledge until the mesh has it.</summary>
    private sealed class Reader(MeshClient client, string id)
    {
        private int _acknowledged;

        public List<(long Seq, string? Direction)> Applied { get; } = [];

        public int Acknowledged => Volatile.Read(ref _acknowledged);

        public async Task RunAsync(CancellationToken over)
        {
            // A half-open connection is found out by its silence, well before the server's own comment would come.
            var options = new MeshStreamOptions
            {
                ReconnectDelay = TimeSpan.FromMilliseconds(10),
                MaxReconnectDelay = TimeSpan.FromMilliseconds(100),
                IdleTimeout = TimeSpan.FromSeconds(1),
            };
            var stream = new DirectiveStream(client, id, options);
            try
            {
                await foreach (var directive in stream.ReadAsync(over))
                {
                    Applied.Add((directive.Seq, directive.Direction));
                    await AcknowledgeAsync(directive.Seq, over);
                    Interlocked.Increment(ref _acknowledged);
                }
            }
            catch (OperationCanceledException) when (over.IsCancellationRequested)
            {
                // All is there.
            }
        }

        private async Task AcknowledgeAsync(long seq, CancellationToken over)
        {
            while (true)
            {
                try
                {
                    await client.AckAsync(id, seq, new AckRequest { State = DirectiveState.Acknowledged }, over);
                    return;
                }
                catch (MeshException e) when (e.Failure != MeshFailure.Refused)
                {
                    // Not heard, or the answer was lost: saying it again is no error.
                }
            }
        }
    }
}
