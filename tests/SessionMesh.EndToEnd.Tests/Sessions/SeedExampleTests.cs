using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Sessions;

/// <summary>
/// The examples of the second seed, as they stand there but for the name of the program, in their order and on one store.
/// </summary>
public sealed class SeedExampleTests(Mesh mesh) : IClassFixture<Mesh>
{
    private const string Day = "2026-01-01";

    private const string Record =
        """{"type":"session","id":"abc123","user":"bob","status":"active","ttl":86400,"meta":"""
        + """{},"created_at":"2026-01-01T00:00:00Z","last_access":"2026-01-01T00:00:00Z","expires_at":"9999-01-01T00:00:00Z"}""";

    private const string OldRecord =
        """{"type":"session","id":"old","user":"bob","status":"expired","ttl":60,"meta":"""
        + $$"""{},"created_at":"{{Day}}T00:00:00Z","last_access":"{{Day}}T00:00:00Z","expires_at":"{{Day}}T00:01:00Z","expired_at":"""
        + $"\"{Day}T00:00:30.500000Z\"}}";

    private const string SetSession = """
        {"type":"session","id":"abc123","user":"bob","status":"active","ttl":86400,"meta":{"theme":"dark"},
         "created_at":"2026-01-01T00:00:00Z","last_access":"<time>","expires_at":"9999-01-01T00:00:00Z"}
        """;

    [Fact]
    public async Task Examples_RunAsWritten()
    {
        mesh.Scratch.Write("seed.jsonl", Record + "\n" + OldRecord + "\n");
        await mesh.DoneAsync("session-mesh session import seed.jsonl");

        var created = await Run("bash scripts/script.sh create --user alice --ttl 3600");
        Members.Equal("""
            {"ok":true,"session":{"type":"session","id":"<text>","user":"alice","status":"active","ttl":3600,"meta":{},
             "created_at":"<time>","last_access":"<time>","expires_at":"<time>"}}
            """, created.Json);
        var id = created.Json.GetProperty("session").Text("id")!;
        Assert.Matches("^[0-9a-f]{12}$", id);
        Assert.Equal(
            ["type", "id", "user", "status", "ttl", "meta", "created_at", "last_access", "expires_at"],
            created.Json.GetProperty("session").EnumerateObject().Select(member => member.Name));

        var got = await Run("bash scripts/script.sh get abc123");
        Members.Equal($$"""{"ok":true,"session":{{Record}}}""", got.Json);

        var set = await Run("bash scripts/script.sh set abc123 theme dark");
        Members.Equal($$"""{"ok":true,"session":{{SetSession}}}""", set.Json);

        var list = await Run("bash scripts/script.sh list --status active");
        Members.Equal($$"""{"ok":true,"count":2,"sessions":[{{SetSession}},{{Created(id)}}]}""", list.Json);

        var export = await Run("bash scripts/script.sh export --format json --output sessions.json");
        Members.Equal("""{"ok":true,"exported":3,"file":"sessions.json"}""", export.Json);
        Members.Equal($"[{SetSession},{OldRecord},{Created(id)}]", await File.ReadAllTextAsync(mesh.Scratch.File("sessions.json")));

        var cleanup = await Run("bash scripts/script.sh cleanup --dry-run");
        Members.Equal("""{"ok":true,"dry_run":true,"removed_count":1,"remaining_count":"<number>","removed_ids":["old"]}""", cleanup.Json);

        var stats = await Run("bash scripts/script.sh stats");
        Members.Equal(
            $$$"""
            {"ok":true,"stats":{"total_sessions":3,"active":2,"expired":1,"unique_users":2,"average_ttl_seconds":30020,
             "data_file":"{{{mesh.Server.Url}}}"}}
            """,
            stats.Json);
    }

    /// <summary>The usage column of the seed's table, every flag in it.</summary>
    [Fact]
    public async Task UsageColumn_RunsAsWritten()
    {
        var created = await mesh.DoneAsync("session-mesh session create --user USER --ttl 77 --meta KEY=VAL");
        var id = created.Json.GetProperty("session").Text("id");
        foreach (var line in new[]
        {
            $"get {id}", $"set {id} KEY VALUE", $"list --status expired --user USER --limit 3", $"expire {id}", $"refresh {id} --ttl 60",
            "export --format csv --output usage.csv", "cleanup --before 2020-01-01T00:00:00 --dry-run", "config", "config default_ttl",
            "config default_ttl 3600", $"delete {id}",
        })
        {
            var ran = await mesh.DoneAsync("session-mesh session " + line);
            Assert.Equal("True", ran.Json.GetProperty("ok").ToString());
            Assert.Equal("", ran.Error);
        }

        Assert.StartsWith("Keep sessions:", (await mesh.DoneAsync("session-mesh session help")).Out, StringComparison.Ordinal);
        Assert.StartsWith(
            "id,user,status,ttl,created_at,last_access,expires_at\r\n",
            await File.ReadAllTextAsync(mesh.Scratch.File("usage.csv")),
            StringComparison.Ordinal);
        Members.Equal("""{"ok":true,"tool":"session","version":"<text>"}""", (await mesh.DoneAsync("session-mesh session version")).Json);
    }

    [Fact]
    public async Task OnATerminal_ItIsATable_AndTheCodesHold()
    {
        var ran = await mesh.BashAsync("script -qec 'session-mesh session get nobody' /dev/null");
        Assert.Equal((1, "error: Session nobody not found\r\n"), (ran.Code, ran.Out));
        ran = await mesh.BashAsync("script -qec 'session-mesh session create --ttl soon' /dev/null");
        Assert.Equal(1, ran.Code);
        Assert.StartsWith("""{"error":"--ttl takes""", ran.Out, StringComparison.Ordinal);
    }

    private static string Created(string id) =>
        $$"""
        {"type":"session","id":"{{id}}","user":"alice","status":"active","ttl":3600,"meta":{},"created_at":"<time>","last_access":"<time>",
         "expires_at":"<time>"}
        """;

    private async Task<Ran> Run(string line)
    {
        var ran = await mesh.DoneAsync(line.Replace("bash scripts/script.sh", "session-mesh session", StringComparison.Ordinal));
        Assert.Equal("", ran.Error);
        return ran;
    }
}
