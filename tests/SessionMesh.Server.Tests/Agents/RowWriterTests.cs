using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Json;
using SessionMesh.Contracts.Steering;
using SessionMesh.Server.Agents;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;
using SessionMesh.Core.State;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Agents;

/// <summary>
/// What is written by hand, member by member, is what the contract's records say: the same members, in their order, and the same values.
/// </summary>
public sealed class RowWriterTests
{
    /// <summary>What a row of a list has only where it is asked for.</summary>
    private const string OnlyByName = "pending";

    /// <summary>Texts that an escaper may get wrong.</summary>
    public static TheoryData<string> OddTexts => new()
    {
        "", " ", "\"", "\\", "/", "</script>", "<&>'+`", "\0", "\u0001\u001f", "\u007f", "\u0080\u009f", "é", "ÿ", "€", "\u2028\u2029",
        "\ufeff", "\uffff", "😀", "a😀b\n\r\t\b\f",
        "{\"a\":1}", "null", new string('"', 300), new string('€', 300), "\u200b\u202e",
    };

    [Theory]
    [MemberData(nameof(OddTexts))]
    public async Task Row_OddTexts_ComeBackAsTheyWere(string text)
    {
        await using var mesh = await MeshHost.StartAsync();
        var name = new string([.. text.Where(c => !char.IsControl(c))]);
        name = name.Length == 0 ? "x" : name[..Math.Min(name.Length, 64)];
        var body = JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["agent_id"] = "a.b:c_d-1",
            ["cluster"] = name,
            ["user"] = name,
            ["specializations"] = new[] { "y" + name, "z" + name },
            ["labels"] = new Dictionary<string, string>(StringComparer.Ordinal) { ["k"] = name },
        });
        Assert.Equal(201, (await mesh.PostAsync("agents", body)).Status);
        var note = text.Length > 300 ? text[..300] : text;
        Assert.Equal(200, (await mesh.PostAsync("agents/a.b:c_d-1/heartbeat", JsonSerializer.Serialize(new { note }))).Status);

        var row = await RoundTripAsync(mesh, "agents/a.b:c_d-1", MeshJson.Default.AgentDetail);
        Assert.Equal(("a.b:c_d-1", name, name, note), (row.AgentId, row.Cluster, row.User, row.Note));
        Assert.Equal(
            new[] { "y" + name, "z" + name }.Select(SpecializationName.Normalize).Order(StringComparer.Ordinal), row.Specializations);
        Assert.Equal(name, row.Labels["k"]);

        var steer = JsonSerializer.Serialize(
            new
            {
                agent_id = "a.b:c_d-1",
                direction = name,
                message = text,
                data = new { text, list = new object?[] { null, 1.5, text } },
            });
        var issued = JsonSerializer.Deserialize((await mesh.PostAsync("steer", steer)).Text, MeshJson.Default.Directive)!;
        Assert.Equal((name, text, text), (issued.Direction, issued.Message, issued.Data!.Value.GetProperty("text").GetString()));
        await mesh.PostAsync("agents/a.b:c_d-1/directives/1/ack", JsonSerializer.Serialize(new { state = "accepted", note }));
        await mesh.RestartAsync();
        var read = await RoundTripAsync(mesh, "directives/" + issued.DirectiveId, MeshJson.Default.Directive);
        Assert.Equal((text, note, "accepted"), (read.Message, read.Note, read.State));
        Assert.Equal(issued.Data.Value.GetRawText(), read.Data!.Value.GetRawText());
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("-0.0", 0)]
    [InlineData("1e300", 1e300)]
    [InlineData("-1.7976931348623157e308", double.MinValue)]
    [InlineData("5e-324", double.Epsilon)]
    [InlineData("0.1", 0.1)]
    [InlineData("123456789012345678", 123456789012345678)]
    [InlineData("3.141592653589793", Math.PI)]
    public async Task Row_Numbers_ComeBackAsTheyWere(string number, double value)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.PostAsync("agents/a/heartbeat", $$"""{"progress":{{number}},"load":0.3}""");
        var row = await RoundTripAsync(mesh, "agents/a", MeshJson.Default.AgentDetail);
        Assert.Equal((value, 0.3), (row.Progress, row.Load));
    }

    [Fact]
    public async Task Rows_HaveTheMembersOfTheirRecords_InTheirOrder()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("p");
        var registered = (await mesh.RegisterAsync("a", more: ",\"parent_id\":\"p\",\"specializations\":[\"s\"]")).Text;
        Assert.Equal(Names(MeshJson.Default.AgentRegistration).Where(name => name != OnlyByName).Order(), Members(registered).Order());
        Assert.Equal(Names(MeshJson.Default.AgentDetail).Order(), Members((await mesh.GetAsync("agents/a?events=1")).Text).Order());
        var page = JsonDocument.Parse((await mesh.GetAsync("alive?total=true")).Text).RootElement;
        Assert.Equal(Names(MeshJson.Default.AgentPage), Members(page.GetRawText()));
        Assert.Equal(
            Names(MeshJson.Default.AgentRow).Where(name => name != OnlyByName), Members(page.GetProperty("sessions")[0].GetRawText()));
        Assert.Equal(Names(MeshJson.Default.AgentRow), RowFieldNames.All);
        var steered = (await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north","data":[]}""")).Text;
        Assert.Equal(Names(MeshJson.Default.Directive), Members(steered));
        Assert.Equal(Names(MeshJson.Default.RegistryAnswer), Members((await mesh.GetAsync("registry?specialization=s")).Text));
        Assert.Equal(
            Names(MeshJson.Default.HeartbeatAnswer),
            Members((await mesh.PostAsync("agents/a/heartbeat", """{"acks":[{"seq":9,"state":"accepted"}]}""")).Text));
        Assert.Equal(
            Names(MeshJson.Default.HeartbeatsAnswer),
            Members((await mesh.PostAsync("heartbeats", """{"agents":[{"agent_id":"a","acks":[{"seq":9,"state":"accepted"}]}]}""")).Text));
        Assert.Equal(
            Names(MeshJson.Default.SteerManyAnswer),
            Members((await mesh.PostAsync("steer", """{"selector":{"subtree":"a"},"direction":"d","expect":1}""")).Text));
        Assert.Equal(Names(MeshJson.Default.DirectiveList), Members((await mesh.GetAsync("agents/a/directives")).Text));
        Assert.Equal(Names(MeshJson.Default.DirectiveHistory), Members((await mesh.GetAsync("agents/a/directives/history")).Text));
    }

    [Fact]
    public async Task Pending_IsInAListWhereItIsAskedFor()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.PostAsync("steer", """{"agent_id":"a","direction":"north"}""");
        (await mesh.GetAsync("agents?fields=agent_id,pending")).ShouldBe(
            200, """{"sessions":[{"agent_id":"a","pending":1}],"count":1,"next_cursor":null,"as_of":"*"}""");
        await mesh.PostAsync("sessions", """{"id":"s"}""");
        (await mesh.GetAsync("alive?kind=session&fields=session_id,pending")).ShouldBe(
            200, """{"sessions":[{"session_id":"s","pending":null}],"count":1,"next_cursor":null,"as_of":"*"}""");
    }

    private static async Task<T> RoundTripAsync<T>(MeshHost mesh, string path, JsonTypeInfo<T> type)
    {
        var reply = await mesh.GetAsync(path);
        Assert.Equal(200, reply.Status);
        var read = JsonSerializer.Deserialize(reply.Text, type)!;
        JsonAssert.Same(reply.Text, JsonSerializer.Serialize(read, type)); // nothing lost on the way in, nothing added on the way out
        return read;
    }

    private static List<string> Names(JsonTypeInfo type) => [.. type.Properties.Select(p => p.Name)];

    private static List<string> Members(string json) => [.. JsonDocument.Parse(json).RootElement.EnumerateObject().Select(m => m.Name)];
}
