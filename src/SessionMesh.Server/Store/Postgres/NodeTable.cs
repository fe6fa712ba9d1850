using System.Security.Cryptography;
using Npgsql;
using NpgsqlTypes;
using SessionMesh.Core;
using SessionMesh.Server.Options;

namespace SessionMesh.Server.Store.Postgres;

/// <summary>
/// This node among those of the mesh, in the tables through which nodes talk: who lives, who judges, and the heartbeats on their way.
/// Thread-safe, where nothing else is said.
/// </summary>
/// <param name="id">The name of this process among the nodes.</param>
/// <param name="alone">Whether it wants no other node beside it.</param>
internal sealed class NodeTable(NpgsqlDataSource source, string id, bool alone)
{
    /// <summary>A node that was not heard of for so long is out. As in mesh_begin.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    /// <summary>How long a start waits for a process of the same name to fall silent.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>Waits on the clock of the database, a quarter of a second.</summary>
    private const string Pause = "SELECT pg_sleep(0.25)";

    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a sign of life may take.</summary>
    private const int PulseSeconds = 3;

    private const string Pulse = "SELECT * FROM mesh_pulse($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

    private const string Others = """
        SELECT n.id, owner, version, n.log_level, n.revision, agents, streams, coalesce(judge = n.id, false),
            extract(epoch FROM clock_timestamp() - seen)::double precision
        FROM mesh_nodes n, mesh_head WHERE seen IS NOT NULL AND NOT alone ORDER BY n.id
        """;

    private const string Beats = """
        SELECT b.owner, b.seq, b.covers, b.beats
        FROM mesh_beats b LEFT JOIN unnest($1, $2) AS known (owner, seq) ON known.owner = b.owner
        WHERE b.owner <> $3 AND b.seq > coalesce(known.seq, 0) ORDER BY b.owner, b.seq LIMIT $4
        """;

    private long _judgeEpoch;
    private long _session;
    private int _level = 1;

    public string Id => id;

    /// <summary>Tells this process from another under the same name.</summary>
    public Guid Owner { get; } = new(RandomNumberGenerator.GetBytes(16));

    /// <summary>The node's session, which every call of the writer names; raised when one of them may still be under way.</summary>
    public long Session
    {
        get => Volatile.Read(ref _session);
        set => Volatile.Write(ref _session, value);
    }

    /// <summary>The term in which this node judges what time brings about; 0 if another does.</summary>
    public long JudgeEpoch
    {
        get => Volatile.Read(ref _judgeEpoch);
        set => Volatile.Write(ref _judgeEpoch, value);
    }

    /// <summary>
    /// Up to which level every node that lives can read the log, as of the last pulse. Before the first, what was in the log at the start:
    /// no node lives that cannot read that.
    /// </summary>
    public int Level
    {
        get => Volatile.Read(ref _level);
        set => Volatile.Write(ref _level, value);
    }

    /// <summary>The level that the log is known to have: no node begins that cannot read it. The engine's alone, once it runs.</summary>
    public int LogLevel { get; private set; } = 1;

    /// <summary>Whether the database was heard of lately.</summary>
    public Contact Contact { get; } = new();

    /// <exception cref="StartupException">The log has changes that this version does not know.</exception>
    public void CheckLevel()
    {
        using var connection = source.OpenConnection();
        CheckLevel(connection);
    }

    private void CheckLevel(NpgsqlConnection connection)
    {
        LogLevel = Ask(connection, "SELECT log_level FROM mesh_head WHERE id = 1") is int level ? level : 1;
        Level = LogLevel <= ChangeCodec.Level ? LogLevel : throw new StartupException(
            $"This mesh has changes of a newer version (level {LogLevel}, and this one knows {ChangeCodec.Level}). Start that version.");
    }

    /// <summary>
    /// Raises the level of the log, so that changes of it may follow. False if a node lives that cannot read them; then nobody here writes
    /// any before the next pulse.
    /// </summary>
    /// <exception cref="NpgsqlException">The database is away.</exception>
    public bool TryRaise(NpgsqlConnection connection, int level)
    {
        if (Ask(connection, "SELECT mesh_raise($1)", level) is true)
        {
            LogLevel = level;
            return true;
        }

        Level = LogLevel;
        return false;
    }

    /// <summary>Begins a session; waits for a process of this name that has just ended to count as gone.</summary>
    /// <exception cref="StartupException">It may not begin.</exception>
    public void Begin()
    {
        using var connection = source.OpenConnection();
        for (var waited = TimeSpan.Zero; ; waited += s_pause)
        {
            using var begin = new NpgsqlCommand("SELECT mesh_begin($1, $2, $3, $4, $5)", connection)
            {
                Parameters =
                {
                    new() { Value = id }, new() { Value = Owner }, new() { Value = Release.Version },
                    new() { Value = ChangeCodec.Level }, new() { Value = alone },
                },
            };
            if (begin.ExecuteScalar() is long session)
            {
                Session = session;
                Contact.Begin();
                return;
            }

            CheckLevel(connection); // it may have been raised since this node read it
            if (Beside(connection) is { } other)
            {
                throw new StartupException(other);
            }

            if (waited >= s_patience)
            {
                throw new StartupException($"A node {id} runs on this mesh already. Give this one another name with --node-id.");
            }

            Ask(connection, Pause);
        }
    }

    /// <summary>Says that this node lives. Null once another process has its name.</summary>
    /// <param name="mayJudge">Whether it can judge; otherwise it gives the office up, if it has it.</param>
    /// <exception cref="NpgsqlException">The database is away.</exception>
    public async Task<PulseAnswer?> PulseAsync(PulseReport report, bool mayJudge, CancellationToken cancellation)
    {
        await using var connection = await source.OpenConnectionAsync(cancellation);
        await using var command = new NpgsqlCommand(Pulse, connection)
        {
            Parameters =
            {
                new() { Value = id },
                new() { Value = Owner },
                new() { Value = report.Revision },
                new() { Value = report.Agents },
                new() { Value = report.Streams },
                new() { Value = JudgeEpoch },
                new() { Value = mayJudge },
                new() { Value = report.Seq },
                new() { Value = report.Covers },
                new() { Value = (object?)report.Beats ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bytea },
            },
            CommandTimeout = PulseSeconds,
        };
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        if (!await rows.ReadAsync(cancellation) || !rows.GetBoolean(0))
        {
            JudgeEpoch = 0;
            return null;
        }

        var answer = new PulseAnswer(rows.GetInt64(1), rows.GetGuid(2), rows.GetInt64(3), rows.GetInt64(4), rows.GetInt64(5));
        JudgeEpoch = answer.JudgeEpoch;
        return answer;
    }

    /// <summary>Which process has the name of this node, and when it last said that it lives. Null if none has.</summary>
    /// <exception cref="NpgsqlException">The database is away.</exception>
    public async Task<(Guid Owner, DateTime Seen)?> HolderAsync(CancellationToken cancellation)
    {
        await using var connection = await source.OpenConnectionAsync(cancellation);
        await using var command = new NpgsqlCommand("SELECT owner, seen FROM mesh_nodes WHERE id = $1 AND seen IS NOT NULL", connection)
        {
            Parameters = { new() { Value = id } },
            CommandTimeout = PulseSeconds,
        };
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        return await rows.ReadAsync(cancellation) ? (rows.GetGuid(0), rows.GetDateTime(1)) : null;
    }

    /// <summary>
    /// The nodes that have not said goodbye, the heartbeats of others that are not read yet, oldest first, and the oldest revision left in
    /// the log, 1 while it is empty.
    /// </summary>
    /// <param name="read">The newest of each process that is read.</param>
    /// <param name="most">Rows of heartbeats.</param>
    /// <exception cref="NpgsqlException">The database is away.</exception>
    public async Task<(List<NodeRecord> Nodes, List<BeatsRow> Beats, long Oldest)> ReadAsync(
        IReadOnlyDictionary<Guid, long> read, int most, CancellationToken cancellation)
    {
        await using var connection = await source.OpenConnectionAsync(cancellation);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new(Others),
                new(Beats)
                {
                    Parameters =
                    {
                        new() { Value = read.Keys.ToArray() }, new() { Value = read.Values.ToArray() }, new() { Value = Owner },
                        new() { Value = most },
                    },
                },
                new("SELECT coalesce(min(revision), 1) FROM changes"),
            },
            Timeout = PulseSeconds,
        };
        await using var rows = await batch.ExecuteReaderAsync(cancellation);
        var nodes = new List<NodeRecord>();
        while (await rows.ReadAsync(cancellation))
        {
            nodes.Add(new NodeRecord(
                rows.GetString(0), rows.GetGuid(1), rows.GetString(2), rows.GetInt32(3), rows.GetInt64(4), rows.GetInt32(5),
                rows.GetInt32(6), rows.GetBoolean(7), TimeSpan.FromSeconds(rows.GetDouble(8))));
        }

        await rows.NextResultAsync(cancellation);
        var beats = new List<BeatsRow>();
        while (await rows.ReadAsync(cancellation))
        {
            beats.Add(new BeatsRow(rows.GetGuid(0), rows.GetInt64(1), rows.GetInt64(2), rows.GetFieldValue<byte[]>(3)));
        }

        await rows.NextResultAsync(cancellation);
        await rows.ReadAsync(cancellation);
        return (nodes, beats, rows.GetInt64(0));
    }

    /// <summary>Takes the lowest level of the nodes that live.</summary>
    public void Agree(IReadOnlyList<NodeRecord> nodes) => Level = nodes
        .Where(node => node.Silent < Silence).Select(node => node.LogLevel).Append(ChangeCodec.Level).Min();

    /// <summary>The clock of the database, in wall milliseconds.</summary>
    public long ReadClock()
    {
        using var connection = source.OpenConnection();
        return (long)Ask(connection, "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint")!;
    }

    /// <summary>
    /// The log has lost what this process had seen of an epoch of the mesh: numbers of that epoch may be given again. Begins the next one,
    /// unless another node has.
    /// </summary>
    public async Task EndEpochAsync(long epoch, CancellationToken cancellation)
    {
        await using var connection = await source.OpenConnectionAsync(cancellation);
        await using var command = new NpgsqlCommand(
            "UPDATE mesh SET epoch = greatest(epoch, $1) + 1 WHERE id = 1 AND epoch <= $1", connection)
        {
            Parameters = { new() { Value = epoch } },
            CommandTimeout = PulseSeconds,
        };
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Says goodbye.</summary>
    public void Leave(NpgsqlConnection connection)
    {
        using var command = Goodbye(connection);
        command.ExecuteNonQuery();
    }

    /// <summary>Says goodbye.</summary>
    public void Leave()
    {
        using var connection = source.OpenConnection();
        Leave(connection);
    }

    /// <summary>Says goodbye.</summary>
    /// <exception cref="NpgsqlException">The database is away.</exception>
    public async Task LeaveAsync(CancellationToken cancellation)
    {
        await using var connection = await source.OpenConnectionAsync(cancellation);
        await using var command = Goodbye(connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private NpgsqlCommand Goodbye(NpgsqlConnection connection)
    {
        JudgeEpoch = 0;
        return new NpgsqlCommand("SELECT mesh_leave($1, $2)", connection)
        {
            Parameters = { new() { Value = id }, new() { Value = Owner } },
            CommandTimeout = PulseSeconds,
        };
    }

    /// <summary>Why it may not begin beside a node of another name; null if it may.</summary>
    private string? Beside(NpgsqlConnection connection) => Ask(
        connection,
        "SELECT id FROM mesh_nodes WHERE id <> $1 AND (alone OR $2) AND seen > clock_timestamp() - interval '10 seconds' LIMIT 1",
        id, alone) is not string other ? null
        : alone ? $"Another node runs on this mesh, {other}. Stop all its servers, or wait 10 s if one has ended without a word."
        : $"{other} works on this mesh, and wants it for itself. Try again when it is done.";

    private static object? Ask(NpgsqlConnection connection, string sql, params ReadOnlySpan<object> values)
    {
#pragma warning disable CA2100 // Constants.
        using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        return command.ExecuteScalar();
    }
}

/// <summary>What a sign of life says.</summary>
/// <param name="Revision">What memory has.</param>
/// <param name="Agents">Alive, and heard here last.</param>
/// <param name="Streams">Open here.</param>
/// <param name="Seq">Number of the row of heartbeats: 1, 2, 3… without a gap.</param>
/// <param name="Covers">Wall milliseconds: every heartbeat taken before is in this row or in one before.</param>
/// <param name="Beats">Null for no row.</param>
internal readonly record struct PulseReport(long Revision, int Agents, int Streams, long Seq, long Covers, byte[]? Beats);

/// <summary>What a sign of life is answered.</summary>
/// <param name="Revision">Where the log stands.</param>
/// <param name="Stamp">Of its newest batch.</param>
/// <param name="MeshEpoch">See <see cref="SessionMesh.Core.State.MeshState.Epoch"/>.</param>
/// <param name="JudgeEpoch">The term in which this node judges; 0 if another does.</param>
/// <param name="Wall">The clock of the database, wall milliseconds.</param>
internal readonly record struct PulseAnswer(long Revision, Guid Stamp, long MeshEpoch, long JudgeEpoch, long Wall);

/// <summary>A node that has not said goodbye.</summary>
/// <param name="Silent">How long ago it was heard of.</param>
internal sealed record NodeRecord(
    string Id, Guid Owner, string Version, int LogLevel, long Revision, int Agents, int Streams, bool IsJudge, TimeSpan Silent);

/// <summary>Heartbeats that a node took; see <see cref="PulseReport"/>.</summary>
internal sealed record BeatsRow(Guid Owner, long Seq, long Covers, byte[] Beats);
