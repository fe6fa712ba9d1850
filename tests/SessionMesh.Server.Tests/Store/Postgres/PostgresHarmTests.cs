using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using SessionMesh.Server.Store;
using SessionMesh.Server.Tests.Engine;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Store.Postgres;

/// <summary>What PostgreSQL's faults cost: calls that are refused or not known of, and never one that was acknowledged.</summary>
public sealed class PostgresHarmTests
{
    /// <summary>
    /// Backends are killed and the server is restarted in the middle of commits. What was acknowledged is in the log once, what was refused
    /// is not, and what nobody knew of is there once or not at all.
    /// </summary>
    [Fact]
    public async Task Commits_UnderKilledBackendsAndRestarts_AreThereAsTheyWereAnswered()
    {
        await using var server = await PostgresServer.StartNewAsync(fsync: true);
        await using var mesh = await MeshHost.StartOnPostgresAsync(server, LogLevel.None, "--rate-limit", "0");
        var answers = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        using var over = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; !over.IsCancellationRequested; i++)
            {
                var id = $"w{writer}-{i}";
                var reply = await mesh.PostAsync("agents", $$"""{"agent_id":"{{id}}"}""");
                answers[id] = reply.Status == 201 ? "done" : reply.Json["code"]!.GetValue<string>();
            }
        })).ToArray();

        for (var round = 0; round < 12; round++)
        {
            var before = answers.Count;
            await Eventually.True(() => answers.Count >= before + 4, () => "the writers go on");
            if (round % 4 == 3)
            {
                await server.RestartImmediateAsync();
                continue;
            }

            foreach (var backend in await server.BackendsAsync(mesh.OnPostgres.Name))
            {
                await server.SignalBackendAsync(backend);
            }
        }

        await over.CancelAsync();
        await Task.WhenAll(writers);
        await Eventually.True(async () => (await mesh.PostAsync("agents", """{"agent_id":"last"}""")).Status == 201, () => "a commit");

        await using var db = mesh.Service<MeshStore>().OpenReader();
        var stored = await db.Changes.Where(c => c.Kind == "agent.registered").Select(c => c.Subject).ToListAsync();
        Assert.Equal(stored.Count, stored.Distinct().Count());
        Assert.Equal([], answers.Where(answer => answer.Value == "done").Select(answer => answer.Key).Except(stored));
        var refused = answers.Where(answer => answer.Value is not ("done" or "outcome_unknown")).Select(answer => answer.Key);
        Assert.Equal([], refused.Intersect(stored));
        Assert.Subset(
            new HashSet<string> { "done", "commit_failed", "outcome_unknown" }, answers.Values.ToHashSet());
        Assert.True(answers.Values.Count(answer => answer == "done") > 20);

        var memory = Projection.OfMemory(mesh.State);
        await mesh.RestartAsync();
        Assert.Equal(memory, Projection.OfMemory(mesh.State));
    }

    [Fact]
    public async Task Database_ThatIsAway_IsSaid_AndTheMeshGoesOnWhenItIsBack()
    {
        await using var server = await PostgresServer.StartNewAsync();
        await using var mesh = await MeshHost.StartOnPostgresAsync(server, LogLevel.None);
        await mesh.RegisterAsync("a");
        await server.StopAsync(immediate: true);
        var first = await mesh.PostAsync("agents", """{"agent_id":"b"}"""); // it found the connection broken, or broke it
        Assert.Contains(first.Json["code"]!.GetValue<string>(), new[] { "commit_failed", "outcome_unknown" });
        var second = await mesh.PostAsync("agents", """{"agent_id":"c"}""");
        Assert.Contains(second.Json["code"]!.GetValue<string>(), new[] { "commit_failed", "busy" });
        (await mesh.GetAsync("audit")).ShouldBeRefused(503, "busy");
        await Eventually.True(async () => (await mesh.GetAsync("~/readyz", "")).Status == 503, () => "it is not ready");
        await Eventually.True(async () => (await mesh.GetAsync("alive")).Status == 503, () => "after five seconds it answers nothing");
        Assert.Equal(200, (await mesh.GetAsync("~/livez", "")).Status);

        await server.StartAsync();
        await Eventually.True(async () => (await mesh.GetAsync("~/readyz", "")).Status == 200, () => "it is ready");
        await mesh.SteerAsync("a");
        (await mesh.GetAsync("audit")).ShouldBeOk();
        Assert.Equal(1, mesh.State.AgentCount);
    }
}
