using System.Text;
using SessionMesh.Cli.Sessions.Import;
using SessionMesh.Cli.Tests.Run;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Sessions;

public sealed class ImportTests
{
    private const string AllTaken = """{"dry_run":false,"lines":2,"imported":1,"existing":1,"skipped_count":0,"skipped":[]}""";

    [Fact]
    public async Task AFile_IsSentAsItIs()
    {
        using var tool = new Tool(Json(200, AllTaken));
        var file = tool.WriteFile("data.jsonl", "{\"a\":1}\r\n\n{\"b\":2}");

        Assert.Equal(
            new Ran(0, """
                {
                  "ok": true,
                  "dry_run": false,
                  "lines": 2,
                  "imported": 1,
                  "existing": 1,
                  "skipped_count": 0,
                  "other_kind": 0,
                  "failed": 0,
                  "skipped": []
                }

                """, ""),
            await tool.RunAsync($"session import {file}"));
        Assert.Equal("POST /sessions/import {\"a\":1}\r\n\n{\"b\":2}", Assert.Single(tool.Calls));
        Assert.False(tool.Server.Requests[0].Headers.ContainsKey("Idempotency-Key"));
    }

    [Fact]
    public async Task StandardInput_WithAByteOrderMark_IsBytes()
    {
        using var tool = new Tool(Json(200, AllTaken.Replace("false", "true", StringComparison.Ordinal)))
        {
            PipedBytes = [0xEF, 0xBB, 0xBF, .. "{}\n"u8],
        };

        var ran = await tool.RunAsync("session import - --dry-run");

        Assert.Equal((0, ""), (ran.Code, ran.Error));
        Assert.Contains("\"dry_run\": true", ran.Out, StringComparison.Ordinal);
        Assert.Equal("POST /sessions/import?dry_run=true {}\n", Assert.Single(tool.Calls));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\uFEFF")]
    public async Task AnEmptyFile_AsksNobody(string content)
    {
        using var tool = new Tool(Json(200, AllTaken));
        var file = tool.WriteFile("empty.jsonl", content);

        var ran = await tool.RunAsync($"session import {file} -o jsonl");

        Assert.Equal(
            new Ran(
                0,
                """{"ok":true,"dry_run":false,"lines":0,"imported":0,"existing":0,"skipped_count":0,"other_kind":0,"failed":"""
                + """0,"skipped":[]}"""
                    + "\n",
                ""),
            ran);
        Assert.Empty(tool.Server.Requests);
    }

    [Fact]
    public async Task AnotherToolsLines_AreNoFailure()
    {
        using var tool = new Tool(
            Json(
                200,
                """{"dry_run":false,"lines":3,"imported":2,"existing":0,"skipped_count":1,"skipped":[{"line":"""
                + """2,"code":"other_kind","reason":"not a session"}]}"""))
        {
            PipedBytes = [.. "a\nb\nc\n"u8],
        };

        Assert.Equal(
            new Ran(
                0,
                """{"ok":true,"dry_run":false,"lines":3,"imported":2,"existing":0,"skipped_count":1,"other_kind":1,"failed":"""
                + """0,"skipped":[{"line":2,"code":"other_kind","reason":"not a session"}]}"""
                    + "\n",
                ""),
            await tool.RunAsync("session import - -o jsonl"));
    }

    [Fact]
    public async Task BrokenLines_AreNamed_AndCode1_AndTheOthersAreIn()
    {
        const string Answer = """
            {"dry_run":false,"lines":4,"imported":1,"existing":0,"skipped_count":3,
             "skipped":[{"line":1,"code":"broken","reason":"not JSON"},{"line":3,"code":"other_kind","reason":"not a session"},{"line":4,
             "code":"invalid","reason":"no id"}]}
            """;
        using var tool = new Tool(Json(200, Answer)) { PipedBytes = [.. "a\nb\nc\nd\n"u8] };

        var ran = await tool.RunAsync("session import - -o jsonl");
        Assert.Equal((1, ""), (ran.Code, ran.Error));
        Assert.StartsWith(
            """{"ok":false,"error":"2 of 4 lines could not be taken","dry_run":false,"lines":4,"imported":1,"existing":"""
            + """0,"skipped_count":3,"other_kind":1,"failed":2,"skipped":[{"line":1,""",
            ran.Out,
            StringComparison.Ordinal);

        tool.Width = 80;
        Assert.Equal(
            new Ran(1, """
                dry run     no
                lines       4
                imported    1
                existing    0
                other kind  1
                failed      2

                """, """
                line 1: not JSON (broken)
                line 4: no id (invalid)
                1 line is another tool's, and was left out

                """),
            await tool.RunAsync("session import -"));
    }

    /// <summary>It was two broken lines, and nothing said that the file is whole and of another form.</summary>
    [Fact]
    public async Task AJsonArray_SaysWhichFormatIsTaken()
    {
        using var tool = new Tool(Json(
            200, """
                {"dry_run":false,"lines":1,"imported":0,"existing":0,"skipped_count":1,
                 "skipped":[{"line":1,"code":"broken","reason":"is not a JSON object"}]}
                """));
        const string Hint = "the file is one JSON array, as 'session export' writes unless told otherwise; 'session export --format jsonl' "
            + "writes what import takes";
        var file = tool.WriteFile("sessions.json", " \n[{}]");

        var ran = await tool.RunAsync($"session import {file} -o jsonl");
        Assert.Equal((1, ""), (ran.Code, ran.Error));
        Assert.StartsWith(
            $$"""{"ok":false,"error":"1 of 1 lines could not be taken: {{Hint}}","dry_run":false,""", ran.Out, StringComparison.Ordinal);

        tool.Width = 80;
        Assert.Equal($"{Hint}\nline 1: is not a JSON object (broken)\n", (await tool.RunAsync($"session import {file}")).Error);
    }

    /// <summary>Of a file that takes several calls, too: the server keeps nothing of a dry run, and counted such an id again.</summary>
    [Fact]
    public async Task DryRun_CountsAsTheRunDoes_WhereIdsComeTwice()
    {
        var server = new HostedServer();
        await server.InitializeAsync();
        using var tool = new Tool(Broken());
        tool.Env["SESSION_API_KEY"] = server.RootKey;
        tool.Env["SESSION_MESH_URL"] = server.Url.ToString();
        var pad = new string('x', 5 * 1024 * 1024);
        string Record(string id, string user, string more = "") =>
            $$"""{"type":"session","id":"{{id}}","user":"{{user}}","created_at":"2026-01-31T08:00:00Z"{{more}}}""" + "\n";
        var file = tool.WriteFile(
            "data.jsonl",
            Record("there", "1") + Record("a", "1") + Record("a", "2") + Record("b", "1") + Record("d", "1", ",\"ttl\":\"x\"") + "{\n\n"
            + Record("pad", "1", $",\"pad\":\"{pad}\"")
            + Record("a", "3") + Record("a", "4") + Record("\\u0062", "2") + Record("c", "1") + Record("d", "2") + Record("there", "2")
            + Record("pad2", "1", $",\"pad\":\"{pad}\"")
            + Record("a", "5") + Record("c", "2") + Record("c", "3", ",\"ttl\":\"x\"") + Record("e", "1"));
        using var network = new SocketsHttpHandler();
        await tool.RunAsync($"session import {tool.WriteFile("before.jsonl", Record("there", "0"))}", network);

        var dry = await tool.RunAsync($"session import {file} --dry-run -o jsonl", network);
        var run = await tool.RunAsync($"session import {file} -o jsonl", network);

        Assert.Equal(dry.Out.Replace("\"dry_run\":true", "\"dry_run\":false", StringComparison.Ordinal), run.Out);
        Assert.Contains("\"lines\":18,\"imported\":7,\"existing\":8,", run.Out, StringComparison.Ordinal);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task ALongFile_GoesInPieces_CutAtLineEnds_AndTheAnswersAddUp()
    {
        var server = new CountingServer();
        var line = Encoding.UTF8.GetBytes(new string('x', 999) + "\n");
        var content = Enumerable.Repeat(line, 10_000).SelectMany(bytes => bytes).Concat("broken"u8.ToArray()).ToArray();
        using var tool = new Tool(server.AnswerAsync) { PipedBytes = content };
        tool.Server.Seen = server.See;

        var ran = await tool.RunAsync("session import - -o jsonl");

        Assert.Equal(
            new Ran(
                1,
                """
                {"ok":false,"error":"1 of 10001 lines could not be taken","dry_run":false,"lines":10001,"imported":10000,
                "existing":0,"skipped_count":1,"other_kind":0,"failed":1,"skipped":[{"line":10001,"code":"broken","reason":"no"}]}
                """.ReplaceLineEndings("") + "\n",
                ""),
            ran);
        Assert.Equal(4, server.Bodies.Count);
        Assert.Equal(["?dry_run=true", "?since=41", "?since=41", "?since=41"], tool.Server.Requests.Select(r => new Uri(r.Url).Query));
        Assert.All(server.Bodies, body => Assert.True(body.Length <= LineBlocks.DefaultSize));
        Assert.Equal(content, server.Bodies.SelectMany(body => body).ToArray());
    }

    [Fact]
    public async Task MoreSkipsThanAnAnswerLists_AreAskedForInPieces_ThatChangeNothing()
    {
        var server = new CountingServer();
        var lines = string.Concat(Enumerable.Range(1, 2500).Select(i => i == 2222 ? "broken\n" : "other\n"));
        using var tool = new Tool(server.AnswerAsync) { PipedBytes = Encoding.UTF8.GetBytes(lines) };
        tool.Server.Seen = server.See;

        var ran = await tool.RunAsync("session import - -o csv --fields lines,skipped_count,other_kind,failed");

        Assert.Equal(new Ran(1, "lines,skipped_count,other_kind,failed\r\n2500,2500,2499,1\r\n", ""), ran);
        Assert.Equal(
            ["", "?dry_run=true", "?dry_run=true", "?dry_run=true"], tool.Server.Requests.Select(request => new Uri(request.Url).Query));
    }

    [Fact]
    public async Task ServerThatGoesAway_IsSaidHowFarItCame()
    {
        var content = string.Concat(Enumerable.Repeat(new string('x', 999) + "\n", 5000));
        using var tool = new Tool(Json(200, AllTaken), Json(200, AllTaken), Problem(503, "busy"))
        {
            PipedBytes = Encoding.UTF8.GetBytes(content),
        };

        var ran = await tool.RunAsync("session import -");

        Assert.Equal(
            (1, "lines 1 to 4194 are done; import the file again when it can go on: what is there is left as it is\n"),
            (ran.Code, ran.Error));
        Assert.Contains("\"code\": \"busy\"", ran.Out, StringComparison.Ordinal);
        Assert.Equal(5, tool.Server.Requests.Count);
    }

    [Fact]
    public async Task AFileThatIsNotThere_IsAUsageError()
    {
        using var tool = new Tool(Json(200, AllTaken));

        Assert.Equal(
            new Ran(1, "", """{"error":"there is no file /nowhere.jsonl"}""" + "\n"),
            await tool.RunAsync("session import /nowhere.jsonl"));
        Assert.Empty(tool.Server.Requests);
    }

    [Theory]
    [InlineData("ab\ncd\nef", 6, "ab\ncd\n@0|ef@2")]
    [InlineData("ab\ncd\nef", 100, "ab\ncd\nef@0")]
    [InlineData("ab\n\n\ncd\n", 4, "ab\n\n@0|\ncd\n@2")]
    [InlineData("a\nbbbbbbbb\nc\n", 4, "a\n@0|too long@1|c\n@2")]
    [InlineData("bbbbbbbb", 4, "too long@0")]
    [InlineData("bbbb\nc", 4, "too long@0|c@1")]
    [InlineData("a\nbbb", 4, "a\n@0|bbb@1")]
    [InlineData("a\r\nb\r\n", 4, "a\r\n@0|b\r\n@1")]
    [InlineData("\uFEFFa\nb", 5, "a\n@0|b@1")]
    [InlineData("a\n\uFEFFb\n", 6, "a\n@0|\uFEFFb\n@1")]
    public async Task Blocks_AreWholeLines(string content, int size, string expected)
    {
        foreach (var slow in new[] { false, true })
        {
            using var input = new SlowStream(Encoding.UTF8.GetBytes(content), slow);
            var blocks = new LineBlocks(input, size, longest: size - 1);
            var seen = new List<string>();
            while (await blocks.NextAsync(CancellationToken.None) is { } block)
            {
                seen.Add($"{(block.IsTooLong ? "too long" : Encoding.UTF8.GetString(block.Bytes.Span))}@{block.LinesBefore}");
            }

            Assert.Equal(expected, string.Join('|', seen));
        }
    }

    [Theory]
    [InlineData(512, 1024L, 1, "512 B of 1.0 KiB, 512 B/s, 7 lines")]
    [InlineData(3 * 1024 * 1024, null, 2, "3.0 MiB, 1.5 MiB/s, 7 lines")]
    [InlineData(0, 0L, 0, "0 B of 0 B, 0 B/s, 7 lines")]
    public void Progress_IsBytesAndRate(long bytes, long? length, int seconds, string text) =>
        Assert.Equal(text, ImportProgress.Text(bytes, length, TimeSpan.FromSeconds(seconds), 7));

    /// <summary>Takes every line but those that say what is wrong with them, and lists the first thousand that it skips.</summary>
    private sealed class CountingServer
    {
        private byte[] _body = [];

        public List<byte[]> Bodies { get; } = [];

        public void See(byte[] body) => Bodies.Add(_body = body);

        public Task<HttpResponseMessage> AnswerAsync(CancellationToken cancellation)
        {
            var lines = Encoding.UTF8.GetString(_body)
                .Split('\n')
                .Select((text, i) => (text, Line: i + 1))
                .Where(line => line.text.Length > 0)
                .ToList();
            var skipped = lines.Where(line => line.text is "broken" or "other").ToList();
            var listed = skipped.Take(1000).Select(
                line => $$"""{"line":{{line.Line}},"code":"{{(line.text is "other" ? "other_kind" : "broken")}}","reason":"no"}""");
            return Json(200, $$"""
                {"dry_run":false,"lines":{{lines.Count}},"imported":{{lines.Count - skipped.Count}},"existing":0,
                 "skipped_count":{{skipped.Count}},"since":41,"skipped":[{{string.Join(',', listed)}}]}
                """)(cancellation);
        }
    }

    private sealed class SlowStream(byte[] content, bool slow) : MemoryStream(content)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(slow && buffer.Length > 1 ? buffer[..1] : buffer, cancellationToken);
    }
}
