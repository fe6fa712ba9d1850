using System.Security.Cryptography;
using System.Text.Json;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>What must hold of a cluster whose nodes are all up, after a load and whatever befell them.</summary>
internal static class ClusterCheck
{
    private const int MostNamed = 20;

    public static async Task AfterAsync(Cluster cluster, Load load)
    {
        NoSurprises(load);
        await EverybodyIsAliveEverywhereAsync(cluster, load);
        var logs = await LogsAsync(cluster);
        var log = logs[0].Select(Members.Parse).ToList();
        Once(log, load.Writes);
        NobodyWasBlamed(log, load.Agents.Select(agent => agent.Id).ToHashSet());
        NumbersHaveNoGap(log);
        await KeysOpenEverywhereAsync(cluster, load);
        await cluster.DigestsAreEqualAsync();
        var check = await cluster[0].Http.PostAsync("admin/check");
        Assert.True(check.IsDone && check.Json.GetProperty("ok").GetBoolean(), check.ToString());
    }

    public static void NoSurprises(Load load) => Assert.True(
        load.Surprises.IsEmpty,
        $"{load.Surprises.Count} answers that nobody should have got:\n{string.Join('\n', load.Surprises.Take(MostNamed))}");

    /// <summary>The log of each node up to one entry, which is the same everywhere.</summary>
    public static async Task<List<List<string>>> LogsAsync(Cluster cluster)
    {
        var marker = $"marker-{RandomNumberGenerator.GetHexString(12, lowercase: true)}";
        Assert.Equal(201, (await cluster[0].Http.PostAsync("agents", $$"""{"agent_id":"{{marker}}","ttl":3600}""")).Status);
        var logs = await Task.WhenAll(cluster.Nodes.Select(async node =>
            (await node.Http.EventsAsync(0, entry => entry.Text("subject") == marker)).ConvertAll(entry => entry.GetRawText())));
        var first = logs[0];
        foreach (var (log, i) in logs.Select((log, i) => (log, i)).Skip(1))
        {
            var differs = Enumerable.Range(0, Math.Min(first.Count, log.Count)).FirstOrDefault(n => first[n] != log[n], -1);
            Assert.True(
                differs < 0 && first.Count == log.Count,
                $"the logs of n1 and {cluster[i].Id} have {first.Count} and {log.Count} entries"
                + (differs < 0 ? "" : $" and differ at {differs}:\n{first[differs]}\n{log[differs]}"));
        }

        return [.. logs];
    }

    /// <summary>What was done is there once, what is in doubt once at most, what was refused not at all.</summary>
    public static void Once(IReadOnlyList<JsonElement> log, IEnumerable<Write> writes)
    {
        var there = new Dictionary<string, List<long>>();
        var last = 0L;
        foreach (var entry in log)
        {
            var revision = entry.GetProperty("revision").GetInt64();
            Assert.True(revision > last, $"revision {revision} follows {last}");
            last = revision;
            if (Write.MarkOf(entry) is { } mark)
            {
                (there.TryGetValue(mark, out var revisions) ? revisions : there[mark] = []).Add(revision);
            }
        }

        var wrong = new List<string>();
        foreach (var write in writes)
        {
            var at = there.GetValueOrDefault(write.Mark) ?? [];
            var right = write.Outcome switch
            {
                WriteOutcome.Done => at.Count == 1 && (write.Revision is not { } revision || at[0] <= revision),
                WriteOutcome.InDoubt => at.Count <= 1,
                _ => at.Count == 0,
            };
            if (!right)
            {
                wrong.Add($"{write} is in the log at [{string.Join(", ", at)}]");
            }
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} writes are not in the log as often as they should:\n{Some(wrong)}");
    }

    private static void NobodyWasBlamed(IEnumerable<JsonElement> log, HashSet<string> agents)
    {
        var blamed = log.Where(entry => entry.Text("kind") is "agent.suspect" or "agent.lost" && agents.Contains(entry.Text("subject")!))
            .Select(entry => entry.GetRawText()).ToList();
        Assert.True(blamed.Count == 0, $"{blamed.Count} times an agent that beats was given up:\n{Some(blamed)}");
    }

    private static void NumbersHaveNoGap(IEnumerable<JsonElement> log)
    {
        var last = new Dictionary<string, long>();
        foreach (var entry in log.Where(entry => entry.Text("kind") == "directive.issued"))
        {
            var (agent, seq) = (entry.Text("subject")!, entry.GetProperty("seq").GetInt64());
            Assert.True(seq == last.GetValueOrDefault(agent) + 1, $"{agent}: directive {seq} follows {last.GetValueOrDefault(agent)}");
            last[agent] = seq;
        }
    }

    private static async Task EverybodyIsAliveEverywhereAsync(Cluster cluster, Load load)
    {
        var expected = load.Agents.Where(agent => agent is { IsOver: false, Incarnation: > 0 }).Select(agent => agent.Id).Order().ToList();
        foreach (var node in cluster.Nodes)
        {
            List<string> alive = [];
            await Eventually.True(
                async () => (alive = await AliveAsync(node, load.Name)).SequenceEqual(expected),
                () => $"at {node.Id} [{string.Join(", ", expected)}] are alive; are [{string.Join(", ", alive)}]");
        }
    }

    /// <summary>Those of the load that are alive at a node.</summary>
    private static async Task<List<string>> AliveAsync(Node node, string prefix)
    {
        var page = await node.Http.GetAsync($"alive?fields=agent_id&limit=1000&prefix={prefix}");
        return !page.IsDone ? [] : [.. page.Json.GetProperty("sessions").EnumerateArray().Select(row => row.Text("agent_id")!).Order()];
    }

    private static async Task KeysOpenEverywhereAsync(Cluster cluster, Load load)
    {
        foreach (var key in load.Keys.Where(key => key.Token is not null).TakeLast(MostNamed))
        {
            foreach (var node in cluster.Nodes)
            {
                using var http = new MeshHttp(node.Url, key.Token!);
                var answer = await http.GetAsync("alive?limit=1");
                Assert.True(
                    answer.Status == (key.IsRevoked ? 401 : 200),
                    $"key {key.Id}, {(key.IsRevoked ? "revoked" : "valid")}, at {node.Id} -> {answer}");
            }
        }
    }

    private static string Some(IEnumerable<string> lines) => string.Join('\n', lines.Take(MostNamed));
}
