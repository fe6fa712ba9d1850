using System.Text;
using System.Text.Json.Nodes;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Tests.Hooks;

/// <summary><c>hook PROGRAM</c>: what it sends of an event, and what it prints.</summary>
public sealed class HookCommandTests(HookServer server) : IClassFixture<HookServer>
{
    /// <summary>An event that begins a session, the first that carries words, and the answer that has them.</summary>
    public static TheoryData<string, string, string, string> Programs() => new()
    {
        { "claude-code", "SessionStart", "PostToolUse", Context("PostToolUse") },
        { "codex", "SessionStart", "PreToolUse", Context("PreToolUse") },
        { "gemini", "SessionStart", "AfterTool", Context("AfterTool") },
        { "opencode", "session.start", "tool.after", """{"tell":"$"}""" },
    };

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task FirstEvent_RegistersTheAgent(string program, string begin, string next, string answer)
    {
        _ = (next, answer);
        using var session = new HookedSession(server, program);

        Assert.Equal(new Ran(0, "", ""), await session.TakeAsync(begin, """ "source":"startup" """));

        var row = await session.RowAsync();
        Assert.Equal(("alive", "idle"), (row["status"]!.GetValue<string>(), row["activity"]!.GetValue<string>()));
        var labels = new JsonObject
        {
            ["agent"] = program, ["host"] = session.Host, ["project"] = "tidy", ["session"] = session.Id,
        };
        Assert.True(JsonNode.DeepEquals(labels, row["labels"]), row["labels"]!.ToJsonString());
        Assert.Equal(("ok", null, "1 0 0 0"), session.Ledger());
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task Steer_IsPrinted_AndDeliveredOnceItIsWritten(string program, string begin, string next, string answer)
    {
        using var session = new HookedSession(server, program);
        await session.PassAsync(begin);
        var steer = await session.SteerAsync();
        string? stateBefore = null;
        session.Before = async call => stateBefore = call.Body.Contains("written", StringComparison.Ordinal)
            ? await session.StateAsync(steer)
            : null;

        var ran = await session.TakeAsync(next, """ "tool_name":"Bash" """);

        var words = JsonValue.Create(session.Words(steer)).ToJsonString();
        Assert.Equal(new Ran(0, answer.Replace("\"$\"", words, StringComparison.Ordinal), ""), ran);
        Assert.Equal("queued", stateBefore);
        await session.IsAsync(steer, "delivered");
        var last = session.Calls.Last();
        Assert.Equal(("/hooks/" + program, ""), (last.Path, last.Query));
        Assert.Matches($$"""^{"hook_event_name":"session-mesh:written","session_id":"{{session.Id}}","receipt":"[0-9]+"}$""", last.Body);
    }

    public static TheoryData<string> BrokenOutputs() => ["closed", "full", "broken"];

    [Theory]
    [MemberData(nameof(BrokenOutputs))]
    public async Task Steer_ThatCouldNotBeWritten_IsNotDelivered_AndComesAgain(string how)
    {
        using var session = new HookedSession(server);
        await session.PassAsync("SessionStart");
        var steer = await session.SteerAsync();
        session.Tool.Failing = how switch
        {
            "closed" => new OutputClosedException(),
            "full" => new OutputFailedException("no space left on device"),
            _ => new IOException("broken"),
        };

        Assert.Equal(new Ran(0, "", ""), await session.TakeAsync("PostToolUse"));

        Assert.Equal(2, session.Calls.Count); // no receipt
        Assert.Equal("queued", await session.StateAsync(steer));
        session.Tool.Failing = null;
        var stop = await session.TakeAsync("Stop");
        Assert.Equal(session.Words(steer), JsonNode.Parse(stop.Out)!["reason"]!.GetValue<string>());
        await session.IsAsync(steer, "delivered");
    }

    [Fact]
    public async Task Event_IsSentWithoutPromptArgumentsAndResults()
    {
        using var session = new HookedSession(server);
        session.Tool.Env["SESSION_MESH_AGENT_ID"] = "above-" + session.Agent;

        await session.PassAsync("SessionStart", """ "source":"startup","transcript_path":"/secret/transcript","model":"secret" """);
        await session.PassAsync("UserPromptSubmit", """ "prompt":"a secret","detail":"a secret" """);
        await session.PassAsync(
            "PostToolUse",
            """ "agent_type":"x","tool_name":"Bash","tool_input":{"command":"secret","task_id":"t1"}, """
            + """ "tool_response":{"stdout":"secret","agentId":"s1"} """);
        await session.PassAsync("PostToolUse", """ "tool_name":"Read","tool_input":"secret","tool_response":"secret" """);

        string Sent(string name, string more = "") =>
            $$"""{"hook_event_name":"{{name}}","session_id":"{{session.Id}}"{{more}}""";
        Assert.Equal(
            [
                Sent("SessionStart", ""","source":"startup","cwd":"/home/ann/tidy"}"""),
                Sent("UserPromptSubmit", ""","cwd":"/home/ann/tidy"}"""),
                Sent(
                    "PostToolUse",
                    ""","agent_type":"x","tool_name":"Bash","cwd":"/home/ann/tidy","tool_response":{"agentId":"s1"},"""
                    + """ "tool_input":{"task_id":"t1"}}""".TrimStart()),
                Sent("PostToolUse", ""","tool_name":"Read","cwd":"/home/ann/tidy"}"""),
            ],
            session.Calls.Select(call => call.Body));
        Assert.All(session.Calls, call => Assert.Equal($"{session.Query}&parent=above-{session.Agent}&hold=0", call.Query));
    }

    [Fact]
    public async Task Detail_IsTheBeginningOfTheArguments_AndOnlyThose()
    {
        using var session = new HookedSession(server);
        var command = new string('x', 1000);

        Assert.Equal(
            new Ran(0, "", ""),
            await session.TakeAsync(
                "PreToolUse", $$$""" "tool_name":"Bash","tool_input":{"command":"{{{command}}}"},"prompt":"secret" """, "--detail"));

        var call = Assert.Single(session.Calls);
        var detail = """{"command":"xxx"""[..12] + command;
        Assert.Equal(detail[..500] + "…", JsonNode.Parse(call.Body)!["detail"]!.GetValue<string>());
        Assert.Equal(
            ["hook_event_name", "session_id", "tool_name", "cwd", "detail"],
            JsonNode.Parse(call.Body)!.AsObject().Select(member => member.Key));
        Assert.Equal(session.Query + "&detail=true&hold=0", call.Query);
        Assert.Equal("Bash " + detail[..500] + "…", (await session.RowAsync())["note"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("", "unreadable")]
    [InlineData("no JSON", "unreadable")]
    [InlineData("[]", "unreadable")]
    [InlineData("{}", "unreadable")]
    [InlineData("""{"hook_event_name":"Stop"}""", "unreadable")]
    [InlineData("""{"hook_event_name":"Stop","session_id":7}""", "unreadable")]
    [InlineData("""{"hook_event_name":"Stop","session_id":"s1" """, "unreadable")]
    [InlineData("""{"session_id":"s1"}""", "ok")]
    [InlineData("""{"hook_event_name":"Stop","session_id":"not an id"}""", "ok")]
    [InlineData("""{"hook_event_name":"Stop","session_id":"s1","agent_id":"not an id"}""", "ok")]
    [InlineData("""{"hook_event_name":"Unheard","session_id":"s1"}""", "ok")]
    public async Task Input_ThatIsNoEvent_IsAnsweredWithNothing(string input, string outcome)
    {
        using var session = new HookedSession(server);
        Assert.Equal(new Ran(0, "", ""), await session.RunAsync(input));
        Assert.Equal((outcome, null, outcome == "ok" ? "1 0 0 0" : "0 0 1 0"), session.Ledger());
        Assert.Equal(outcome == "ok" ? 1 : 0, session.Calls.Count);
    }

    /// <summary>Whoever writes it would be cut off by a pipe that is closed.</summary>
    [Fact]
    public async Task Input_ThatIsTooLarge_IsReadToTheEnd_AndCounted()
    {
        using var session = new HookedSession(server);
        using var input = new Growing("""{"hook_event_name":"Stop","session_id":"s1","x":" """u8.ToArray(), (16 * 1024 * 1024) + 1);
        session.Tool.PipedStream = input;
        Assert.Equal(new Ran(0, "", ""), await session.RunAsync(""));
        Assert.Equal(0, input.Left);
        Assert.Equal(("too_large", null, "0 0 0 1"), session.Ledger());
        Assert.Empty(session.Calls);
    }

    /// <summary>Whoever started us may have closed it, or has left it open and writes nothing more.</summary>
    [Theory]
    [InlineData("", "unreadable")]
    [InlineData("""{"hook_event_name":"Stop","session_id":"s1" """, "unreadable")]
    [InlineData("""{"hook_event_name":"Stop","session_id":"s1"}""", "ok")]
    public async Task Input_ThatFallsSilent_IsTakenForWhatCame(string input, string outcome)
    {
        using var session = new HookedSession(server);
        using var stream = new Silent(Encoding.UTF8.GetBytes(input));
        session.Tool.PipedStream = stream;
        var running = session.RunAsync("");
        await stream.IsSilent.WaitAsync(Eventually.Bound);
        await session.Time.ArmedAsync(TimeSpan.FromSeconds(4));
        Assert.False(running.IsCompleted);
        session.Time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(new Ran(0, "", ""), await running);
        Assert.Equal((outcome, null, outcome == "ok" ? "1 0 0 0" : "0 0 1 0"), session.Ledger());
    }

    [Theory]
    [InlineData("hook", "PROGRAM")]
    [InlineData("hook no-program", "there is no hook of no-program")]
    [InlineData("hook openclaw", "there is no hook of openclaw")]
    [InlineData("hook claude-code --unknown", "--unknown")]
    [InlineData("hook claude-code one-more", "one-more")]
    [InlineData("hook claude-code --url", "--url")]
    [InlineData("hook claude-code --key", "--key is for openclaw")]
    public async Task CommandLine_ThatIsWrong_EndsWithOne_AndBlocksNoTool(string line, string why)
    {
        using var tool = new Tool();
        var ran = await tool.RunAsync(line);
        Assert.Equal((1, ""), (ran.Code, ran.Out));
        Assert.Contains(why, ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Server.Requests);
    }

    private static string Context(string name) =>
        $$$"""{"hookSpecificOutput":{"hookEventName":"{{{name}}}","additionalContext":"$"}}""";

    /// <summary>A beginning, and then nothing until it is disposed of by its owner.</summary>
    private sealed class Silent(byte[] begin) : ReadOnlyStream
    {
        private readonly TaskCompletionSource _silent = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _over = new();
        private bool _began;

        public Task IsSilent => _silent.Task;

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (!_began && begin.Length > 0)
            {
                _began = true;
                begin.CopyTo(buffer, offset);
                return begin.Length;
            }

            _silent.TrySetResult();
            _over.Task.Wait(Eventually.Bound);
            return 0;
        }

        protected override void Dispose(bool disposing)
        {
            _over.TrySetResult();
            base.Dispose(disposing);
        }
    }

    /// <summary>A beginning, and then as many bytes as it takes.</summary>
    private sealed class Growing(byte[] begin, long length) : ReadOnlyStream
    {
        private long _at;

        public long Left => length - _at;

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = (int)Math.Min(count, Left);
            for (var i = 0; i < read; i++, _at++)
            {
                buffer[offset + i] = _at < begin.Length ? begin[_at] : (byte)'x';
            }

            return read;
        }
    }

    private abstract class ReadOnlyStream : Stream
    {
        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
