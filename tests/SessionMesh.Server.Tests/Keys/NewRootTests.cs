using SessionMesh.Server.Engine;
using SessionMesh.Server.Hosting;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Keys;

public sealed class NewRootTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public async Task NewRoot_EndsTheOldOneAndAllBelow_AndIsInTheKeyFile()
    {
        await using var mesh = await MeshHost.StartAsync();
        var (old, child) = (mesh.RootKey, await mesh.MintAsync("{}"));
        var grandchild = await mesh.MintAsync("""{"scopes":["mesh:read"]}""", child);
        var reply = await mesh.PostAsync("admin/new-root");
        var token = reply.Json["token"]!.GetValue<string>();
        mesh.Canary.Issued(token);
        reply.ShouldBe(201, $$"""
            {"key_id":"{{token[4..16]}}","session_key":"root","token":"{{token}}","scopes":["admin"],"generation":1,"revoked_count":3}
            """);
        Assert.Contains("no-store", reply.Headers["Cache-Control"], StringComparison.Ordinal);
        foreach (var gone in new[] { old, child, grandchild })
        {
            (await mesh.GetAsync("alive", gone)).ShouldBeProblem(401, "unauthenticated");
        }

        Assert.Equal(token + "\n", await File.ReadAllTextAsync(KeyFile(mesh)));
        Assert.Equal(OwnerOnly, ModeOf(KeyFile(mesh)));
        Assert.False(File.Exists(KeyFile(mesh) + ".new"));
        await mesh.RestartAsync();
        Assert.Equal(token, mesh.RootKey);
        Assert.Equal(200, (await mesh.GetAsync("alive")).Status);
        (await mesh.GetAsync("alive", child)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task NewRoot_KeepingTheChildren_EndsTheOldOneAlone_AndTheyAreBelowTheNewOne()
    {
        await using var mesh = await MeshHost.StartAsync();
        var (old, child) = (mesh.RootKey, await mesh.MintAsync("""{"session_key":"ops"}"""));
        await using var open = await mesh.ListenAsync("events", old);
        var reply = await mesh.PostAsync("admin/new-root", """{"keep_children":true}""", child);
        var token = reply.Json["token"]!.GetValue<string>();
        mesh.Canary.Issued(token);
        Assert.Equal((201, 2, 1), (reply.Status, reply.Json["generation"]!.GetValue<int>(), reply.Json["revoked_count"]!.GetValue<int>()));
        (await mesh.GetAsync("alive", old)).ShouldBeProblem(401, "unauthenticated");
        Assert.Equal(200, (await mesh.GetAsync("alive", child)).Status);
        await mesh.RestartAsync();
        Assert.Equal(token, mesh.RootKey);
        Assert.Equal(token[4..16], (await mesh.GetAsync("keys/" + child[4..16])).Json["parent_id"]!.GetValue<string>());
        var again = await mesh.PostAsync("keys", """{"session_key":"ops"}"""); // the same name under the same parent: a rotation
        Assert.Equal(2, again.Json["generation"]!.GetValue<int>());
        mesh.Canary.Issued(again.Json["token"]!.GetValue<string>());
        Assert.Equal(200, (await mesh.DeleteAsync("keys/" + token[4..16])).Status);
        (await mesh.GetAsync("alive", child)).ShouldBeProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task NewRoot_RepeatedUnderItsKey_ShowsTheSecretOnce()
    {
        await using var mesh = await MeshHost.StartAsync();
        var admin = await mesh.MintAsync("""{"scopes":["admin"]}""");
        var first = await mesh.PostAsync("admin/new-root", """{"keep_children":true}""", admin, idempotencyKey: "k");
        mesh.Canary.Issued(first.Json["token"]!.GetValue<string>());
        var file = await File.ReadAllTextAsync(KeyFile(mesh));
        var again = await mesh.PostAsync("admin/new-root", """{"keep_children":true}""", admin, idempotencyKey: "k");
        Assert.Equal((409, "secret_not_repeatable"), (again.Status, again.Json["code"]!.GetValue<string>()));
        Assert.Equal(first.Json["key_id"]!.GetValue<string>(), again.Json["key_id"]!.GetValue<string>());
        Assert.Equal(file, await File.ReadAllTextAsync(KeyFile(mesh)));
        Assert.False(File.Exists(KeyFile(mesh) + ".new"));
    }

    [Fact]
    [Trait("Store", "SQLite")] // its disk is full
    public async Task NewRoot_ThatIsRefused_LeavesTheKeyFileAlone()
    {
        await using var mesh = await MeshHost.StartAsync();
        var before = await File.ReadAllTextAsync(KeyFile(mesh));
        (await mesh.PostAsync("admin/new-root", """{"keep":true}""")).ShouldBeRefused(400, "invalid_request");
        Directory.CreateDirectory(KeyFile(mesh) + ".new"); // nothing can be written there
        (await mesh.PostAsync("admin/new-root")).ShouldBeProblem(507, "disk_full");
        Directory.Delete(KeyFile(mesh) + ".new");
        Assert.Equal(before, await File.ReadAllTextAsync(KeyFile(mesh)));
        Assert.Equal(200, (await mesh.GetAsync("alive")).Status);
    }

    /// <summary>A crash after the secret was written down, before or after the key was committed.</summary>
    [Theory]
    [Trait("Store", "SQLite")] // on PostgreSQL the file has the name of the node in its own
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_AfterACrashInTheMiddleOfANewRoot_HasAKeyFileThatOpensTheMesh(bool committed)
    {
        await using var mesh = await MeshHost.StartAsync();
        var old = mesh.RootKey;
        var waiting = old;
        if (committed)
        {
            waiting = (await mesh.PostAsync("admin/new-root")).Json["token"]!.GetValue<string>();
            mesh.Canary.Issued(waiting);
        }
        else
        {
            waiting = Server.Auth.KeyToken.New().Token;
        }

        await mesh.StopAsync();
        await File.WriteAllTextAsync(KeyFile(mesh), old + "\n");
        await File.WriteAllTextAsync(KeyFile(mesh) + ".new", waiting + "\n");
        await mesh.RestartAsync();
        Assert.Equal(committed ? waiting : old, mesh.RootKey);
        Assert.False(File.Exists(KeyFile(mesh) + ".new"));
        Assert.Equal(200, (await mesh.GetAsync("alive")).Status);
    }

    /// <summary>Revoking the root key locked everybody out for good.</summary>
    [Fact]
    [Trait("Store", "SQLite")]
    public async Task Verb_OnAStoppedMeshWhoseRootKeyWasRevoked_OpensItAgain()
    {
        await using var mesh = await MeshHost.StartAsync();
        await CatchUpAsync(mesh);
        await mesh.RegisterAsync("a");
        Assert.Equal(200, (await mesh.DeleteAsync("keys/" + mesh.RootKey[4..16])).Status);
        (await mesh.GetAsync("alive")).ShouldBeProblem(401, "unauthenticated");
        var held = await Assert.ThrowsAsync<StartupException>(() => RunAsync("--data", mesh.Directory));
        Assert.Contains("Another server holds the data directory", held.Message, StringComparison.Ordinal);
        await mesh.StopAsync();
        Assert.Equal(KeyFile(mesh) + Environment.NewLine, await RunAsync("--data", mesh.Directory));
        Assert.Equal(OwnerOnly, ModeOf(KeyFile(mesh)));
        await mesh.RestartAsync();
        Assert.Equal(200, (await mesh.GetAsync("agents/a")).Status);
        Assert.Equal("mesh", (await mesh.ChangeAsync("key.minted", mesh.RootKey[4..16])).Json["actor"]!.GetValue<string>());
    }

    [Fact]
    public async Task Verb_OnPostgres_OpensTheMeshAgain_ButNotBesideAServer_AndMakesNone()
    {
        await using var mesh = await MeshHost.StartOnPostgresAsync();
        await CatchUpAsync(mesh);
        await mesh.RegisterAsync("a");
        await mesh.RevokeAsync(mesh.RootKey);
        var elsewhere = Path.Combine(mesh.Directory, "elsewhere");
        string[] store = ["--store", "postgres", "--postgres-file", Path.Combine(mesh.Directory, "postgres")];
        var running = await Assert.ThrowsAsync<StartupException>(() => RunAsync([.. store, "--data", elsewhere]));
        Assert.StartsWith("Another node runs on this mesh", running.Message, StringComparison.Ordinal);
        await mesh.PostAsync("agents/a/heartbeat"); // and that goes on
        await mesh.StopAsync();
        Assert.Equal(KeyFile(mesh) + Environment.NewLine, await RunAsync([.. store, "--data", mesh.Directory]));
        await mesh.RestartAsync();
        Assert.Equal(200, (await mesh.GetAsync("agents/a")).Status);
        Assert.Empty(mesh.Findings());

        await using var empty = await mesh.OnPostgres.Server.CreateDatabaseAsync();
        var none = await Assert.ThrowsAsync<StartupException>(() => NewRootVerb.RunAsync(
            ["--store", "postgres", "--data", elsewhere],
            name => name == PostgresOptions.Variable ? empty.ConnectionString : null,
            TextWriter.Null));
        Assert.StartsWith("There is no mesh in this database", none.Message, StringComparison.Ordinal);
    }

    /// <summary>As a start does: the store's clock may be wrong, or the machine's.</summary>
    [Fact]
    [Trait("Store", "SQLite")]
    public async Task Verb_OnAStoreOfLongAgo_IsRefused_UnlessTheClockIsAccepted()
    {
        await using var mesh = await MeshHost.StartAsync(); // its clock begins in January 2026
        await mesh.StopAsync();
        var before = await File.ReadAllTextAsync(KeyFile(mesh));
        var refused = await Assert.ThrowsAsync<StartupException>(() => RunAsync("--data", mesh.Directory));
        Assert.Contains("If the clock is right, say --accept-clock", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllTextAsync(KeyFile(mesh)));
        Assert.Equal(KeyFile(mesh) + Environment.NewLine, await RunAsync("--data", mesh.Directory, "--accept-clock"));
        Assert.NotEqual(before, await File.ReadAllTextAsync(KeyFile(mesh)));
    }

    [Fact]
    [Trait("Store", "SQLite")]
    public async Task Verb_KeepsTheChildrenIfAsked_AndSaysWhatItDoesNotUnderstand()
    {
        await using var mesh = await MeshHost.StartAsync();
        await CatchUpAsync(mesh);
        await mesh.RegisterAsync("a");
        // Without an end of its own: the verb's clock is the machine's.
        var (old, child) = (mesh.RootKey, await mesh.MintAsync("""{"agent_id":"a"}"""));
        await mesh.StopAsync();
        await RunAsync("--data=" + mesh.Directory, "--keep-children");
        await mesh.RestartAsync();
        Assert.Equal(200, (await mesh.GetAsync("agents/a", child)).Status);
        (await mesh.GetAsync("alive", old)).ShouldBeProblem(401, "unauthenticated");
        foreach (var wrong in (string[][])
            [["--data"], ["--keep"], ["x"], ["--accept-clock", "x"], ["--data", mesh.Directory, "--urls", "http://127.0.0.1:1"]])
        {
            Assert.Contains(
                "is not understood here",
                (await Assert.ThrowsAsync<StartupException>(() => RunAsync(wrong))).Message,
                StringComparison.Ordinal);
        }

        var empty = Directory.CreateDirectory(Path.Combine(mesh.Directory, "empty")).FullName;
        Assert.Contains(
            "There is no store in",
            (await Assert.ThrowsAsync<StartupException>(() => RunAsync("--data", empty))).Message,
            StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(empty));
    }

    /// <summary>
    /// The verb's clock is the machine's, and it opens no store whose last change is too far from that. The server follows no jump that
    /// is too large either, so it is taken there in steps.
    /// </summary>
    private static async Task CatchUpAsync(MeshHost mesh)
    {
        while (TimeProvider.System.GetUtcNow() - mesh.Time.GetUtcNow() is var behind && behind > TimeSpan.FromDays(1))
        {
            mesh.Time.JumpWall(behind < MeshClock.MostApart / 2 ? behind : MeshClock.MostApart / 2);
            (await mesh.GetAsync("status")).ShouldBeOk();
        }
    }

    private static async Task<string> RunAsync(params string[] args)
    {
        await using var output = new StringWriter();
        await NewRootVerb.RunAsync(args, _ => null, output);
        return output.ToString();
    }

    private static string KeyFile(MeshHost mesh) => Path.Combine(mesh.Directory, "root.key");

    private static UnixFileMode ModeOf(string path) =>
        OperatingSystem.IsWindows() ? throw new PlatformNotSupportedException("files have no mode there") : File.GetUnixFileMode(path);
}
