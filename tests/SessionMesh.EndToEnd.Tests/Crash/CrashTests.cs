using System.Globalization;
using System.Security.Cryptography;
using SessionMesh.EndToEnd.Tests.Support;
using Xunit.Abstractions;

namespace SessionMesh.EndToEnd.Tests.Crash;

/// <summary>
/// <c>kill -9</c> under load, again and again on the same directory. Two variables change it: <c>SESSION_MESH_SOAK_ROUNDS</c>
/// says how many rounds, <c>SESSION_MESH_CRASH_SEED</c> plays the same choices again.
/// </summary>
public sealed class CrashTests : IDisposable
{
    private const int Clients = 4;
    private const int Sample = 200;

    private readonly ITestOutputHelper _output;
    private readonly int _rounds = Number("SESSION_MESH_SOAK_ROUNDS") ?? 8;
    private readonly int _seed = Number("SESSION_MESH_CRASH_SEED") ?? RandomNumberGenerator.GetInt32(int.MaxValue);
    private readonly Scratch _scratch = new();
    private readonly ServerProcess _server;
    private readonly LogCheck _log = new();
    private readonly AgentEntry _hub = new("hub");
    private readonly LoadClient[] _clients;

    public CrashTests(ITestOutputHelper output)
    {
        _output = output;
        _server = new ServerProcess(_scratch);
        _clients = [.. Enumerable.Range(1, Clients).Select(index => new LoadClient(index, _hub))];
    }

    public void Dispose()
    {
        _server.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public async Task Kill9_AtRandomMomentsUnderLoad_NothingThatWasAnsweredIsLost()
    {
        try
        {
            await _server.StartAsync();
            using (var http = new MeshHttp(_server.Url, _server.RootKey))
            {
                _hub.Incarnation = (int)(await http.PostAsync("agents", """{"agent_id":"hub","ttl":3600}""")).Number("incarnation");
            }

            for (var round = 1; round <= _rounds; round++)
            {
                var before = _clients.Select(client => client.Ledger)
                    .Select(ledger => (ledger.Agents.Count, ledger.Directives.Count, ledger.Keys.Count)).ToArray();
                await CrashAsync(new Random(_seed + round));
                await _server.StartAsync();
                await CheckAsync(new Random(_seed + round), round, before);
            }

            await CheckAllAsync();
        }
        catch (Exception e)
        {
            throw new Xunit.Sdk.XunitException($"SESSION_MESH_CRASH_SEED={_seed} plays this again: {e.Message}", e);
        }
    }

    /// <summary>
    /// Load, and the end of the server as soon as so many answers have come, in the middle of whatever else is under way.
    /// </summary>
    private async Task CrashAsync(Random random)
    {
        var enough = random.Next(20, 600);
        var answers = 0;
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var key = _server.RootKey;
        var load = Task.WhenAll(_clients.Select((client, i) => client.RunAsync(_server.Url, key, new Random(random.Next() + i), () =>
        {
            if (Interlocked.Increment(ref answers) == enough)
            {
                reached.SetResult();
            }
        })));
        await Task.WhenAny(reached.Task, load).WaitAsync(Eventually.Bound);
        await _server.KillAsync();
        await load.WaitAsync(Eventually.Bound);
    }

    /// <summary>What this round added, and a sample of what came before.</summary>
    private async Task CheckAsync(Random random, int round, (int Agents, int Directives, int Keys)[] before)
    {
        using var http = new MeshHttp(_server.Url, _server.RootKey);
        foreach (var client in _clients)
        {
            await client.Ledger.SettleAsync(http);
        }

        NoSurprises();
        await _log.ReadOnAsync(http, $"round-{round}");
        await LogCheck.HasNoGapAsync(Path.Combine(_server.Data, "mesh.db"));

        var verifier = new Verifier(_server.Url, http, _log);
        var ledgers = _clients.Select(client => client.Ledger).ToList();
        await verifier.NobodyWasBlamedAsync(
            ledgers.SelectMany(ledger => ledger.Agents).Where(agent => agent.Status == "dead").Select(agent => agent.Id).ToHashSet());
        await verifier.VerifyAsync(
            ledgers.SelectMany((ledger, i) => NewAndSome(ledger.Agents, before[i].Agents, random)),
            ledgers.SelectMany((ledger, i) => NewAndSome(ledger.Directives, before[i].Directives, random)),
            ledgers.SelectMany((ledger, i) => NewAndSome(ledger.Keys, before[i].Keys, random)));
    }

    /// <summary>Everything that was ever answered, after the last crash.</summary>
    private async Task CheckAllAsync()
    {
        using var http = new MeshHttp(_server.Url, _server.RootKey);
        var ledgers = _clients.Select(client => client.Ledger).ToList();
        await new Verifier(_server.Url, http, _log)
            .VerifyAsync(ledgers.SelectMany(l => l.Agents), ledgers.SelectMany(l => l.Directives), ledgers.SelectMany(l => l.Keys));
        await _log.ReadAgainAsync(http);
        _output.WriteLine(
            $"seed {_seed}: {_rounds} rounds, {ledgers.Sum(l => l.Answers)} answers, {ledgers.Sum(l => l.Agents.Count)} agents, "
            + $"{ledgers.Sum(l => l.Directives.Count)} directives, {ledgers.Sum(l => l.Keys.Count)} keys, revision {_log.Revision}");
    }

    private void NoSurprises()
    {
        var surprises = _clients.SelectMany(client => client.Ledger.Surprises).ToList();
        Assert.True(
            surprises.Count == 0, $"{surprises.Count} answers that nobody should have got:\n{string.Join('\n', surprises.Take(20))}");
    }

    private static IEnumerable<T> NewAndSome<T>(List<T> entries, int old, Random random) =>
        entries.Skip(Math.Min(old, entries.Count))
            .Concat(Enumerable.Range(0, Math.Min(old, Sample / Clients)).Select(_ => entries[random.Next(Math.Min(old, entries.Count))]));

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var number) ? number : null;
}
