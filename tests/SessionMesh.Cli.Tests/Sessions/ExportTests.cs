using System.Net;
using System.Text;
using SessionMesh.Cli.Sessions.Export;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Sessions;

public sealed class ExportTests
{
    private const string Records = """
        [
          {"type":"session","id":"a","meta":{"k":"[{\"\\"}},
          {"type":"session","id":"é","meta":{}}
        ]

        """;

    private const string Csv =
        "id,user,status,ttl,created_at,last_access,expires_at\r\na,\"'=1,\n\"\"2\",active,3600,x,y,z\r\nb,u,expired,,x,y,\r\n";

    [Theory]
    [InlineData("", "GET /sessions/export")]
    [InlineData("--format csv --status expired --user alice", "GET /sessions/export?format=csv&status=expired&user=alice")]
    [InlineData("--format jsonl --output -", "GET /sessions/export?format=jsonl")]
    public async Task ToStdout_ItIsWhatTheServerWrote(string options, string call)
    {
        var body = options.Contains("csv", StringComparison.Ordinal) ? Csv : options.Contains(
            "jsonl", StringComparison.Ordinal) ? "{\"id\":\"é\u202e\"}\n" : Records;
        using var tool = new Tool(Json(200, body));

        Assert.Equal(new Ran(0, body, ""), await tool.RunAsync("session export " + options));
        Assert.Equal(call, Assert.Single(tool.Calls));
    }

    /// <summary>Elsewhere the option chooses a format; here it is the old script's, and names a file.</summary>
    [Theory]
    [InlineData("-o", "jsonl", true)]
    [InlineData("--output", "json", true)]
    [InlineData("--output", "sessions", false)]
    public async Task AFileCalledLikeAFormat_IsWritten_AndSaid(string option, string name, bool isSaid)
    {
        using var tool = new Tool(Json(200, "[]"));
        var before = Environment.CurrentDirectory;
        var file = Path.Combine(tool.Home, name);
        var ran = await tool.RunAsync($"session export {option} {(isSaid ? name : file)}");
        var written = isSaid ? Path.Combine(before, name) : file;
        Assert.Equal("[]", await File.ReadAllTextAsync(written));
        File.Delete(written);
        var said = $"-o and --output name a file here, and the export goes into one called {name}; --format chooses the format\n";
        Assert.Equal((0, isSaid ? said : ""), (ran.Code, ran.Error));
    }

    [Fact]
    public async Task OnATerminal_WhatIsHostileIsShown()
    {
        using var tool = new Tool(Json(200, "id,user\r\na,b\u202ec\u001b[2J\r\n")) { Width = 80 };

        Assert.Equal(new Ran(0, "id,user\na,b\\u202ec\\u001b[2J\n", ""), await tool.RunAsync("session export --format csv"));
    }

    [Theory]
    [InlineData("json", Records, 2)]
    [InlineData("json", "[]\n", 0)]
    [InlineData("jsonl", "{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"id\":\"c\"}\n", 3)]
    [InlineData("jsonl", "", 0)]
    [InlineData("csv", Csv, 2)]
    [InlineData("csv", "id,user\r\n", 0)]
    public async Task ToAFile_IsCounted_AndPrivate(string format, string body, int count)
    {
        using var tool = new Tool(Json(200, body));
        var file = Path.Combine(tool.Home, "sessions.out");

        Assert.Equal(
            new Ran(0, $"{{\n  \"ok\": true,\n  \"exported\": {count},\n  \"file\": \"{file}\"\n}}\n", ""),
            await tool.RunAsync($"session export --format {format} --output {file}"));
        Assert.Equal(body, await File.ReadAllTextAsync(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Tool.ModeOf(file));
        Assert.Equal([file], Directory.GetFiles(tool.Home));
    }

    [Theory]
    [InlineData("json", Records)]
    [InlineData("csv", Csv)]
    public void Counter_DoesNotMindHowTheAnswerIsCut(string format, string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        for (var size = 1; size <= bytes.Length; size++)
        {
            var counter = new RecordCounter(format);
            foreach (var piece in bytes.Chunk(size))
            {
                counter.Add(piece);
            }

            Assert.Equal((2, true), (counter.Count, counter.IsWhole));
        }
    }

    [Fact]
    public async Task AFileThatIsThere_IsLeft_UnlessForced()
    {
        using var tool = new Tool(Json(200, Records));
        var file = tool.WriteFile("mine.json", "mine");

        Assert.Equal(
            new Ran(1, "", $$"""{"error":"{{file}} already exists, and is not an export in json; --force replaces it"}""" + "\n"),
            await tool.RunAsync($"session export --output {file}"));
        Assert.Empty(tool.Server.Requests);
        Assert.Equal("mine", await File.ReadAllTextAsync(file));

        Assert.Equal(0, (await tool.RunAsync($"session export --output {file} --force")).Code);
        Assert.Equal(Records, await File.ReadAllTextAsync(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Tool.ModeOf(file));
    }

    [Fact]
    public async Task AFileThatComesToBeMeanwhile_IsLeft_Too()
    {
        var file = "";
        using var tool = new Tool(async cancellation =>
        {
            await File.WriteAllTextAsync(file, "theirs", cancellation);
            return await Json(200, Records)(cancellation);
        });
        file = Path.Combine(tool.Home, "late.json");

        Assert.Equal(
            new Ran(1, "", $$"""{"error":"somebody else has written {{file}} in the meantime; --force replaces it"}""" + "\n"),
            await tool.RunAsync($"session export --output {file}"));
        Assert.Equal("theirs", await File.ReadAllTextAsync(file));
        Assert.Equal([file], Directory.GetFiles(tool.Home));
    }

    [Fact]
    public async Task AnEarlierExport_ThatSomebodyWritesMeanwhile_IsLeft()
    {
        var file = "";
        using var tool = new Tool(async cancellation =>
        {
            await File.WriteAllTextAsync(file, "theirs", cancellation);
            return await Json(200, Records)(cancellation);
        });
        file = tool.WriteFile("earlier.json", """[{"type":"session","id":"a"}]""");

        Assert.Equal(
            new Ran(1, "", $$"""{"error":"somebody else has written {{file}} in the meantime; --force replaces it"}""" + "\n"),
            await tool.RunAsync($"session export --output {file}"));
        Assert.Equal("theirs", await File.ReadAllTextAsync(file));
        Assert.Equal([file], Directory.GetFiles(tool.Home));
    }

    [Fact]
    public async Task AnEarlierExportOfAnySize_IsReplaced()
    {
        using var tool = new Tool(Json(200, Records));
        var record = """{"type":"session","id":"a","meta":{"k":"x"}}""".Replace("x", new string('x', 200_000), StringComparison.Ordinal);
        var file = tool.WriteFile("large.json", $"[{record},{record}]");

        Assert.Equal(0, (await tool.RunAsync($"session export --output {file}")).Code);
        Assert.Equal(Records, await File.ReadAllTextAsync(file));
    }

    [Theory]
    [InlineData("/dev/null", "is not a regular file; leave --output out, and redirect")]
    [InlineData("/tmp", "is a directory; name a file")]
    public async Task WhatIsNoFile_IsRefused_ForcedOrNot(string file, string why)
    {
        using var tool = new Tool(Json(200, Records));

        Assert.Equal(
            new Ran(1, "", $$"""{"error":"{{file}} {{why}}"}""" + "\n"), await tool.RunAsync($"session export --force --output {file}"));
        Assert.Empty(tool.Server.Requests);
    }

    [Theory]
    [InlineData("json", "[{\"id\":\"a\"},")]
    [InlineData("json", "[{\"id\":\"a]")]
    [InlineData("json", "")]
    [InlineData("jsonl", "{\"id\":\"a\"}\n{\"id\":\"b\"")]
    [InlineData("csv", "id,user\r\na,\"b")]
    [InlineData("csv", "")]
    public async Task AnAnswerWithoutAnEnd_LeavesNothing(string format, string body)
    {
        using var tool = new Tool(Json(200, body));

        var ran = await tool.RunAsync($"session export --format {format} --output {tool.Home}/x");

        Assert.Equal((1, ""), (ran.Code, ran.Out));
        Assert.Contains("the answer has no end", ran.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(tool.Home));
    }

    [Fact]
    public async Task AnAnswerThatBreaksOff_LeavesNothing_OnlyOnStderrIsSaidWhy()
    {
        using var tool = new Tool(Breaking("{\"id\":\"a\"}\n"), Breaking("{\"id\":\"a\"}\n"));

        Assert.Equal(
            new Ran(
                1,
                "",
                """{"ok":false,"error":"the export broke off after 1 sessions: the connection was cut","code":"failed","try":"the """
                + """same command again"}"""
                    + "\n"),
            await tool.RunAsync($"session export --format jsonl --output {tool.Home}/x"));
        Assert.Empty(Directory.GetFiles(tool.Home));
        var ran = await tool.RunAsync("session export --format jsonl");
        Assert.Equal((1, "{\"id\":\"a\"}\n"), (ran.Code, ran.Out));
    }

    [Fact]
    public async Task AServerThatIsNotThere_LeavesNothing()
    {
        using var tool = new Tool(Broken());

        Assert.Equal(6, (await tool.RunAsync($"session export --output {tool.Home}/x")).Code);
        Assert.Empty(Directory.GetFiles(tool.Home));
    }

    [Fact]
    public async Task ADirectoryThatIsNotThere_IsSaid()
    {
        using var tool = new Tool(Json(200, Records));

        var ran = await tool.RunAsync($"session export --output {tool.Home}/no/x.json");

        Assert.Equal((1, ""), (ran.Code, ran.Out));
        Assert.Contains("there is no directory", ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Server.Requests);
    }

    private static Func<CancellationToken, Task<HttpResponseMessage>> Breaking(string said) => _ =>
        Task.FromResult(
            new HttpResponseMessage(HttpStatusCode.OK) { Content = new StreamContent(new CutStream(Encoding.UTF8.GetBytes(said))) });

    private sealed class CutStream(byte[] said) : MemoryStream(said)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            await base.ReadAsync(buffer, cancellationToken) is > 0 and var read ? read : throw new IOException("the wire was cut");
    }
}
