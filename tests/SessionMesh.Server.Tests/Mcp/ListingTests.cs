extern alias schema;

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using schema::Json.Schema;
using SessionMesh.Contracts;
using SessionMesh.Server.Tests.OpenApi;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Mcp;

/// <summary>What <c>tools/list</c> says of the tools.</summary>
public sealed class ListingTests(ToolServer server) : IClassFixture<ToolServer>
{
    private const string Update = "UPDATE_MCP_SNAPSHOT";

    private static readonly JsonSerializerOptions s_readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly MeshHost _mesh = server.Mesh;

    /// <summary>Read-only, destructive, idempotent; none reaches beyond the mesh.</summary>
    public static TheoryData<string, bool, bool, bool> Annotations => new()
    {
        { "list_agents", true, false, true },
        { "get_agent", true, false, true },
        { "find_specialist", true, false, true },
        { "claim_specialist", false, false, false },
        { "release_claim", false, false, true },
        { "register", false, true, false }, // takeover ends the life before
        { "heartbeat", false, false, true },
        { "steer_agent", false, false, false },
        { "kill_agent", false, true, true },
        { "check_inbox", false, false, true }, // what it hands out is marked as delivered
        { "ack_directive", false, false, true },
        { "session_get", true, false, true },
        { "session_set", false, true, true }, // overwrites
    };

    /// <summary>The list is reviewed like code: a change shows in the diff of <c>docs/mcp-tools.json</c>.</summary>
    [Fact]
    public async Task Tools_AreThoseOfTheReviewedSnapshot()
    {
        var listed = await new McpCaller(_mesh).ResultAsync("tools/list");
        var now = listed["tools"]!.ToJsonString(s_readable) + "\n";
        var path = Path.Combine(Path.GetDirectoryName(DocumentTests.SnapshotPath())!, "mcp-tools.json");
        if (Environment.GetEnvironmentVariable(Update) is not (null or ""))
        {
            await File.WriteAllTextAsync(path, now);
        }

        var reviewed = File.Exists(path) ? (await File.ReadAllTextAsync(path)).ReplaceLineEndings("\n") : "";
        Assert.True(
            reviewed == now,
            $"The tools are not those in docs/mcp-tools.json. If that is meant: {Update}=1 dotnet test tests/SessionMesh.Server.Tests "
            + $"--filter {nameof(ListingTests)}, and review the diff.\n{now}");
    }

    [Theory]
    [MemberData(nameof(Annotations))]
    public async Task Tool_HasATitle_ADescription_BothSchemas_AndEveryAnnotation(
        string name, bool isReadOnly, bool isDestructive, bool isIdempotent)
    {
        var tool = await ToolAsync(name);
        Assert.Equal(
            ["annotations", "description", "inputSchema", "name", "outputSchema", "title"],
            tool.Select(member => member.Key).Order(StringComparer.Ordinal));
        JsonAssert.Same(
            $$"""
            {"title":"{{tool["title"]}}","readOnlyHint":{{Word(isReadOnly)}},"destructiveHint":{{Word(isDestructive)}},
             "idempotentHint":{{Word(isIdempotent)}},"openWorldHint":false}
            """,
            tool["annotations"]!.ToJsonString());
        Assert.True(tool["description"]!.GetValue<string>().Length > 80);
        Assert.Equal("object", tool["inputSchema"]!["type"]!.GetValue<string>());
        Assert.False(tool["inputSchema"]!["additionalProperties"]!.GetValue<bool>());
        Assert.All(tool["inputSchema"]!["properties"]!.AsObject(), one => Assert.NotEmpty(one.Value!["description"]!.GetValue<string>()));
        Assert.Equal("object", tool["outputSchema"]!["type"]!.GetValue<string>());
    }

    [Fact]
    public void Annotations_AreOfEveryTool() =>
        Assert.Equal(ToolTests.Tools.Select(row => (string)row[0]), Annotations.Select(row => (string)row[0]));

    /// <summary>The schema of what is sent takes what the tests send, and that of the answer fits the answer.</summary>
    [Theory]
    [MemberData(nameof(ToolTests.Tools), MemberType = typeof(ToolTests))]
    public async Task Tool_AnswersAsItsSchemaSays(string name, string arguments, string[] scopes)
    {
        _ = scopes;
        var tool = await ToolAsync(name);
        var filled = await server.FillAsync(arguments, _mesh.RootKey);
        ShouldFit(tool["inputSchema"]!, JsonNode.Parse(filled)!);

        ShouldFit(tool["outputSchema"]!, (await new McpCaller(_mesh).CallAsync(name, filled)).ShouldBeOk());
    }

    /// <summary>Some clients know no unions and no references, and read an argument by its one type.</summary>
    [Fact]
    public async Task InputSchemas_KeepToWhatEveryClientReads()
    {
        foreach (var tool in (await new McpCaller(_mesh).ResultAsync("tools/list"))["tools"]!.AsArray())
        {
            var text = tool!["inputSchema"]!.ToJsonString();
            foreach (var word in new[] { "$ref", "anyOf", "oneOf", "allOf", "\"type\":[" })
            {
                Assert.DoesNotContain(word, text, StringComparison.Ordinal);
            }

            Assert.All(tool["inputSchema"]!["properties"]!.AsObject(), one => Assert.NotNull(one.Value!["type"]));
        }
    }

    [Fact]
    public async Task Tools_OfAKeyWithNoSuchScope_AreNone() =>
        Assert.Empty(await new McpCaller(_mesh, server.OfScope["audit:read"]).ToolsAsync());

    [Fact]
    public async Task Tools_OfAnAgentsKey_AreItsOwnSide() => Assert.Equal(
        ["get_agent", "register", "heartbeat", "check_inbox", "ack_directive", "session_get", "session_set"],
        await new McpCaller(_mesh, server.OfScope["agent:self"]).ToolsAsync());

    [Fact]
    public async Task Tools_AreOnOnePage()
    {
        Assert.Null((await new McpCaller(_mesh).ResultAsync("tools/list"))["nextCursor"]);
        Assert.Equal(
            -32602,
            (await new McpCaller(_mesh).RequestAsync("tools/list", """{"cursor":"x"}"""))["error"]!["code"]!.GetValue<int>());
    }

    [Fact]
    public async Task Bounds_AreThoseOfTheApi()
    {
        var steer = (await ToolAsync("steer_agent"))["inputSchema"]!["properties"]!;
        Assert.Equal(Limits.MessageLength, steer["message"]!["maxLength"]!.GetValue<int>());
        Assert.Equal(Limits.MaxDirectiveTtl, steer["ttl"]!["maximum"]!.GetValue<int>());
    }

    private static void ShouldFit(JsonNode schema, JsonNode value)
    {
        var result = JsonSchema.FromText(schema.ToJsonString()).Evaluate(
            JsonSerializer.SerializeToElement(value), new EvaluationOptions { OutputFormat = OutputFormat.List });
        Assert.True(
            result.IsValid,
            string.Join("; ", (result.Details ?? []).Where(one => one.Errors is not null)
                .SelectMany(one => one.Errors!, (one, error) => $"{one.InstanceLocation}: {error.Value}")) + $" in {value.ToJsonString()}");
    }

    private async Task<JsonObject> ToolAsync(string name) => (await new McpCaller(_mesh).ResultAsync("tools/list"))["tools"]!.AsArray()
        .Select(tool => tool!.AsObject()).Single(tool => tool["name"]!.GetValue<string>() == name);

    private static string Word(bool value) => value ? "true" : "false";
}
