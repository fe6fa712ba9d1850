using System.Text.Json;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Events;
using SessionMesh.Contracts.Json;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Contracts.Tests.Json;

public sealed class AnswerTests
{
    [Theory]
    [InlineData("2026-01-31T08:15:30.125Z", "2026-01-31T08:15:30.125Z")]
    [InlineData("2026-01-31T08:15:30Z", "2026-01-31T08:15:30.000Z")]
    [InlineData("2026-01-31T09:15:30.5+01:00", "2026-01-31T08:15:30.500Z")]
    [InlineData("2026-01-31T00:15:30.1239999-08:00", "2026-01-31T08:15:30.123Z")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z")]
    [InlineData("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z")]
    public void Time_IsWrittenInUtcWithMilliseconds_AndReadInAnyOffset(string read, string written)
    {
        var notice = JsonSerializer.Deserialize(
            $$"""{"revision":1,"at":"{{read}}","actor":"mesh","kind":"k","subject":"s"}""", MeshJson.Default.MeshEvent)!;
        Assert.Equal(DateTimeOffset.Parse(read, System.Globalization.CultureInfo.InvariantCulture), notice.At);
        Assert.Equal(
            $$"""{"revision":1,"at":"{{written}}","actor":"mesh","kind":"k","subject":"s"}""",
            JsonSerializer.Serialize(notice, MeshJson.Default.MeshEvent));
    }

    [Theory]
    [InlineData("\"31.01.2026\"")]
    [InlineData("\"2026-01-31\\u0000\"")]
    [InlineData("1769847330")]
    [InlineData("null")]
    public void Time_ThatIsNone_IsRefused(string at) =>
        Assert.ThrowsAny<JsonException>(() => JsonSerializer.Deserialize(
            $$"""{"revision":1,"at":{{at}},"actor":"mesh","kind":"k","subject":"s"}""", MeshJson.Default.MeshEvent));

    [Fact]
    public void Answers_AreReadLeniently_BecauseTheApiGrowsByAddition()
    {
        var directive = JsonSerializer.Deserialize("""
            {"directive_id":"d-1","agent_id":"a","seq":1,"verb":"steer","state":"queued","issued_by":"k","issued_at":"2026-01-31T08:15:30Z",
             "expires_at":"2026-01-31T08:15:30Z","a_member_of_tomorrow":{"x":1}}
            """, MeshJson.Default.Directive)!;
        Assert.Equal("d-1", directive.DirectiveId);
    }

    [Fact]
    public void Answers_WithoutWhatTheyMustHave_AreRefused() =>
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("""{"directive_id":"d-1"}""", MeshJson.Default.Directive));

    [Fact]
    public void Event_OwnMembers_StandBesideTheEnvelope()
    {
        const string Json =
            """{"revision":7,"at":"2026-01-31T08:15:30.000Z","actor":"mesh","kind":"agent.dead","subject":"a","incarnation":2,"ok":true}""";
        var read = JsonSerializer.Deserialize(Json, MeshJson.Default.MeshEvent)!;
        Assert.Equal(["incarnation", "ok"], read.Details!.Keys);
        Assert.Equal(Json, JsonSerializer.Serialize(read, MeshJson.Default.MeshEvent));
    }

    [Fact]
    public void Members_AreSnakeCase()
    {
        var json = JsonSerializer.Serialize(
            new Problem
            {
                Type = "t",
                Title = "T",
                Status = 409,
                Detail = "d",
                Code = "c",
                RequestId = "r",
                LastHeartbeatAt = DateTimeOffset.UnixEpoch,
                AgentStatus = "alive",
                KeyId = "k",
                RetryAfter = 1,
            },
            MeshJson.Default.Problem);
        Assert.Equal(
            """{"type":"t","title":"T","status":409,"detail":"d","code":"c","request_id":"r","errors":null"""
            + ""","last_heartbeat_at":"1970-01-01T00:00:00.000Z","agent_status":"alive","key_id":"k","retry_after":1}""",
            json);
    }

    [Fact]
    public void Words_OfTheContract_AreLowerCaseAndOnce()
    {
        foreach (var words in new[]
        {
            Agents.AgentStatus.All, Agents.AgentActivity.All, Agents.AliveFilter.Allowed, Agents.SessionKind.Allowed,
            DirectiveVerb.Steerable, DirectiveState.Acks, DirectiveState.Waits, Keys.Scopes.All, Sandbox.FaultCut.All,
            [.. typeof(ErrorCodes).GetFields().Select(f => (string)f.GetRawConstantValue()!)],
        })
        {
            Assert.Equal(words.Count, words.Distinct(StringComparer.Ordinal).Count());
            Assert.All(words, word => Assert.Matches("^[a-z]+([_:][a-z]+)*$", word));
        }
    }

    [Theory]
    [InlineData("/api/session-mesh/agents/a:1/heartbeat", "heartbeat")]
    [InlineData("/api/session-mesh/agents/a:1/directives", "directives")]
    [InlineData("/api/session-mesh/agents/a:1/directives/7/ack", "ack")]
    [InlineData("/api/session-mesh/agents/a:1/exit", "exit")]
    [InlineData("/api/session-mesh/agents/a:1", "agent")]
    public void Routes_AreFilledIn(string expected, string which) =>
        Assert.Equal(expected, which switch
        {
            "heartbeat" => Routes.Heartbeat("a:1"),
            "directives" => Routes.AgentDirectives("a:1"),
            "ack" => Routes.Ack("a:1", 7),
            "exit" => Routes.Exit("a:1"),
            _ => Routes.Agent("a:1"),
        });
}
