using SessionMesh.Cli.Tests.Run;

using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Admin;

public sealed class AdminTests
{
    private const string Compacted = """
        {"running":false,"started_at":"2026-01-31T08:15:30.000Z","ended_at":"2026-01-31T08:15:31.000Z","failed":false,
         "removed":{"changes":12,"directives":3,"keys":0},"oldest_revision":13,
         "bytes":40960,"free_bytes":4096,"retention":{"log":2592000,"directives":2592000,"keys":2592000,"sessions":2592000}}
        """;

    [Fact]
    public async Task Compact_ShowsWhatWasRemoved()
    {
        using var tool = new Tool(Json(200, Compacted));
        var ran = await tool.RunAsync("admin compact");
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.Equal(["POST /admin/compact"], tool.Calls);
        Assert.Contains("changes=12,directives=3,keys=0", ran.Out, StringComparison.Ordinal);
        Assert.Contains("13", ran.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compact_RetentionOfAMeshThatRuns_IsItsOwnMatter()
    {
        using var tool = new Tool(Json(200, Compacted));
        var ran = await tool.RunAsync("admin compact --retain-log 7d");
        Assert.Equal(2, ran.Code);
        Assert.Contains("a mesh that runs keeps what its own options say", ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Calls);
        Assert.Contains(
            "--retain-keys takes a time of at least an hour",
            (await tool.RunAsync("admin compact --data x --retain-keys 5m")).Error,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task Check_ExitCodeSaysWhetherItIsWhole(bool ok, int code)
    {
        using var tool = new Tool(Json(200, $$"""
            {"ok":{{(ok ? "true" : "false")}},"findings":[{{(ok ? "" : "\"the log has a gap: 1 of its revisions are missing\"")}}],
             "revision":7,"oldest_revision":1,
             "counts":{"changes":7,"agents":1,"directives":2,"keys":1,"sessions":0,"receipts":0},"bytes":40960}
            """));
        var ran = await tool.RunAsync("admin check");
        Assert.Equal(code, ran.Code);
        Assert.Equal(!ok, ran.Out.Contains("the log has a gap", StringComparison.Ordinal));
        Assert.Equal(["POST /admin/check"], tool.Calls);
    }

    [Theory]
    [InlineData("--from here --to postgres", "'here' is no store", "--from sqlite:DIR, or --from postgres")]
    [InlineData("--from postgres --to sqlite:", "'sqlite:' is no store", "--to sqlite:DIR, or --to postgres")]
    public async Task Move_OfWhatIsNoStore_SaysWhatIsOne(string line, string said, string next)
    {
        using var tool = new Tool();
        var ran = await tool.RunAsync("admin move " + line);
        Assert.Equal(2, ran.Code);
        Assert.Contains(said, ran.Error, StringComparison.Ordinal);
        Assert.Contains(next, ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Backup_FileThatIsThere_IsNotReplaced_AndNobodyIsAsked()
    {
        using var tool = new Tool(Json(200, "{}"));
        var file = tool.WriteFile("b.db", "precious");
        var ran = await tool.RunAsync($"admin backup --out {file}");
        Assert.Equal(2, ran.Code);
        Assert.Contains("--force", ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Calls);
        Assert.Equal("precious", await File.ReadAllTextAsync(file));
        Assert.Equal(2, (await tool.RunAsync("admin backup")).Code);
        Assert.Equal(2, (await tool.RunAsync($"admin backup --out {tool.Home}")).Code);
    }

    [Theory]
    [InlineData(403, "missing_scope", 4)]
    [InlineData(409, "store_in_use", 5)]
    [InlineData(507, "disk_full", 1)]
    public async Task Backup_ThatIsRefused_LeavesNoFile(int status, string code, int exit)
    {
        using var tool = new Tool(Problem(status, code));
        var ran = await tool.RunAsync($"admin backup --out {Path.Combine(tool.Home, "b.db")}");
        Assert.Equal(exit, ran.Code);
        Assert.Contains(code, ran.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(tool.Home));
    }

    [Fact]
    public async Task Backup_AnswerThatIsNone_LeavesNoFile()
    {
        using var tool = new Tool(Json(200, "{}"));
        var ran = await tool.RunAsync($"admin backup --out {Path.Combine(tool.Home, "b.db")}");
        Assert.Equal(1, ran.Code);
        Assert.Contains("its answer is not a backup", ran.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(tool.Home));
    }

    [Fact]
    public async Task Backup_ThatIsCutOff_LeavesNoFile_AndSaysSo()
    {
        using var tool = new Tool(_ =>
        {
            var response = new HttpResponseMessage(System.Net.HttpStatusCode.OK)
            {
                Content = new StreamContent(new MemoryStream(new byte[100])),
            };
            response.Content.Headers.ContentLength = 200;
            response.Headers.Add("X-Mesh-Revision", "7");
            return Task.FromResult(response);
        });
        var ran = await tool.RunAsync($"admin backup --out {Path.Combine(tool.Home, "b.db")}");
        Assert.Equal(6, ran.Code);
        Assert.Contains("cut in the middle of the backup: 100 of 200 bytes came", ran.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(tool.Home));
    }

    [Fact]
    public async Task Restore_AsksFirst_AndSendsNothingWithoutAYes()
    {
        using var tool = new Tool(Json(202, "{}"));
        var file = tool.WriteFile("b.db", "backup");
        var ran = await tool.RunAsync($"admin restore {file}");
        Assert.Equal(2, ran.Code);
        Assert.Contains("--yes", ran.Error, StringComparison.Ordinal);
        tool.Typed = "n";
        ran = await tool.RunAsync($"admin restore {file}");
        Assert.Equal(1, ran.Code);
        Assert.Contains("nothing was restored", ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Calls);
        Assert.Equal(2, (await tool.RunAsync("admin restore nowhere.db --yes")).Code);
    }

    [Fact]
    public async Task Restore_SendsTheFile_AndSaysWhatTheServerSaid()
    {
        using var tool = new Tool(Json(202, """
            {"restarting":true,"revision":8,"current_revision":10,"counts":{"changes":8,"agents":3,"directives":3,"keys":1,"sessions":0,
             "receipts":0},"root_key_valid":true,"detail":"The server restarts."}
            """));
        var ran = await tool.RunAsync($"admin restore {tool.WriteFile("b.db", "backup")} --yes");
        Assert.Equal(0, ran.Code);
        Assert.Equal(["POST /admin/restore backup"], tool.Calls);
        Assert.Contains("The server restarts.", ran.Out, StringComparison.Ordinal);
    }

    /// <summary>The backup comes through a pipe, so that the copy stands still while the line is looked at.</summary>
    [Fact]
    public async Task Restore_OfAStoppedMesh_ShowsHowFarItIs()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var (server, clock) = (new HostedServer(), new TickedTime());
        await server.InitializeAsync();
        using var tool = new Tool(Json(200, "{}")) { Clock = clock };
        var backup = Path.Combine(tool.Home, "b.db");
        using (var network = new SocketsHttpHandler())
        {
            tool.Env["SESSION_API_KEY"] = server.RootKey;
            Assert.Equal(0, (await tool.RunAsync($"admin backup {backup} --url {server.Url}", network)).Code);
            await server.DisposeAsync();
        }

        var pipe = Path.Combine(tool.Home, "pipe");
        using (var made = System.Diagnostics.Process.Start("mkfifo", [pipe]))
        {
            await made.WaitForExitAsync();
        }

        tool.Typed = ""; // a terminal
        var data = Directory.CreateDirectory(Path.Combine(tool.Home, "data")).FullName;
        var restoring = Task.Run(() => tool.RunAsync($"admin restore {pipe} --data {data} --yes --fields revision,restarting"));
        await using (var into = new FileStream(pipe, FileMode.Open, FileAccess.Write))
        {
            clock.Tick!(null);
            await into.WriteAsync(await File.ReadAllBytesAsync(backup));
        }

        var ran = await restoring;
        Assert.Equal(
            (0, "\r⠋ copying the backup\e[K\r⠙ looking at the copy\e[K\r\e[K"), (ran.Code, ran.Error));
        Assert.True(File.Exists(Path.Combine(data, "mesh.db")));
    }

    /// <summary>Ticks when it is told to, and once more when its timer is given up.</summary>
    private sealed class TickedTime : TimeProvider
    {
        public TimerCallback? Tick { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Tick = callback;
            return new Last(() => callback(state));
        }

        private sealed class Last(Action tick) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose() => tick();

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }
        }
    }

    [Theory]
    [InlineData("backup --out b.db")]
    [InlineData("check")]
    [InlineData("compact")]
    public async Task Data_ThatIsNoMesh_IsRefused_AndNothingIsMadeThere(string command)
    {
        using var tool = new Tool(Json(200, "{}"));
        var ran = await tool.RunAsync($"admin {command} --data {tool.Home}");
        Assert.Equal(2, ran.Code);
        Assert.Contains("holds no store", ran.Error, StringComparison.Ordinal);
        Assert.Contains("of a mesh on PostgreSQL, a server that runs, without --data", ran.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(tool.Home));
        Assert.Equal(2, (await tool.RunAsync($"admin {command} --data {tool.Home}/nowhere")).Code);
    }

    [Fact]
    public async Task NewRoot_AsksFirst_AndShowsTheKeyToWhomItIsNotWrittenFor()
    {
        const string answer = """
            {"key_id":"bbbbbbbbbbbb","session_key":"root","token":"smk_bbbbbbbbbbbb_NEW_check1","scopes":["admin"],"generation":1,
             "revoked_count":3}
            """;
        using var tool = new Tool(Json(201, answer));
        var ran = await tool.RunAsync("admin new-root");
        Assert.Equal(2, ran.Code);
        Assert.Contains("--yes", ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Calls);

        ran = await tool.RunAsync("admin new-root --keep-children --yes");
        Assert.Equal(0, ran.Code);
        Assert.Equal(["""POST /admin/new-root {"keep_children":true}"""], tool.Calls);
        Assert.Contains("smk_bbbbbbbbbbbb_NEW_check1", ran.Out, StringComparison.Ordinal);

        var file = Path.Combine(tool.Home, "root-of-mesh.key");
        ran = await tool.RunAsync($"admin new-root --yes --out {file} -o json");
        Assert.DoesNotContain("NEW", ran.Out + ran.Error, StringComparison.Ordinal);
        Assert.Equal("smk_bbbbbbbbbbbb_NEW_check1\n", await File.ReadAllTextAsync(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Tool.ModeOf(file));

        // A key file that the server itself has written anew by now.
        var own = tool.WriteFile("root.key", "smk_bbbbbbbbbbbb_NEW_check1\n");
        ran = await tool.RunAsync($"admin new-root --yes --key-file {own}");
        Assert.DoesNotContain("NEW", ran.Out + ran.Error, StringComparison.Ordinal);
        Assert.Contains($"the key is in {own}", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NewRoot_OfAStoppedMesh_WithoutTheServersProgram_NamesTheWholeLine()
    {
        using var tool = new Tool(Json(201, "{}"));
        tool.WriteFile("my data/mesh.db", "");
        var ran = await tool.RunAsync($"admin new-root --data '{tool.Home}/my data' --keep-children --yes".Replace('\'', '"'));
        Assert.Equal(1, ran.Code);
        Assert.Contains(
            $"dotnet SessionMesh.Server.dll new-root --data '{tool.Home}/my data' --keep-children", ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Calls);
        Assert.Equal(2, (await tool.RunAsync($"admin new-root --data {tool.Home}/nowhere --yes")).Code);
    }
}
