using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Json;

namespace SessionMesh.Contracts.Tests.Json;

public sealed class RequestTests
{
    private static readonly JsonTypeInfo[] s_requests =
    [
        MeshJson.Default.RegisterAgentRequest, MeshJson.Default.RegisterSpecializationRequest,
        MeshJson.Default.ExitRequest, MeshJson.Default.MoveAgentRequest,
        MeshJson.Default.HeartbeatRequest, MeshJson.Default.HeartbeatsRequest,
        MeshJson.Default.SteerRequest, MeshJson.Default.SteersRequest, MeshJson.Default.AckRequest,
        MeshJson.Default.CreateKeyRequest, MeshJson.Default.RefreshKeyRequest, MeshJson.Default.TradeCodeRequest,
        MeshJson.Default.NewRootRequest,
        MeshJson.Default.CreateSessionRequest, MeshJson.Default.UpdateSessionRequest, MeshJson.Default.RefreshSessionRequest,
        MeshJson.Default.CleanupRequest, MeshJson.Default.ClaimRequest, MeshJson.Default.RenewClaimRequest,
        MeshJson.Default.LinkRequest, MeshJson.Default.FaultRequest, MeshJson.Default.AdvanceRequest,
    ];

    [Fact]
    public void Requests_AreAllListedHere() =>
        Assert.Equal(
            typeof(MeshJson).Assembly.GetTypes().Select(t => t.Name)
                .Where(name => name.EndsWith("Request", StringComparison.Ordinal))
                .Except([nameof(SpecializationRequest)]).Order(), // an entry of two of them, and never a body by itself
            s_requests.Select(t => t.Type.Name).Order());

    [Fact]
    public void Requests_RefuseUnknownMembers_AndTakeNothingAtAll()
    {
        foreach (var type in s_requests)
        {
            Assert.Equal(JsonUnmappedMemberHandling.Disallow, type.UnmappedMemberHandling);
            Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("""{"surely_unknown":1}""", type));
            Assert.NotNull(JsonSerializer.Deserialize("{}", type)); // that a member is missing is for the server to say, in its words
        }
    }

    [Fact]
    public void Requests_RefuseTheSameMemberTwice()
    {
        foreach (var type in s_requests)
        {
            var name = type.Properties[0].Name;
            Assert.Throws<JsonException>(() => JsonSerializer.Deserialize($$"""{"{{name}}":null,"{{name}}":null}""", type));
        }
    }

    /// <summary>By the kind of a member: an id anywhere is taken as a number too, so that a new one cannot be forgotten.</summary>
    [Fact]
    public void Requests_EveryId_IsTakenAsANumberToo()
    {
        var ids = s_requests
            .SelectMany(type => type.Properties, (type, property) => (type, property))
            .Where(id => id.property.PropertyType == typeof(string)
                && id.property.Name is "agent_id" or "parent_id" or "direction" or "session_key" or "from" or "to")
            .ToList();
        Assert.True(ids.Count >= 8);
        foreach (var (type, property) in ids)
        {
            foreach (var (json, text) in new[]
            {
                ("123", "123"),
                ("\"123\"", "123"),
                ("1.50", "1.50"),
                ("1e3", "1e3"),
                ("-5", "-5"),
                ("12345678901234567890123", "12345678901234567890123"),
                ("\"a\\u0062\"", "ab"),
            })
            {
                Assert.Equal(text, property.Get!(JsonSerializer.Deserialize($$"""{"{{property.Name}}":{{json}}}""", type)!));
            }

            var none = type == MeshJson.Default.MoveAgentRequest ? "" : null; // where null is not the same as nothing
            Assert.Equal(none, property.Get!(JsonSerializer.Deserialize($$"""{"{{property.Name}}":null}""", type)!));
            foreach (var json in new[] { "true", "false", "{}", "[]", "[1]" })
            {
                Assert.Throws<JsonException>(() => JsonSerializer.Deserialize($$"""{"{{property.Name}}":{{json}}}""", type));
            }
        }
    }

    [Fact]
    public void Requests_NumbersAndWords_AreNotTakenForEachOther()
    {
        foreach (var json in new[]
        {
            """{"ttl":"60"}""",
            """{"ttl":60.5}""",
            """{"ttl":true}""",
            """{"ttl":2147483648}""",
            """{"cluster":1}""",
            """{"takeover":"true"}""",
            """{"takeover":1}""",
        })
        {
            Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(json, MeshJson.Default.RegisterAgentRequest));
        }
    }

    [Fact]
    public void Heartbeats_EntriesInBothForms_AreReadAndWrittenAlike()
    {
        const string Json = """{"agents":["a",{"agent_id":"b","incarnation":2,"activity":"idle","load":0.5,"progress":1.25"""
            + ""","progress_interval":30,"note":"n"}]}""";
        var request = JsonSerializer.Deserialize(Json, MeshJson.Default.HeartbeatsRequest)!;
        Assert.Null(request.Agents![0].Report);
        Assert.Equal(
            new HeartbeatRequest { Incarnation = 2, Activity = "idle", Load = 0.5, Progress = 1.25, ProgressInterval = 30, Note = "n" },
            request.Agents[1].Report);
        Assert.Equal(Json, JsonSerializer.Serialize(request, MeshJson.Default.HeartbeatsRequest));
        Assert.Equal("7", JsonSerializer.Deserialize("""{"agents":[7]}""", MeshJson.Default.HeartbeatsRequest)!.Agents![0].AgentId);
        Assert.Equal(
            "8", JsonSerializer.Deserialize("""{"agents":[{"agent_id":8}]}""", MeshJson.Default.HeartbeatsRequest)!.Agents![0].AgentId);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("true")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"agent_id":null}""")]
    [InlineData("""{"agent_id":"a","unknown":[]}""")]
    [InlineData("""{"agent_id":"a","load":"1"}""")]
    [InlineData("""{"agent_id":"a","incarnation":1.5}""")]
    [InlineData("""{"agent_id":"a","note":[]}""")]
    public void Heartbeats_EntryThatIsNone_IsRefused(string entry) =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize($$"""{"agents":[{{entry}}]}""", MeshJson.Default.HeartbeatsRequest));
}
