using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Sqlite;

namespace SessionMesh.Server.Tests.Store;

[Trait("Store", "SQLite")]
public sealed class SchemaTests : IDisposable
{
    private static readonly JsonSerializerOptions s_withoutNulls = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly string _directory = Directory.CreateTempSubdirectory("mesh-schema-").FullName;

    [Fact]
    public void Migrations_MakeTheSchemaThatTheModelSays()
    {
        var (migrated, created) = (Path.Combine(_directory, "migrated.db"), Path.Combine(_directory, "created.db"));
        using (SqliteStore.Open(migrated))
        {
        }

        using (var connection = new SqliteConnection($"Data Source={created};Pooling=False"))
        {
            connection.Open();
            using var context = SqliteStore.NewContext(connection);
            Assert.True(context.Database.EnsureCreated());
        }

        Assert.Equal(Describe(created), Describe(migrated));
        Assert.Contains("changes.revision INTEGER notnull=1 pk=1", Describe(migrated));
    }

    [Fact]
    public void Model_HasNothingThatTheSnapshotLacks()
    {
        using var context = SqliteStore.NewContext(new SqliteConnection("Data Source=:memory:"), ownsConnection: true);
        Assert.False(context.Database.HasPendingModelChanges(), "./eng/migration.sh NAME writes the migration that is missing");
    }

    public static TheoryData<int> EarlierVersions => [.. Enumerable.Range(1, All().Count - 1)];

    [Theory]
    [MemberData(nameof(EarlierVersions))]
    public void Store_OfEveryEarlierVersion_ComesToTheSchemaOfANewOne(int migrations)
    {
        var (old, created) = (Path.Combine(_directory, "old.db"), Path.Combine(_directory, "new.db"));
        MakeVersion(old, migrations);
        SqliteStore.Open(old).Dispose();
        SqliteStore.Open(created).Dispose();
        Assert.Equal(Describe(created), Describe(old));
        Assert.True(File.Exists($"{old}.before-{All()[migrations].Id}"));
    }

    [Fact]
    public void Store_OfANewerVersion_IsRefusedAndLeftAsItWas()
    {
        var path = Path.Combine(_directory, "mesh.db");
        using (SqliteStore.Open(path))
        {
        }

        Run(path, "INSERT INTO __EFMigrationsHistory (MigrationId, ProductVersion) VALUES ('9999_future', '99.0.0')");
        var refused = Assert.Throws<StartupException>(() => SqliteStore.Open(path));
        Assert.Equal(
            $"The store {path} was written by a newer version (it has the migration 9999_future). "
            + "Start that version, or restore a backup from before it.",
            refused.Message);
        Run(path, "DELETE FROM __EFMigrationsHistory WHERE MigrationId = '9999_future'");
        SqliteStore.Open(path).Dispose();
    }

    [Fact]
    public void Store_OfTheFirstVersion_IsMigratedAfterACopy_AndItsChangesCameFromNowhere()
    {
        var path = Path.Combine(_directory, "mesh.db");
        MakeVersion(path, 1);
        Run(path, """INSERT INTO changes VALUES (1, 5, 'mesh', 'agent.tombstone_lifted', 'a', '{}')""");
        var before = Describe(path);
        using (var store = SqliteStore.Open(path))
        {
            using var reader = store.OpenReader();
            var row = Assert.Single(reader.Changes.ToList());
            Assert.Equal((1L, 5L, "mesh"), (row.Revision, row.At, row.Actor));
            Assert.Equal(("agent.tombstone_lifted", "a", "{}"), (row.Kind, row.Subject, row.Payload));
            Assert.Equal((null, null), (row.RemoteAddress, row.RequestId));
        }

        Assert.Equal(before, Describe(path + ".before-0002_audit"));
        Assert.DoesNotContain(before, line => line.Contains("remote_address") || line.Contains("request_id"));
        Assert.Contains("changes.remote_address TEXT notnull=0 pk=0", Describe(path));
        Assert.Contains("changes.request_id TEXT notnull=0 pk=0", Describe(path));
    }

    [Fact]
    public void Store_OfTheFirstVersion_KeepsItsKeys_EachALineageOfItsOwn()
    {
        var path = Path.Combine(_directory, "mesh.db");
        var (root, child) = (Server.Auth.KeyToken.New(), Server.Auth.KeyToken.New());
        MakeVersion(path, 1);
        InsertKey(1, root, "admin", parent: null, agent: null);
        InsertKey(2, child, "agent:self", parent: root.Id, agent: "a");
        using var store = SqliteStore.Open(path);
        var loaded = Engine.Projection.Reloaded(store);
        var key = loaded.Keys.Find(child.Id)!;
        Assert.Equal((child.Id, root.Id, child.Id), (key.Lineage, key.Parent, key.Account));
        Assert.Equal(("agent:a", true), (key.Reach?.ToString(), key.IsValidAt(2000)));
        Assert.Null(loaded.Keys.Find(root.Id)!.Account);
        Assert.Equal(Engine.Projection.OfMemory(loaded), Engine.Projection.OfMemory(Engine.Projection.Replayed(store).State));

        void InsertKey(int revision, (string Id, string Token) minted, string scope, string? parent, string? agent)
        {
            var hash = Server.Auth.KeyToken.Hash(minted.Token);
            Run(path, $"INSERT INTO keys VALUES ({revision}, '{minted.Id}', 'n{revision}', {Quoted(parent)}, '[\"{scope}\"]', "
                + $"'{hash}', 1000, 0, {Quoted(agent)}, 1, 1, 0)");
            var payload = JsonSerializer.Serialize(
                new
                {
                    key_name = $"n{revision}",
                    scopes = new[] { scope },
                    hash,
                    incarnation = 1,
                    generation = 1,
                    parent,
                    agent_id = agent,
                },
                s_withoutNulls);
            Run(path, $"INSERT INTO changes VALUES ({revision}, 1000, 'mesh', 'key.minted', '{minted.Id}', '{payload}')");
        }

        static string Quoted(string? text) => text is null ? "NULL" : $"'{text}'";
    }

    [Fact]
    public void Store_OfAnEarlierVersion_KeepsItsReceipts_WhichCountForNobody()
    {
        var path = Path.Combine(_directory, "mesh.db");
        MakeVersion(path, 1);
        var hex = new string('a', 32);
        var payload = $$"""{"request":"{{hex}}","status":200,"answer":"{}"}""";
        Run(path, $"INSERT INTO changes VALUES (1, 1000, 'mesh', 'receipt.kept', '{hex}', '{payload}')");
        Run(path, $"INSERT INTO receipts VALUES (1, '{hex}', '{hex}', 1000, 200, '{{}}', NULL)");
        using var store = SqliteStore.Open(path);
        var loaded = Engine.Projection.Reloaded(store);
        var receipt = Assert.Single(loaded.Receipts.All);
        Assert.Equal((1, 1000L, 200), (receipt.Revision, receipt.At, receipt.Status));
        Assert.Equal((null, null, 0), (receipt.KeyId, receipt.Owner, receipt.Size));
        Assert.Equal(Engine.Projection.OfMemory(loaded), Engine.Projection.OfMemory(Engine.Projection.Replayed(store).State));
    }

    [Fact]
    public void Store_ThatIsNoDatabase_IsRefusedInWords()
    {
        var path = Path.Combine(_directory, "mesh.db");
        File.WriteAllText(path, new string('x', 8192));
        var refused = Assert.Throws<StartupException>(() => SqliteStore.Open(path));
        Assert.Equal(
            $"The store {path} is not the database of a mesh, or it is damaged. Put a backup in its place with session-mesh admin "
            + $"restore FILE --data {_directory}, or choose another directory with --data DIR.",
            refused.Message);
    }

    [Fact]
    public void Store_MigrationLockOfAProcessThatWasKilled_DoesNotHangTheNextStart()
    {
        var path = Path.Combine(_directory, "mesh.db");
        Run(path, """
            CREATE TABLE __EFMigrationsLock (Id INTEGER NOT NULL CONSTRAINT PK___EFMigrationsLock PRIMARY KEY, Timestamp TEXT NOT NULL);
            INSERT INTO __EFMigrationsLock VALUES (1, '2026-01-01')
            """);
        SqliteStore.Open(path).Dispose();
        Assert.Contains("keys.hash TEXT notnull=1 pk=0", Describe(path));
    }

    [Fact]
    public void Store_IsOpenedSoThatEveryCommitIsSynced_AndReadersCannotWrite()
    {
        using var store = SqliteStore.Open(Path.Combine(_directory, "mesh.db"));
        using var command = store.Context.Database.GetDbConnection().CreateCommand();
        command.CommandText = "PRAGMA synchronous";
        Assert.Equal(2L, command.ExecuteScalar()); // FULL
        command.CommandText = "PRAGMA journal_mode";
        Assert.Equal("wal", command.ExecuteScalar());
        using var reader = store.OpenReader();
        Assert.Throws<SqliteException>(() => reader.Database.ExecuteSqlRaw("DELETE FROM changes"));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static List<(string Id, Migration Migration)> All()
    {
        using var context = SqliteStore.NewContext(new SqliteConnection("Data Source=:memory:"), ownsConnection: true);
        var assembly = context.GetService<IMigrationsAssembly>();
        return [.. assembly.Migrations.Select(m => (m.Key, assembly.CreateMigration(m.Value, context.Database.ProviderName!)))];
    }

    /// <summary>What the first migrations alone make.</summary>
    private static void MakeVersion(string path, int migrations)
    {
        using var context = SqliteStore.NewContext(new SqliteConnection($"Data Source={path};Pooling=False"), ownsConnection: true);
        var (history, generator) = (context.GetService<IHistoryRepository>(), context.GetService<IMigrationsSqlGenerator>());
        Run(path, history.GetCreateScript());
        foreach (var (id, migration) in All().Take(migrations))
        {
            foreach (var command in generator.Generate(migration.UpOperations, migration.TargetModel))
            {
                Run(path, command.CommandText);
            }

            Run(path, history.GetInsertScript(new HistoryRow(id, "10.0.0")));
        }
    }

    /// <summary>Every table, column and index, a line each.</summary>
    private static List<string> Describe(string path)
    {
        using var connection = new SqliteConnection($"Data Source={path};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT t.name || '.' || c.name || ' ' || c.type || ' notnull=' || c."notnull" || ' pk=' || c.pk
                || coalesce(' default ' || c.dflt_value, '')
            FROM sqlite_schema t, pragma_table_info(t.name) c
            WHERE t.type = 'table' AND t.name NOT LIKE '\_\_EF%' ESCAPE '\' AND t.name NOT LIKE 'sqlite%'
            UNION ALL SELECT 'index ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema
            WHERE type = 'index' AND tbl_name NOT LIKE '\_\_EF%' ESCAPE '\'
            ORDER BY 1
            """;
        var lines = new List<string>();
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            lines.Add(rows.GetString(0));
        }

        return lines;
    }

    private static void Run(string path, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The texts of this file.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
