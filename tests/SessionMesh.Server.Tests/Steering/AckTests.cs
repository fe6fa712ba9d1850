using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Steering;

public sealed class AckTests
{
    [Fact]
    public async Task Ack_GoesItsWay_AndTheAgentsRowShowsWhatItObeyed()
    {
        await using var mesh = await SteeredAsync();
        (await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"accepted","note":"taken","incarnation":1}"""))
            .ShouldBe(200, Directive(3, "a", 1, differs: $"\"state\":\"accepted\",\"accepted_at\":\"{At(0)}\",\"note\":\"taken\""));
        await mesh.AdvanceAsync(2);
        var ended = $$"""
            "state":"acknowledged","note":"taken","accepted_at":"{{At(0)}}","acknowledged_at":"{{At(2)}}","ended_at":"{{At(2)}}"
            """;
        (await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}"""))
            .ShouldBe(200, Directive(3, "a", 1, differs: ended));
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2, differs: "\"direction\":\"north\""));
        await AckNextAsync(mesh, "pause");
        Assert.True((await mesh.GetAsync("agents/a")).Json["paused"]!.GetValue<bool>());
        await AckNextAsync(mesh, "resume");
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2, differs: "\"direction\":\"north\""));
    }

    [Fact]
    public async Task Ack_Rejected_IsNotObeyed()
    {
        await using var mesh = await SteeredAsync();
        (await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"rejected","note":"no such way"}"""))
            .ShouldBe(200, Directive(3, "a", 1, differs: $"\"state\":\"rejected\",\"ended_at\":\"{At(0)}\",\"note\":\"no such way\""));
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2));
    }

    [Fact]
    public async Task Ack_Twice_IsTheSameAnswerAndNoChange()
    {
        await using var mesh = await SteeredAsync();
        foreach (var state in new[] { "accepted", "acknowledged" })
        {
            var first = await mesh.PostAsync("agents/a/directives/1/ack", $$"""{"state":"{{state}}","note":"n"}""");
            var revision = mesh.Revision;
            var again = await mesh.PostAsync("agents/a/directives/1/ack", $$"""{"state":"{{state}}","note":"n"}""");
            Assert.Equal((200, first.Text), (again.Status, again.Text));
            Assert.Equal(revision, mesh.Revision);
        }

        // A go-between's word that comes late is no contradiction.
        Assert.Equal(
            "acknowledged",
            (await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"accepted"}""")).Json["state"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("acknowledged", "rejected")]
    [InlineData("rejected", "acknowledged")]
    public async Task Ack_OfWhatIsOver_WithAnotherWord_Is409(string first, string then)
    {
        await using var mesh = await SteeredAsync();
        await mesh.PostAsync("agents/a/directives/1/ack", $$"""{"state":"{{first}}"}""");
        var revision = mesh.Revision;
        (await mesh.PostAsync("agents/a/directives/1/ack", $$"""{"state":"{{then}}"}""")).ShouldBeProblemWithoutId(409, "ack_conflict");
        Assert.Equal(revision, mesh.Revision);
        Assert.Equal(first, (await mesh.GetAsync("directives/d-3")).Json["state"]!.GetValue<string>());
    }

    [Fact]
    public async Task Ack_OfWhatIsOver_UnderAnIdempotencyKey_AnswersTheSameEveryTime()
    {
        await using var mesh = await SteeredAsync();
        var ended = await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""");
        foreach (var _ in new[] { 1, 2 })
        {
            var again = await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged"}""", idempotencyKey: "same");
            Assert.Equal((200, ended.Text), (again.Status, again.Text));
            (await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"rejected"}""", idempotencyKey: "other"))
                .ShouldBeProblemWithoutId(409, "ack_conflict");
        }
    }

    [Theory]
    [InlineData("0")]
    [InlineData("2")]
    [InlineData("x")]
    [InlineData("-1")]
    [InlineData("99999999999999999999")]
    public async Task Ack_OfWhatNeverWas_Is404(string seq)
    {
        await using var mesh = await SteeredAsync();
        (await mesh.PostAsync($"agents/a/directives/{seq}/ack", """{"state":"acknowledged"}"""))
            .ShouldBeProblem(404, "directive_not_found");
        Assert.Equal(3, mesh.Revision);
    }

    [Fact]
    public async Task Ack_OfAnOlderIncarnation_IsFencedOff()
    {
        await using var mesh = await SteeredAsync();
        await mesh.PostAsync("agents", """{"agent_id":"a","takeover":true}""");
        (await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged","incarnation":1}"""))
            .ShouldBeProblem(409, "superseded", $",\"agent_status\":\"alive\",\"last_heartbeat_at\":\"{At(0)}\"");
        (await mesh.PostAsync("agents/a/heartbeat", """{"incarnation":1,"acks":[{"seq":1,"state":"acknowledged"}]}"""))
            .ShouldBeProblem(409, "superseded", $",\"agent_status\":\"alive\",\"last_heartbeat_at\":\"{At(0)}\"");
        Assert.Equal("queued", (await mesh.GetAsync("directives/d-3")).Json["state"]!.GetValue<string>());
        Assert.Equal(200, (await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged","incarnation":2}""")).Status);
    }

    [Fact]
    public async Task Ack_OfAStop_IsTakenAfterTheForceToo()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.DeleteAsync("agents/a?force=true");
        (await mesh.PostAsync("agents/a/directives/1/ack", """{"state":"acknowledged","incarnation":1}"""))
            .ShouldBe(200, Directive(3, "a", 1, ttl: 900, differs: $$"""
                "verb":"stop","direction":null,"data":{"grace":0,"force":true},"state":"acknowledged","acknowledged_at":"{{At(0)}}",
                "ended_at":"{{At(0)}}"
                """));
    }

    private static async Task<MeshHost> SteeredAsync()
    {
        var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.SteerAsync("a");
        return mesh;
    }

    private static async Task AckNextAsync(MeshHost mesh, string verb)
    {
        var seq = (await mesh.PostAsync("steer", $$"""{"agent_id":"a","verb":"{{verb}}"}""")).Json["seq"];
        Assert.Equal(200, (await mesh.PostAsync($"agents/a/directives/{seq}/ack", """{"state":"acknowledged"}""")).Status);
    }
}
