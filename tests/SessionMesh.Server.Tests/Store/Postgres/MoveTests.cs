using Microsoft.EntityFrameworkCore;
using SessionMesh.Server.Hosting;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;
using SessionMesh.Server.Store.Moving;
using SessionMesh.Server.Store.Postgres;
using SessionMesh.Server.Store.Sqlite;
using SessionMesh.Server.Tests.Engine;
using SessionMesh.Server.Tests.Support;
using SessionMesh.Storage;

namespace SessionMesh.Server.Tests.Store.Postgres;

/// <summary>A mesh goes from a file to PostgreSQL and back, and is the same mesh.</summary>
[Trait("Store", "SQLite")] // it begins with one
public sealed class MoveTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("mesh-move-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Mesh_ThatWentThereAndBack_IsTheSame()
    {
        var server = await PostgresServer.SharedAsync();
        await using var database = await server.CreateDatabaseAsync();
        await using var mesh = await MeshHost.StartAsync();
        await FillAsync(mesh);
        var revision = mesh.Revision;
        var (memory, tables) = (Projection.OfMemory(mesh.State), Projection.OfTables(mesh.Service<MeshStore>()));
        await mesh.StopAsync();
        var data = Path.Combine(_directory, "data");
        CopyDirectory(mesh.Directory, data);

        var there = await MoveAsync(database, "--from", "sqlite:" + data, "--to", "postgres");
        Assert.Equal($"revision {revision} sha256 ", there[..^64]);
        await using (var moved = await StartAsync(database, data))
        {
            Assert.Equal(memory, Projection.OfMemory(moved.State));
            Assert.Equal(tables, Projection.OfTables(moved.Service<MeshStore>()));
            Assert.Equal("[]", (await moved.PostAsync("admin/check")).Json["findings"]!.ToJsonString());
            await moved.SteerAsync("a", ""","message":"later" """);
            memory = Projection.OfMemory(moved.State);
            tables = Projection.OfTables(moved.Service<MeshStore>());
        }

        var back = Path.Combine(_directory, "back");
        await MoveAsync(database, "--from", "postgres", "--to", "sqlite:" + back);
        using var store = SqliteStore.Open(Path.Combine(back, StoreFile.Name));
        Assert.Equal(memory, Projection.OfMemory(Projection.Reloaded(store)));
        Assert.Equal(tables, Projection.OfTables(store));
        using var file = StoreFile.OpenReadOnly(Path.Combine(back, StoreFile.Name));
        Assert.Empty(StoreCheck.Look(file).Findings);
    }

    [Fact]
    public async Task Move_ThatWasInterrupted_GoesOn_AndNoServerOpensWhatItLeft()
    {
        var server = await PostgresServer.SharedAsync();
        await using var database = await server.CreateDatabaseAsync();
        await using var mesh = await MeshHost.StartAsync();
        await FillAsync(mesh);
        await mesh.StopAsync();
        var data = Path.Combine(_directory, "data");
        CopyDirectory(mesh.Directory, data);

        using (var store = SqliteStore.Open(Path.Combine(data, StoreFile.Name)))
        using (var half = PostgresStore.Open(PostgresSettings.Of(database.ConnectionString), "half"))
        {
            await using var from = store.OpenReader();
            await using var to = half.OpenWriter();
            to.AddRange(await from.Changes.AsNoTracking().Where(change => change.Revision <= 3).ToListAsync());
            await to.SaveChangesAsync();
            var refused = Assert.Throws<StartupException>(() => half.Load(new(), at => new(at, 1)));
            Assert.Equal(
                "A move into this schema was interrupted. Give the same command again, or drop the schema.", refused.Message);
        }

        await MoveAsync(database, "--from", "sqlite:" + data, "--to", "postgres");
        using (var store = SqliteStore.Open(Path.Combine(data, StoreFile.Name)))
        using (var whole = PostgresStore.Open(PostgresSettings.Of(database.ConnectionString), "whole"))
        {
            await using var from = store.OpenReader();
            await using var to = whole.OpenReader();
            Assert.Equal(await StoreMove.HashAsync(from), await StoreMove.HashAsync(to));
        }

        Assert.StartsWith("There is a mesh already (", await RefusedAsync(database, "--from", "sqlite:" + data, "--to", "postgres"));
    }

    [Fact]
    public async Task Move_OntoTheStartOfAnotherMesh_IsRefused()
    {
        var server = await PostgresServer.SharedAsync();
        await using var database = await server.CreateDatabaseAsync();
        await using var mesh = await MeshHost.StartAsync();
        await mesh.StopAsync();
        var data = Path.Combine(_directory, "data");
        CopyDirectory(mesh.Directory, data);
        using (var half = PostgresStore.Open(PostgresSettings.Of(database.ConnectionString), "half"))
        {
            await using var to = half.OpenWriter();
            to.Add(new ChangeRow { Revision = 1, Actor = "x", Kind = "key.minted", Subject = "y", Payload = "{}" });
            await to.SaveChangesAsync();
        }

        Assert.Equal(
            "Where it is to go there is another mesh. Nothing was changed; name another place.",
            await RefusedAsync(database, "--from", "sqlite:" + data, "--to", "postgres"));
    }

    [Fact]
    public async Task Move_OfWhatIsNotThere_IsRunning_OrIsNotUnderstood_IsRefused()
    {
        await using var mesh = await MeshHost.StartOnPostgresAsync();
        var database = mesh.OnPostgres;
        var nowhere = Path.Combine(_directory, "nowhere");
        Assert.Equal(
            $"There is no store in {nowhere}. Nothing was changed.",
            await RefusedAsync(database, "--from", "sqlite:" + nowhere, "--to", "postgres"));
        Assert.StartsWith(
            "Another node runs on this mesh, ", await RefusedAsync(database, "--from", "postgres", "--to", "sqlite:" + nowhere));
        Assert.False(File.Exists(Path.Combine(nowhere, StoreFile.Name)));
        string[][] wrong =
        [
            [], ["--from", "postgres", "--to", "postgres"], ["--from", "sqlite:a", "--to", "sqlite:b"],
            ["--from", "sqlite:", "--to", "postgres"], ["--from", "postgres"], ["--from", "postgres", "--to", "sqlite:a", "more"],
        ];
        foreach (var args in wrong)
        {
            Assert.StartsWith("Say move --from sqlite:DIR --to postgres", await RefusedAsync(database, args));
        }
    }

    private static async Task FillAsync(MeshHost mesh)
    {
        await mesh.RegisterAsync("a", more: ""","user":"u","labels":{"tier":"free"},"specializations":[{"name":"ocr","capacity":3}]""");
        await mesh.RegisterAsync("b", more: ""","parent_id":"a" """);
        await mesh.SteerAsync("a", ""","message":"one\u0000two\u001a0" """);
        (await mesh.PostAsync("steer", """{"selector":{"subtree":"a"},"expect":2,"direction":"south","message":"to both"}""")).ShouldBeOk();
        (await mesh.PostAsync("registry/claim", """{"specialization":"ocr","ttl":60}""")).ShouldBeOk();
        await mesh.PostAsync("sessions", """{"user":"u","ttl":60,"meta":{"k":"v"}}""", idempotencyKey: "once");
        (await mesh.DeleteAsync("agents/b?grace=0")).ShouldBeOk();
        await mesh.RevokeAsync(await mesh.MintAsync("""{"scopes":["mesh:read"]}"""));
    }

    private static Task<MeshHost> StartAsync(PostgresDatabase database, string data)
    {
        var file = Path.Combine(data, "..", "postgres");
        using (var secret = StoreFile.CreatePrivate(file))
        {
            secret.Write(System.Text.Encoding.UTF8.GetBytes(database.ConnectionString));
        }

        return MeshHost.StartAsync(_ => { }, directory: data, options: ["--store", "postgres", "--postgres-file", file]);
    }

    private static async Task<string> MoveAsync(PostgresDatabase database, params string[] args)
    {
        var output = new StringWriter();
        await MoveVerb.RunAsync(args, PostgresSettings.Environment(database.ConnectionString), output, TextWriter.Null);
        return output.ToString().Trim();
    }

    private static async Task<string> RefusedAsync(PostgresDatabase database, params string[] args) =>
        (await Assert.ThrowsAsync<StartupException>(() => MoveAsync(database, args))).Message;

    private static void CopyDirectory(string from, string to)
    {
        StoreDirectory.Claim(to);
        foreach (var file in Directory.GetFiles(from, StoreFile.Name + "*").Append(Path.Combine(from, "root.key")))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file))); // the log of SQLite beside the file, too
        }
    }
}
