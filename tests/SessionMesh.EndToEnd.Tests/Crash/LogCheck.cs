using System.Text.Json;
using Microsoft.Data.Sqlite;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Crash;

/// <summary>What a follower of the log has read so far, round after round, and what must hold of it.</summary>
internal sealed class LogCheck
{
    private readonly List<string> _raw = [];
    private readonly Dictionary<string, long> _lastSeq = [];
    private readonly HashSet<string> _seen = [];

    public long Revision { get; private set; }

    /// <summary>Reads on where the last reading ended, up to an entry of our own, and checks that sequence numbers have no gap.</summary>
    public async Task ReadOnAsync(MeshHttp http, string marker)
    {
        Assert.Equal(201, (await http.PostAsync("agents", $$"""{"agent_id":"{{marker}}","ttl":3600}""")).Status);
        foreach (var entry in await http.EventsAsync(Revision, entry => entry.Text("subject") == marker))
        {
            var revision = entry.GetProperty("revision").GetInt64();
            Assert.True(revision > Revision, $"revision {revision} follows {Revision}");
            Revision = revision;
            _raw.Add(entry.GetRawText());
            Take(entry);
        }
    }

    public bool HasDirective(DirectiveEntry directive) =>
        _seen.Contains($"directive {directive.Agent.Id} {directive.Seq} {directive.Direction}");

    public bool HasIncarnation(AgentEntry agent) => _seen.Contains($"agent {agent.Id} {agent.Incarnation}");

    public bool HasKey(KeyEntry key) => _seen.Contains($"key {key.Id}");

    /// <summary>The log read from its beginning is what was read piece by piece, across all the crashes.</summary>
    public async Task ReadAgainAsync(MeshHttp http)
    {
        var all = await http.EventsAsync(0, entry => entry.GetProperty("revision").GetInt64() == Revision);
        Assert.Equal(_raw, all.Select(entry => entry.GetRawText()));
    }

    /// <summary>
    /// Every revision from 1 to the newest is in the table: the stream leaves the server's own bookkeeping out, the table does not.
    /// </summary>
    public static async Task HasNoGapAsync(string database)
    {
        await using var connection = new SqliteConnection($"Data Source={database};Mode=ReadOnly;Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "select count(*), min(revision), max(revision) from changes";
        await using var row = await command.ExecuteReaderAsync();
        Assert.True(await row.ReadAsync());
        var (count, first, last) = (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));
        Assert.True(first == 1 && count == last, $"the log has {count} entries from {first} to {last}");
    }

    private void Take(JsonElement entry)
    {
        var (kind, subject) = (entry.Text("kind"), entry.Text("subject")!);
        Assert.False(kind is "agent.suspect" or "agent.lost", $"the server's absence was held against an agent: {entry.GetRawText()}");
        switch (kind)
        {
            case "agent.registered":
                _seen.Add($"agent {subject} {entry.Text("incarnation")}");
                break;
            case "key.minted":
                _seen.Add($"key {subject}");
                break;
            case "directive.issued":
                var seq = entry.GetProperty("seq").GetInt64();
                Assert.True(
                    seq == _lastSeq.GetValueOrDefault(subject) + 1,
                    $"agent {subject}: directive {seq} follows {_lastSeq.GetValueOrDefault(subject)}");
                _lastSeq[subject] = seq;
                Assert.True(_seen.Add($"directive {subject} {seq} {entry.Text("direction")}"));
                Assert.True(
                    entry.Text("direction") is not { } direction || _seen.Add($"direction {direction}"),
                    $"issued twice: {entry.GetRawText()}");
                break;
        }
    }
}
