using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Run;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Output;

/// <summary>
/// What agents say is data: whatever it holds, no output of the tool carries a character that a terminal obeys or a reader cannot see,
/// and machine formats stay what they claim to be.
/// </summary>
public sealed class InertTextTests
{
    private static readonly JsonSerializerOptions s_asIs = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Each one has been used against a terminal, a log or a reviewer.</summary>
    public static TheoryData<string, string> Corpus { get; } = new()
    {
        { "colour", "\e[31mred\e[0m" },
        { "cursor and erase", "\e[2J\e[1;1Hgone\e[K" },
        { "title", "\e]0;owned\a" },
        { "link (OSC 8)", "\e]8;;http://evil.example\e\\click\e]8;;\e\\" },
        { "clipboard (OSC 52)", "\e]52;c;cm0gLXJmIH4=\a" },
        { "device string", "\eP$q\"p\e\\" },
        { "C1 CSI and OSC", "\u009b31m\u009d0;x\u009c\u0085\u0090" },
        { "line forgery", "ok\r\nerror: forged\n2026-01-01 INFO all is well" },
        { "overprint", "bad\rgood\b\b\b\b\a\t\v\f\0\u007f" },
        { "bidi overrides", "user\u202etxt.exe\u202d\u202a\u202b\u202c" },
        { "bidi isolates", "\u2066a\u2067b\u2068c\u2069\u200e\u200f\u061c" },
        { "zero width", "a\u200bb\u200cc\u200dd\ufeffe\u2060f\u00ad" },
        { "tags", "hi\U000E0001\U000E0069\U000E0067\U000E007F" },
        { "supplementary variation selectors", "a\U000E0100\U000E01EF" },
        { "fillers", "\u115f\u1160\u3164\uffa0\u034f\u180b\u17b4" },
        { "separators", "a\u2028b\u2029c" },
        { "interlinear", "\ufff9a\ufffab\ufffb" },
        { "noncharacters", "\ufffe\uffff\ufdd0\U0001FFFE" },
        { "combining flood", "z" + string.Concat(Enumerable.Repeat("\u0335\u0489\u0321", 200)) },
        { "over-long", new string('x', 20_000) },
        { "formula", "=HYPERLINK(\"http://evil.example\",\"click\")" },
        { "formula after a tab", "\t=1+1" },
        { "yaml", "a: b # c\n- d\n... \n--- !!python/object" },
        { "json", "\"},{\"status\":\"alive\\" },
    };

    private static readonly string[] s_formats = ["table", "wide", "json", "jsonl", "yaml", "csv", "name"];

    private static readonly string[] s_commands =
    [
        "list",
        "show a1",
        "history a1",
        "inbox a1",
        "keys list",
        "keys show k1",
        "events --limit 1",
        "show a1 --fields note,labels,agent_id",
    ];

    [Theory]
    [MemberData(nameof(Corpus))]
    public async Task EveryCommandInEveryFormat_ShowsItAndObeysNothing(string name, string hostile)
    {
        Assert.NotEmpty(name);
        foreach (var command in s_commands)
        {
            foreach (var format in s_formats)
            {
                using var tool = new Tool(
                    command.StartsWith("events", StringComparison.Ordinal)
                        ? Stream($"id: 7\ndata: {Document(hostile)}\n\n")
                        : Json(200, Document(hostile)));
                var ran = await tool.RunAsync($"{command} -o {format}");
                Assert.True(ran.Code == 0, $"{command} -o {format}: {ran}");
                AssertInert(ran.Out, $"{command} -o {format}", csv: format == "csv");
                AssertInert(ran.Error, $"{command} -o {format}, stderr", csv: false);
                if (format is "json")
                {
                    using var document = JsonDocument.Parse(ran.Out);
                    Assert.Contains(hostile, Texts(document.RootElement));
                }

                if (format is "jsonl")
                {
                    Assert.All(
                        ran.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries),
                        line => Assert.Equal(JsonValueKind.Object, Parsed(line).ValueKind));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Corpus))]
    public async Task Error_ShowsItOnItsOwnLinesAndNoMore(string name, string hostile)
    {
        Assert.NotEmpty(name);
        var problem = new JsonObject
        {
            ["type"] = hostile,
            ["title"] = hostile,
            ["status"] = 409,
            ["detail"] = hostile,
            ["code"] = "superseded",
            ["request_id"] = hostile,
            ["errors"] = new JsonArray(
                new JsonObject { ["pointer"] = hostile, ["message"] = hostile, ["allowed"] = new JsonArray(hostile + hostile) }),
        }.ToJsonString(s_asIs);
        using var tool = new Tool(Json(409, problem));

        var text = await tool.RunAsync("show a1");
        AssertInert(text.Error, "error", csv: false);
        Assert.Equal(5, text.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.All(text.Error.Split('\n'), line => Assert.InRange(line.Length, 0, 2100));

        var json = await tool.RunAsync("show a1 -o json");
        AssertInert(json.Error, "error -o json", csv: false);
        Assert.Equal(hostile, Parsed(json.Error).GetProperty("detail").GetString());
    }

    [Theory]
    [MemberData(nameof(Corpus))]
    public void RunnersOwnLines_ObeyNothing(string name, string hostile)
    {
        Assert.NotEmpty(name);
        var lines = new List<string>();
        new RunLog(quiet: false) { Sink = lines.Add }.Warn($"the server says: {hostile}");
        AssertInert(Assert.Single(lines), "run", csv: false);
        Assert.DoesNotContain('\n', lines[0]);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("show a1")]
    [InlineData("inbox a1")]
    public async Task HalfOfASurrogatePair_HidesNobodyElse(string command)
    {
        foreach (var format in s_formats)
        {
            const string row = """
                {"agent_id":"a1","seq":1,"status":"alive","verb":"steer","note":"x\ud800y","message":"\udc00",
                 "labels":{"\udbff":"\\ud800 \ud83d\ude00"},"data":{"\ud83d":"\ud83d\ud83d"}}
                """;
            using var tool = new Tool(
                Json(
                    200,
                    command == "list" ? $$"""{"sessions":[{{row}}]}""" : command == "show a1" ? row : $$"""{"directives":[{{row}}]}"""));
            var ran = await tool.RunAsync($"{command} -o {format}");
            Assert.True(ran.Code == 0, $"{command} -o {format}: {ran}");
            AssertInert(ran.Out, format, csv: format == "csv");
            if (format == "json")
            {
                Assert.Superset(new HashSet<string> { "x\ufffdy", "\ufffd", "\\ud800 😀" }, Texts(Parsed(ran.Out)).ToHashSet());
            }
        }
    }

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\t=1", "'\\u0009=1")]
    [InlineData("\r=1", "'\\u000d=1")]
    [InlineData("\n=1", "'\\u000a=1")]
    [InlineData("＝1", "'＝1")]
    [InlineData("=\"a\",b", "\"'=\"\"a\"\",b\"")]
    [InlineData("1=1", "1=1")]
    [InlineData("a-b", "a-b")]
    public async Task CsvCell_IsNoFormula(string note, string cell)
    {
        using var tool = new Tool(
            Json(200, new JsonObject { ["sessions"] = new JsonArray(new JsonObject { ["note"] = note, ["load"] = -1 }) }.ToJsonString()));

        Assert.Equal($"note,load\r\n{cell},-1\r\n", (await tool.RunAsync("list -o csv --fields note,load")).Out);
    }

    [Fact]
    public async Task Table_StaysInItsColumns()
    {
        using var tool = new Tool(Json(200, """
            {"sessions":[{"agent_id":"a1","note":"\u001b[2J","load":1},{"agent_id":"a2","note":"e\u0301\u0301 日本","load":2}]}
            """));

        Assert.Equal(
            "AGENT ID  NOTE       LOAD\na1        \\u001b[2J     1\na2        e\u0301\u0301 日本        2\n",
            (await tool.RunAsync("list --fields agent_id,note,load")).Out);
    }

    [Fact]
    public async Task Yaml_EscapesBeyondTheFirstPlaneInOnePiece()
    {
        using var tool = new Tool(Json(200, new JsonObject { ["note"] = "\U000E0041😀\\ud83d" }.ToJsonString()));

        Assert.Equal("note: \"\\U000e0041\\U0001f600\\\\ud83d\"\n", (await tool.RunAsync("show a1 -o yaml --fields note")).Out);
    }

    [Theory]
    [InlineData("Việt Nam, ภาษาไทยที่นี่, שָׁלוֹם, ประเทศ, 日本語, ✔️ naïve")]
    [InlineData("e\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308")]
    public void OrdinaryText_IsLeftAlone(string text) => Assert.Equal(text, TerminalText.Escape(text));

    /// <summary>One document that every command can show, with the hostile text wherever an agent can put one.</summary>
    private static string Document(string hostile)
    {
        JsonObject Row() => new()
        {
            ["agent_id"] = hostile,
            ["session_id"] = hostile,
            ["key_id"] = hostile,
            ["session_key"] = hostile,
            ["directive_id"] = hostile,
            ["parent_id"] = hostile,
            ["seq"] = 1,
            ["status"] = hostile,
            ["verb"] = hostile,
            ["state"] = hostile,
            ["direction"] = hostile,
            ["message"] = hostile,
            ["note"] = hostile,
            ["reason"] = hostile,
            ["user"] = hostile,
            ["cluster"] = hostile,
            ["activity"] = hostile,
            ["created_at"] = hostile,
            ["expires_at"] = hostile,
            ["specializations"] = new JsonArray(hostile, hostile),
            ["labels"] = new JsonObject { [hostile] = hostile },
            ["within"] = new JsonArray(hostile),
            ["scopes"] = new JsonArray(hostile),
            ["data"] = new JsonObject { [hostile] = new JsonArray(hostile, new JsonObject { ["x"] = hostile }) },
            ["last_exit"] = new JsonObject { ["reason"] = hostile, ["signal"] = hostile },
            ["revision"] = 7,
            ["kind"] = hostile,
            ["subject"] = hostile,
            ["actor"] = hostile,
        };
        var document = Row();
        foreach (var rows in new[] { "sessions", "directives", "keys" })
        {
            document[rows] = new JsonArray(Row(), Row());
        }

        return document.ToJsonString(s_asIs);
    }

    private static void AssertInert(string text, string where, bool csv)
    {
        var rest = (csv ? text.Replace("\r\n", "\n", StringComparison.Ordinal) : text).EnumerateRunes();
        var marks = 0;
        foreach (var rune in rest)
        {
            var category = Rune.GetUnicodeCategory(rune);
            marks = category is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark ? marks + 1 : 0;
            var obeyed = category is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
            obeyed |= rune.Value is >= 0xE0000 and <= 0xE0FFF or 0x115F or 0x1160 or 0x3164 or 0xFFA0 or 0x34F or 0xFFFE or 0xFFFF;
            if ((obeyed && rune.Value != '\n') || marks > 8)
            {
                Assert.Fail($"{where} has a raw U+{rune.Value:X4}, with {marks} marks on one letter: {text[..Math.Min(300, text.Length)]}");
            }
        }
    }

    private static JsonElement Parsed(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    private static IEnumerable<string> Texts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array => value.EnumerateArray().SelectMany(Texts),
        JsonValueKind.Object => value.EnumerateObject().SelectMany(member => Texts(member.Value).Prepend(member.Name)),
        _ => [],
    };
}
