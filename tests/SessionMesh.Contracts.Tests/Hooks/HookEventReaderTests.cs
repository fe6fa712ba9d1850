using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using SessionMesh.Contracts.Hooks;

namespace SessionMesh.Contracts.Tests.Hooks;

/// <summary>What is kept of an event, however it comes in.</summary>
public sealed class HookEventReaderTests
{
    private const int Rounds = 2000;

    private static readonly string[] s_names =
    [
        "hook_event_name", "session_id", "agent_id", "agent_type", "parent_agent_id", "tool_name", "source", "prompt_id", "transcript_path",
        "cwd", "receipt", "tool_input", "tool_response", "agentId", "task_id", "target", "prompt",
        "x\"y\\", "ключ",
    ];

    /// <summary>
    /// Random events in random pieces: as a reader that has the whole of it would find them. A failing seed replays with
    /// <c>SESSION_MESH_SEED</c>.
    /// </summary>
    [Fact]
    public void Event_InAnyPieces_IsTheOneThatAWholeReaderFinds()
    {
        var first = int.TryParse(Environment.GetEnvironmentVariable("SESSION_MESH_SEED"), CultureInfo.InvariantCulture, out var given)
            ? given
            : Random.Shared.Next();
        for (var seed = first; seed < first + Rounds; seed++)
        {
            var chance = new Random(seed);
            var happening = Object(chance, depth: 0);
            var text = happening.ToJsonString(new() { WriteIndented = chance.Next(2) == 0 });
            var read = Read(Encoding.UTF8.GetBytes(text), chance);
            Assert.True(Expected(happening) == read, $"SESSION_MESH_SEED={seed}\n{text}\n{read}");
            Assert.Equal(read! with { Transcript = null }, Read(read.ToJson(), chance)); // what the tool sends instead
        }
    }

    /// <summary>A cut anywhere leaves no event.</summary>
    [Fact]
    public void Event_ThatIsCutOff_IsNone()
    {
        var whole = """{"hook_event_name":"Stop","session_id":"s","x":[{"a":"}"},"\"",1,true]}"""u8.ToArray();
        for (var length = 0; length < whole.Length; length++)
        {
            Assert.Null(Read(whole[..length], new Random(length)));
        }

        Assert.NotNull(Read([.. whole, .. "\r\n"u8], new Random(0)));
        Assert.Null(Read([.. whole, .. "{}"u8], new Random(0)));
    }

    [Theory]
    [InlineData("4096", 4096, true)]
    [InlineData("4097", 4097, false)]
    public void Text_OfMoreThanFourKilobytes_CountsAsAbsent(string name, int length, bool isKept)
    {
        var text = $$"""{"session_id":"{{name}}","cwd":"{{new string('x', length)}}"}""";
        var read = Read(Encoding.UTF8.GetBytes(text), new Random(1))!;
        Assert.Equal((name, isKept ? length : (int?)null), (read.SessionId, read.Directory?.Length));
    }

    [Fact]
    public void Event_DeeperThanALimit_IsNone()
    {
        Assert.NotNull(Read(Nested(511), new Random(0)));
        Assert.Null(Read(Nested(512), new Random(0)));
        static byte[] Nested(int arrays) => Encoding.UTF8.GetBytes($$"""{"a":{{new string('[', arrays)}}{{new string(']', arrays)}}}""");
    }

    [Fact]
    public void Detail_IsTheBeginningOfTheArguments_AndOnlyWhenAskedFor()
    {
        var text = """{"tool_input":{"command":"a, \"b\"","n":[1,{"c":2}]},"tool_name":"Bash","session_id":"s"}"""u8.ToArray();
        Assert.Null(Read(text, new Random(0))!.Detail);
        Assert.Equal("""{"command":"a, \"b\"","n":[1,{"c":2}]}""", Read(text, new Random(0), withDetail: true)!.Detail);
        var long_ = Encoding.UTF8.GetBytes($$"""{"tool_input":{"command":"{{new string('x', 5000)}}"},"session_id":"s"}""");
        Assert.Equal(
            string.Concat("""{"command":"xxx""".AsSpan(), new string('x', 485).AsSpan(), "…".AsSpan()),
            Read(long_, new Random(0), withDetail: true)!.Detail);
    }

    private static HookEvent? Read(byte[] bytes, Random chance, bool withDetail = false)
    {
        var reader = new HookEventReader(withDetail);
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - at, chance.Next(1, 1 + (chance.Next(2) == 0 ? 4 : 1000)));
            reader.Read(bytes.AsSpan(at, length));
            at += length;
        }

        return reader.Finish();
    }

    private static HookEvent Expected(JsonObject happening)
    {
        var answer = happening["tool_response"];
        var input = happening["tool_input"] as JsonObject;
        return new HookEvent
        {
            Name = Text(happening["hook_event_name"]),
            SessionId = Text(happening["session_id"]),
            SubAgentId = Text(happening["agent_id"]),
            SubAgentType = Text(happening["agent_type"]),
            SubAgentParentId = Text(happening["parent_agent_id"]),
            Tool = Text(happening["tool_name"]),
            Source = Text(happening["source"]),
            PromptId = Text(happening["prompt_id"]),
            Transcript = Text(happening["transcript_path"]),
            Directory = Text(happening["cwd"]),
            Receipt = Text(happening["receipt"]),
            StartedId = Text((answer as JsonObject)?["agentId"]) ?? Text((answer as JsonObject)?["agent_id"]) ?? Within(answer),
            EndedId = Text(input?["task_id"]) ?? Text(input?["target"]),
        };
    }

    private static string? Within(JsonNode? answer) =>
        Text(answer) == InText ? "inner" : null;

    private static string? Text(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;

    private static JsonObject Object(Random chance, int depth)
    {
        var made = new JsonObject();
        for (var count = chance.Next(12); count > 0; count--)
        {
            made[s_names[chance.Next(s_names.Length)]] = Value(chance, depth + 1);
        }

        return made;
    }

    /// <summary>As Codex puts a tool's result into a text.</summary>
    private const string InText = """{"agent_id":"inner","nickname":"J"}""";

    private const string Letters = "a\"\\}]{[,:\n\té日";

    private static JsonNode? Value(Random chance, int depth) => chance.Next(depth > 5 ? 5 : 8) switch
    {
        0 => null,
        1 => chance.Next(2) == 0,
        2 => Math.Round(chance.NextDouble() * 1e6, 2),
        3 => InText,
        4 => new string(chance.GetItems<char>(Letters, chance.Next(12))) + (chance.Next(3) == 0 ? "😀" : ""),
        5 => new JsonArray([.. Enumerable.Range(0, chance.Next(4)).Select(_ => Value(chance, depth + 1))]),
        _ => Object(chance, depth),
    };
}
