using System.Net.Http.Headers;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Admin;

/// <summary>
/// Backup, restore, compact and check with the real tool and real servers: under load, stopped, and killed in the middle.
/// </summary>
public sealed class StoreTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public async Task Backup_UnderLoad_RestoredIntoAnotherMesh_HasAllThatWasAnsweredBefore()
    {
        await using var mesh = await Mesh.StartAsync();
        using var stop = new CancellationTokenSource();
        var answered = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var writers = Enumerable.Range(0, 8).Select(async writer =>
        {
            using var http = new MeshHttp(mesh.Server.Url, mesh.Server.RootKey);
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                Assert.Equal(201, (await http.PostAsync("agents", $$"""{"agent_id":"w{{writer}}-{{i}}","ttl":3600}""")).Status);
                answered.Enqueue($"w{writer}-{i}");
            }
        }).ToList();
        await Eventually.True(() => answered.Count > 100, () => $"{answered.Count} answers");
        var before = answered.ToList();
        var backup = (await mesh.DoneAsync("session-mesh admin backup --out b.db -o json")).Json;
        var during = answered.Count;
        await Eventually.True(() => answered.Count > during, () => "writing goes on");
        await stop.CancelAsync();
        await Task.WhenAll(writers);

        var file = mesh.Scratch.File("b.db");
        Assert.Equal((file, new FileInfo(file).Length), (backup.Text("file"), backup.GetProperty("bytes").GetInt64()));
        Assert.Equal(OwnerOnly, ModeOf(file));
        Assert.True(backup.GetProperty("revision").GetInt64() > before.Count);

        using var second = new ServerProcess(mesh.Scratch, "second");
        await second.StartAsync();
        var restored = (await mesh.DoneAsync(
            "session-mesh admin restore b.db --yes -o json", ("SESSION_MESH_URL", second.Url), ("SESSION_API_KEY", second.RootKey))).Json;
        Assert.Equal((true, false), (restored.GetProperty("restarting").GetBoolean(), restored.GetProperty("root_key_valid").GetBoolean()));
        using var there = new MeshHttp(second.Url, mesh.Server.RootKey);
        await UntilRestoredAsync(there, second);
        var agents = new HashSet<string>(StringComparer.Ordinal);
        for (string? cursor = null; ;)
        {
            var page = (await there.GetAsync($"agents?limit=1000{(cursor is null ? "" : "&cursor=" + cursor)}")).Json;
            agents.UnionWith(page.GetProperty("sessions").EnumerateArray().Select(row => row.Text("agent_id")!));
            if ((cursor = page.Text("next_cursor")) is null or "null")
            {
                break;
            }
        }

        Assert.Empty(before.Except(agents));
        Assert.Equal(201, (await there.PostAsync("agents", """{"agent_id":"afterwards"}""")).Status);
        Assert.True((await there.PostAsync("admin/check")).Json.GetProperty("ok").GetBoolean());
        Assert.False(second.Process.HasExited);
        Assert.Contains("is not valid in it", second.Printed, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(second.Data, "mesh.db.before-restore-*"));
    }

    [Fact]
    public async Task StoppedMesh_IsBackedUpCheckedCompactedAndRestored_AndOneThatRunsIsLeftAlone()
    {
        await using var mesh = await Mesh.StartAsync();
        Assert.Equal(201, (await mesh.Http.PostAsync("agents", """{"agent_id":"a"}""")).Status);
        foreach (var command in (string[])["backup --out refused.db", "restore x.db --yes", "compact", "check"])
        {
            mesh.Scratch.Write("x.db", "x");
            var refused = await mesh.BashAsync($"session-mesh admin {command} --data {mesh.Server.Data}");
            Assert.True(refused.Code == 5, $"{command}\n{refused}");
            Assert.Contains("a server holds", refused.Error, StringComparison.Ordinal);
        }

        Assert.Equal(0, (await mesh.Server.StopAsync()).Code);
        var script = $"session-mesh admin %s --data {mesh.Server.Data} -o json";
        string Line(string command) => script.Replace("%s", command, StringComparison.Ordinal);
        var backup = (await mesh.DoneAsync(Line("backup --out stopped.db"))).Json;
        Assert.Equal(2, backup.GetProperty("revision").GetInt64());
        Assert.Equal(OwnerOnly, ModeOf(mesh.Scratch.File("stopped.db")));
        var again = await mesh.BashAsync(Line("backup --out stopped.db"));
        Assert.Equal(2, again.Code);
        Assert.Contains("already exists", again.Error, StringComparison.Ordinal);
        await mesh.DoneAsync(Line("backup --out stopped.db --force"));

        var check = (await mesh.DoneAsync(Line("check"))).Json;
        Assert.True(check.GetProperty("ok").GetBoolean());
        var compacted = (await mesh.DoneAsync(Line("compact --retain-log 1h"))).Json;
        Assert.Equal(
            (0L, 1L, 0L),
            (compacted.GetProperty("removed").GetProperty("changes").GetInt64(), compacted.GetProperty("oldest_revision").GetInt64(),
             compacted.GetProperty("free_bytes").GetInt64()));

        await mesh.Server.StartAsync();
        Assert.Equal(201, (await mesh.Http.PostAsync("agents", """{"agent_id":"b"}""")).Status);
        await mesh.Server.StopAsync();
        Assert.Equal(2, (await mesh.BashAsync(Line("restore stopped.db"))).Code); // nobody to ask
        Assert.Equal(2, (await mesh.BashAsync(Line("restore x.db --yes"))).Code); // no backup
        var restored = (await mesh.DoneAsync(Line("restore stopped.db --yes"))).Json;
        Assert.Equal(
            (2L, 3L, true),
            (restored.GetProperty("revision").GetInt64(), restored.GetProperty("current_revision").GetInt64(),
             restored.GetProperty("root_key_valid").GetBoolean()));
        Assert.True(File.Exists(Path.Combine(mesh.Server.Data, "mesh.db.before-restore-3")));
        await mesh.Server.StartAsync();
        Assert.Equal((200, 404), ((await mesh.Http.GetAsync("agents/a")).Status, (await mesh.Http.GetAsync("agents/b")).Status));

        await mesh.Server.StopAsync();
        await mesh.DoneAsync(Line($"restore {mesh.Server.Data}/mesh.db.before-restore-3 --yes"));
        await mesh.Server.StartAsync();
        Assert.Equal(200, (await mesh.Http.GetAsync("agents/b")).Status);
    }

    [Fact]
    public async Task RunningMesh_RestoredToItsOwnBackup_GoesOnUnderTheSameAddressAndKey()
    {
        await using var mesh = await Mesh.StartAsync();
        Assert.Equal(201, (await mesh.Http.PostAsync("agents", """{"agent_id":"a"}""")).Status);
        await mesh.DoneAsync("session-mesh admin backup --out b.db");
        Assert.Equal(201, (await mesh.Http.PostAsync("agents", """{"agent_id":"b"}""")).Status);
        using var follower = mesh.Start("events", "-o", "json");
        await mesh.DoneAsync("session-mesh admin restore b.db --dry-run");
        Assert.Equal(200, (await mesh.Http.GetAsync("agents/b")).Status);
        await mesh.DoneAsync("session-mesh admin restore b.db --yes");
        await Eventually.True(
            async () => (await mesh.BashAsync("session-mesh show b")).Code == 3, () => $"the restored mesh\n{mesh.Server.Printed}");
        Assert.Equal(200, (await mesh.Http.GetAsync("agents/a")).Status);
        Assert.False(follower.HasExited);
        await mesh.DoneAsync("session-mesh admin check; session-mesh admin compact");
        Assert.Equal(0, (await mesh.Server.StopAsync()).Code); // the second server of the process ends as the first would
    }

    [Fact]
    public async Task ServerKilledInTheMiddleOfABackup_LosesNothing_AndClearsItAway()
    {
        await using var mesh = await Mesh.StartAsync();
        await FillAsync(mesh);
        using var http = Bare(mesh);
        using var response = await http.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, "admin/backup"), HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Single(Directory.GetFiles(Path.Combine(mesh.Server.Data, "tmp"))); // more than the sockets hold is still to come
        await mesh.Server.KillAsync();
        await mesh.Server.StartAsync();
        Assert.False(Directory.Exists(Path.Combine(mesh.Server.Data, "tmp")));
        await mesh.DoneAsync("session-mesh admin check");
        Assert.Equal(700, (await mesh.Http.GetAsync("agents/a")).Number("pending"));
    }

    [Fact]
    public async Task ServerKilledWhileARestoreIsReceived_IsAsItWas()
    {
        await using var mesh = await Mesh.StartAsync();
        await FillAsync(mesh);
        await mesh.DoneAsync("session-mesh admin backup --out b.db");
        Assert.Equal(201, (await mesh.Http.PostAsync("agents", """{"agent_id":"later"}""")).Status);
        using var http = Bare(mesh);
        var half = new HalfOf(await File.ReadAllBytesAsync(mesh.Scratch.File("b.db")));
        using var request = new HttpRequestMessage(HttpMethod.Post, "admin/restore") { Content = half };
        var sending = http.SendAsync(request);
        await Eventually.True(
            () => Directory.Exists(Path.Combine(mesh.Server.Data, "tmp"))
                && Directory.GetFiles(Path.Combine(mesh.Server.Data, "tmp")) is [var file] && new FileInfo(file).Length > 0,
            () => "the first half is there");
        await mesh.Server.KillAsync();
        half.Release();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => sending);
        await mesh.Server.StartAsync();
        Assert.Empty(Directory.GetFiles(mesh.Server.Data, "mesh.db.*restore*"));
        Assert.False(Directory.Exists(Path.Combine(mesh.Server.Data, "tmp")));
        Assert.Equal(200, (await mesh.Http.GetAsync("agents/later")).Status);
        await mesh.DoneAsync("session-mesh admin check");
    }

    private static UnixFileMode ModeOf(string path) =>
        OperatingSystem.IsWindows() ? throw new PlatformNotSupportedException("files have no mode there") : File.GetUnixFileMode(path);

    /// <summary>Eleven million bytes of directives.</summary>
    private static async Task FillAsync(Mesh mesh)
    {
        Assert.Equal(201, (await mesh.Http.PostAsync("agents", """{"agent_id":"a","ttl":3600}""")).Status);
        var message = new string('m', 16_000);
        await Parallel.ForAsync(0, 700, async (_, _) =>
            Assert.Equal(
                200, (await mesh.Http.PostAsync("steer", $$"""{"agent_id":"a","direction":"north","message":"{{message}}"}""")).Status));
    }

    private static HttpClient Bare(Mesh mesh) => new()
    {
        BaseAddress = new Uri($"{mesh.Server.Url}/api/session-mesh/"),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", mesh.Server.RootKey) },
        Timeout = Eventually.Bound,
    };

    private static Task UntilRestoredAsync(MeshHttp http, ServerProcess server) => Eventually.True(
        async () =>
        {
            try
            {
                return (await http.GetAsync("alive")).Status == 200;
            }
            catch (HttpRequestException)
            {
                return false; // between the one server and the next
            }
        },
        () => $"the restored mesh\n{server.Printed}");

    /// <summary>A body of which the second half does not come until it is released.</summary>
    private sealed class HalfOf(byte[] body) : HttpContent
    {
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Release() => _released.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            await stream.WriteAsync(body.AsMemory(0, body.Length / 2));
            await stream.FlushAsync();
            await _released.Task;
            await stream.WriteAsync(body.AsMemory(body.Length / 2));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return true;
        }
    }
}
