using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Crash;

/// <summary>
/// Holds what was answered against what the server says after its restart. All that differs is collected, not only the first.
/// </summary>
internal sealed class Verifier(string url, MeshHttp http, LogCheck log)
{
    private const int Concurrency = 8;
    private readonly List<string> _lost = [];

    public async Task VerifyAsync(IEnumerable<AgentEntry> agents, IEnumerable<DirectiveEntry> directives, IEnumerable<KeyEntry> keys)
    {
        await EachAsync(agents, AgentAsync);
        await EachAsync(directives, DirectiveAsync);
        await EachAsync(keys, KeyAsync);
        Assert.True(_lost.Count == 0, $"{_lost.Count} answers did not outlive the crash:\n{string.Join('\n', _lost.Take(20))}");
    }

    /// <summary>No agent may be held to be suspect or lost, nor one dead that nobody ended.</summary>
    public async Task NobodyWasBlamedAsync(ISet<string> ended)
    {
        foreach (var status in new[] { "suspect", "lost" })
        {
            var page = await http.GetAsync($"agents?filter={status}&limit=1");
            Assert.True(page.Number("count") == 0, $"{status}: {page}");
        }

        for (string? cursor = ""; cursor is not null;)
        {
            var page = await http.GetAsync(
                $"agents?filter=dead&fields=agent_id&limit=1000{(cursor.Length > 0 ? $"&cursor={cursor}" : "")}");
            foreach (var row in page.Json.GetProperty("sessions").EnumerateArray())
            {
                Assert.True(ended.Contains(row.Text("agent_id")!), $"nobody ended agent {row.Text("agent_id")}, and it is dead");
            }

            cursor = page.Json.GetProperty("next_cursor").GetString();
        }
    }

    private async Task AgentAsync(AgentEntry agent)
    {
        var answer = await http.GetAsync($"agents/{agent.Id}");
        var right = answer.IsDone
            && answer.Number("incarnation") == agent.Incarnation
            && answer.Text("status") == agent.Status
            && agent.Specializations.TrueForAll(
                name => answer.Json.GetProperty("specializations").EnumerateArray().Any(s => s.GetString() == name))
            && (agent.ExitCode is not { } code || answer.Json.GetProperty("last_exit") is var exit
                && exit.GetProperty("confirmed").GetBoolean() && exit.GetProperty("exit_code").GetInt32() == code);
        Require(
            right && log.HasIncarnation(agent),
            () => $"agent {agent.Id}: incarnation {agent.Incarnation}, {agent.Status}, exit {agent.ExitCode}, "
                + $"{string.Join(',', agent.Specializations)}; is {answer}");
    }

    private async Task DirectiveAsync(DirectiveEntry directive)
    {
        var answer = await http.GetAsync($"directives/{directive.Id}");
        var state = answer.Text("state");
        var right = answer.IsDone
            && answer.Text("agent_id") == directive.Agent.Id
            && answer.Number("seq") == directive.Seq
            && answer.Text("direction") == directive.Direction
            && (DirectiveEntry.Rank(directive.State) == 3
                ? state == directive.State
                : DirectiveEntry.Rank(state) >= DirectiveEntry.Rank(directive.State));
        Require(
            right && log.HasDirective(directive),
            () => $"directive {directive.Id} of {directive.Agent.Id}, seq {directive.Seq}, {directive.Direction}: "
                + $"was {directive.State}; is {answer}");
    }

    private async Task KeyAsync(KeyEntry key)
    {
        using var with = new MeshHttp(url, key.Token);
        var answer = key.BoundTo is { } agent ? await with.GetAsync($"agents/{agent.Id}") : await with.GetAsync("alive?limit=1");
        Require(
            answer.Status == (key.IsValid ? 200 : 401) && log.HasKey(key),
            () => $"key {key.Id} for {key.BoundTo?.Id ?? "all"} should be {(key.IsValid ? "valid" : "over")}; is {answer}");
    }

    private void Require(bool right, Func<string> what)
    {
        if (right)
        {
            return;
        }

        lock (_lost)
        {
            _lost.Add(what());
        }
    }

    private static Task EachAsync<T>(IEnumerable<T> entries, Func<T, Task> check) =>
        Parallel.ForEachAsync(
            entries, new ParallelOptions { MaxDegreeOfParallelism = Concurrency }, async (entry, _) => await check(entry));
}
