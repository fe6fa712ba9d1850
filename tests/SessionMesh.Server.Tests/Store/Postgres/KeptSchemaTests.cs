using Microsoft.EntityFrameworkCore;
using Npgsql;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Postgres;
using SessionMesh.Server.Tests.Engine;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Store.Postgres;

/// <summary>Real meshes that servers of earlier schemas left behind (Schemas/*.sql, made as make.py there says).</summary>
public sealed class KeptSchemaTests
{
    private static readonly string s_directory = Path.Combine(AppContext.BaseDirectory, "Store", "Postgres", "Schemas");

    public static TheoryData<string> Kept => [.. Schemas];

    private static IEnumerable<string> Schemas =>
        Directory.GetFiles(s_directory).Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal);

    [Fact]
    public void EverySchema_ButTheNewest_HasAMeshThatIsKept()
    {
        using var context = PostgresContext.Of(new NpgsqlConnection("Host=localhost"), PostgresStore.Schema);
        Assert.Equal(context.Database.GetMigrations().SkipLast(1), Schemas);
    }

    [Theory]
    [MemberData(nameof(Kept))]
    public async Task Mesh_OfAnEarlierSchema_IsThere_AndGoesOn(string schema)
    {
        await using var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        var rootKey = await LoadAsync(database, schema);
        await using var mesh = await MeshHost.StartOnAsync(database, rootKey);
        await using (var db = mesh.OpenStore())
        {
            Assert.Empty(await db.Database.GetPendingMigrationsAsync());
        }

        await using (var made = await MeshHost.StartOnPostgresAsync())
        {
            Assert.Equal(await DescribeAsync(made.OnPostgres), await DescribeAsync(database));
        }

        await IsThereAsync(mesh);
        await GoesOnAsync(mesh);
        Assert.Empty(mesh.Findings());
        Assert.True((await mesh.PostAsync("admin/check")).Json["ok"]!.GetValue<bool>());
        var (memory, tables) = (Projection.OfMemory(mesh.State), Projection.OfTables(mesh.Service<MeshStore>()));
        var (state, directives, keys) = Projection.Replayed(mesh.Service<MeshStore>());
        Assert.Equal(memory, Projection.OfMemory(state));
        Assert.Equal(Projection.OfReplay(directives, keys), tables);

        await mesh.RestartAsync();
        Assert.Equal(memory, Projection.OfMemory(mesh.State));
        Assert.Equal(tables, Projection.OfTables(mesh.Service<MeshStore>()));
    }

    private static async Task IsThereAsync(MeshHost mesh)
    {
        Assert.Equal(
            ["gone", "killed", "lead", "worker-1", "worker-2"], await ListAsync(mesh, "agents?filter=all", "sessions", "agent_id"));
        var worker = (await mesh.GetAsync("agents/worker-1")).ShouldBeOk().Json;
        Assert.Equal(
            ("alive", "lead", "east", 1, """["image-processing","ocr"]"""),
            (Text(worker, "status"), Text(worker, "parent_id"), Text(worker, "cluster"), worker["incarnation"]!.GetValue<int>(),
                worker["specializations"]!.ToJsonString()));
        Assert.Equal("worker-1", Text((await mesh.GetAsync("agents/worker-2")).Json, "parent_id"));
        Assert.Equal("""{"env":"prod"}""", (await mesh.GetAsync("agents/lead")).Json["labels"]!.ToJsonString());
        Assert.Equal(3, (await mesh.GetAsync("agents/gone")).Json["last_exit"]!["exit_code"]!.GetValue<int>());
        var killed = (await mesh.GetAsync("agents/killed")).Json;
        Assert.Equal(("dead", "stuck"), (Text(killed, "status"), Text(killed["last_exit"]!, "reason")));
        Assert.Equal(2, (await mesh.PostAsync("agents", """{"agent_id":"forgotten"}""")).Json["incarnation"]!.GetValue<int>());

        var first = (await mesh.GetAsync("directives/d-9")).ShouldBeOk().Json;
        Assert.Equal(
            ("acknowledged", "first, and a \0", """{"n":1,"z":"\u0000"}""", "went"),
            (Text(first, "state"), Text(first, "message"), first["data"]!.ToJsonString(), Text(first, "note")));
        foreach (var (id, directiveState) in new[] { (11, "rejected"), (13, "accepted"), (15, "queued"), (16, "cancelled") })
        {
            Assert.Equal(directiveState, Text((await mesh.GetAsync($"directives/d-{id}")).Json, "state"));
        }

        var inbox = (await mesh.GetAsync("agents/worker-1/directives?incarnation=1")).ShouldBeOk().Json["directives"]!.AsArray();
        Assert.Equal(["east", "west", "both", "all", "down"], inbox.Select(directive => Text(directive!, "direction")));
        Assert.Equal([null, null, "to many", new string('m', 600), null], inbox.Select(directive => Text(directive!, "message")));

        Assert.Equal(
            ["exporter", "ops", "ops", "short", "w1"],
            (await ListAsync(mesh, "keys?limit=100", "keys", "session_key")).Where(name => name is not (null or "root")));
        Assert.Equal(["ada"], await ListAsync(mesh, "sessions?status=active", "sessions", "user"));
        Assert.Equal(["bob"], await ListAsync(mesh, "sessions?status=expired", "sessions", "user"));
        Assert.Equal(["worker-1"], await ListAsync(mesh, "registry/claims", "claims", "agent_id"));
        Assert.Equal(["feeds"], await ListAsync(mesh, "links", "links", "kind"));
    }

    private static async Task GoesOnAsync(MeshHost mesh)
    {
        // An answer that was kept is given again, and nothing is done twice.
        var again = await mesh.PostAsync(
            "steer", """{"agent_id": "worker-2", "direction": "once", "ttl": 86400}""", idempotencyKey: "again");
        Assert.Equal("d-25", Text(again.ShouldBeOk().Json, "directive_id"));

        var steer = (await mesh.PostAsync("steer", """{"agent_id":"worker-1","direction":"on"}""")).ShouldBeOk().Json;
        Assert.Equal(9, steer["seq"]!.GetValue<int>());
        (await mesh.PostAsync("agents/worker-1/directives/9/ack", """{"state":"acknowledged"}""")).ShouldBeOk();
        (await mesh.PostAsync("agents/worker-1/directives/3/ack", """{"state":"acknowledged"}""")).ShouldBeOk();
        (await mesh.PostAsync("agents/worker-1/heartbeat", """{"incarnation":1,"load":0.5}""")).ShouldBeOk();
        (await mesh.DeleteAsync("registry/claims/" + (await ListAsync(mesh, "registry/claims", "claims", "claim_id"))[0])).ShouldBeOk();
        (await mesh.DeleteAsync("links?from=worker-1&to=worker-2&kind=feeds")).ShouldBeOk();
        (await mesh.DeleteAsync("agents/worker-2?grace=0")).ShouldBeOk();
        await mesh.RevokeAsync(await mesh.MintAsync("""{"session_key":"new"}"""));
        Assert.Equal(201, (await mesh.PostAsync("sessions", """{"user":"eve","ttl":60}""")).Status);
    }

    /// <summary>Every column, constraint, index and function. The order of columns counts: rows are inserted as a whole.</summary>
    private static async Task<string> DescribeAsync(PostgresDatabase database) => (string)(await database.Server.RunAsync(
        """
        SELECT string_agg(line, E'\n' ORDER BY line COLLATE "C") FROM (
            SELECT format('%s %s %s %s %s %s', c.relname, c.relpersistence, attnum, attname, format_type(atttypid, atttypmod), attnotnull)
                || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
            WHERE relnamespace = 'session_mesh'::regnamespace AND attnum > 0
            UNION ALL SELECT pg_get_constraintdef(oid) || conrelid::regclass FROM pg_constraint
            WHERE connamespace = 'session_mesh'::regnamespace
            UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'session_mesh'
            UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'session_mesh'::regnamespace) AS lines (line)
        """,
        database.Name))!;

    private static async Task<List<string?>> ListAsync(MeshHost mesh, string path, string list, string member) =>
        [.. (await mesh.GetAsync(path)).ShouldBeOk().Json[list]!.AsArray().Select(row => Text(row!, member)).Order(StringComparer.Ordinal)];

    private static string? Text(System.Text.Json.Nodes.JsonNode node, string member) => node[member]?.GetValue<string>();

    /// <returns>The root key.</returns>
    private static async Task<string> LoadAsync(PostgresDatabase database, string schema)
    {
        const string Before = "-- root key ";
        var text = await File.ReadAllTextAsync(Path.Combine(s_directory, schema + ".sql"));
        Assert.StartsWith(Before, text, StringComparison.Ordinal);
        await using var connection = new NpgsqlConnection(database.ConnectionString + ";Pooling=False");
        await connection.OpenAsync();
#pragma warning disable CA2100 // A file of these tests.
        await using var load = new NpgsqlCommand(text, connection);
#pragma warning restore CA2100
        await load.ExecuteNonQueryAsync();
        return text[Before.Length..text.IndexOf('\n', StringComparison.Ordinal)];
    }
}
