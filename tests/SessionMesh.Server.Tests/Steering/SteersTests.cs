using System.Globalization;
using SessionMesh.Contracts;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Steering;

/// <summary><c>POST /steers</c>: many words in one call.</summary>
public sealed class SteersTests
{
    [Fact]
    public async Task Steers_EachHasItsOwnOutcome_InOrder_AndTheAgentsHearThem()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        await mesh.PostAsync("registry", """{"specialization":"s","agent_id":"gone","ttl":5}""");
        await mesh.DeleteAsync("agents/gone?force=true");
        var before = mesh.Revision;
        (await mesh.PostAsync("steers", """
            {"steers":[{"agent_id":"a","direction":"north"},{"agent_id":"nobody","direction":"n"},{"agent_id":"b","verb":"pause"},
              {"agent_id":"a","direction":"south","message":"m","data":{"x":1}},{"agent_id":"gone","direction":"n"}]}
            """)).ShouldBe(200, $$"""
            {"results":[{"agent_id":"a","directive_id":"d-{{before + 1}}","seq":1,"state":"queued"},
              {"agent_id":"nobody","code":"agent_not_found","detail":"*"},
              {"agent_id":"b","directive_id":"d-{{before + 2}}","seq":1,"state":"queued"},
              {"agent_id":"a","directive_id":"d-{{before + 3}}","seq":2,"state":"queued"},
              {"agent_id":"gone","code":"not_alive","detail":"*"}]}
            """);
        Assert.Equal(before + 3, mesh.Revision);
        (await mesh.GetAsync("agents/a/directives")).ShouldBe(200, $$"""
            {"directives":[{{Directive(before + 1, "a", 1)}},
              {{Directive(before + 3, "a", 2, differs: "\"direction\":\"south\",\"message\":\"m\",\"data\":{\"x\":1}")}}]}
            """);
    }

    [Fact]
    public async Task Steers_AreOneCommit()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await using var events = await mesh.ListenAsync("events");
        await mesh.PostAsync("steers", Body(Enumerable.Repeat("a", 100)));
        var at = new List<string>();
        for (var n = 0; n < 100; n++)
        {
            at.Add((await events.NextAsync("directive.issued")).Json["at"]!.GetValue<string>());
        }

        Assert.Single(at.Distinct());
        Assert.Equal(100, mesh.State.Find("a")!.Inbox.Pending.Length);
    }

    [Fact]
    public async Task Steers_UnderAnIdempotencyKey_AreSentOnce()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var body = Body(["a", "b"]);
        var first = await mesh.PostAsync("steers", body, idempotencyKey: "k");
        var again = await mesh.PostAsync("steers", body, idempotencyKey: "k");
        Assert.Equal((200, first.Text), (again.Status, again.Text));
        Assert.Equal(1, mesh.State.Find("a")!.Inbox.LastSeq);
        (await mesh.PostAsync("steers", Body(["a"]), idempotencyKey: "k")).ShouldBeRefused(422, "idempotency_key_reused");
    }

    [Theory]
    [InlineData("""{"steers":[]}""", "/steers")]
    [InlineData("""{}""", "/steers")]
    [InlineData("""{"steers":[null]}""", "/steers/0")]
    [InlineData("""{"steers":[{"agent_id":"a","direction":"n"},{"agent_id":"a"}]}""", "/steers/1/direction")]
    [InlineData("""{"steers":[{"direction":"n"}]}""", "/steers/0/agent_id")]
    [InlineData("""{"steers":[{"agent_id":"a","direction":"n","wait":"acknowledged"}]}""", "/steers/0/wait")]
    [InlineData("""{"steers":[{"agent_id":"a","direction":"n","wait_seconds":3}]}""", "/steers/0/wait_seconds")]
    [InlineData("""{"steers":[{"selector":{"cluster":"x"},"agent_id":"a","direction":"n"}]}""", "/steers/0/selector")]
    [InlineData("""{"steers":[{"agent_id":"a","direction":"n","expect":1}]}""", "/steers/0/expect")]
    [InlineData("""{"steers":[{"agent_id":"a","direction":"n","dry_run":true}]}""", "/steers/0/dry_run")]
    [InlineData("""{"steers":[{"agent_id":"a","direction":"n","ttl":0}]}""", "/steers/0/ttl")]
    public async Task Steers_OfABadForm_AreRefusedWhole_AndPointToIt(string body, string pointer)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var before = mesh.Revision;
        var refused = await mesh.PostAsync("steers", body);
        refused.ShouldBeRefused(400, "invalid_request");
        Assert.Equal(pointer, refused.Json["errors"]![0]!["pointer"]!.GetValue<string>());
        Assert.Equal(before, mesh.Revision);
    }

    [Fact]
    public async Task Steers_MoreThanAThousand_OrMoreThanAMebibyte_AreRefused_AndAsManyAreTaken()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        (await mesh.PostAsync("steers", Body(Enumerable.Repeat("a", Limits.Steers + 1)))).ShouldBeRefused(400, "invalid_request");
        var large = Body(Enumerable.Repeat("a", 100), new string('m', 10_400));
        Assert.InRange(large.Length, 1_040_000, Limits.SteersBytes);
        Assert.Equal(100, (await mesh.PostAsync("steers", large)).Json["results"]!.AsArray().Count);
        var padded = large.PadRight(Limits.SteersBytes + 1);
        (await mesh.PostAsync("steers", padded)).ShouldBeRefused(413, "body_too_large");
        Assert.Equal(200, (await mesh.PostAsync("steers", padded[..Limits.SteersBytes])).Status);
        Assert.Equal(200, mesh.State.Find("a")!.Inbox.LastSeq);
        (await mesh.PostAsync("steer", $$"""{"agent_id":"a","direction":"n","message":"{{new string('m', 70_000)}}"}"""))
            .ShouldBeRefused(413, "body_too_large");
    }

    [Fact]
    public async Task Steers_CostAsManyRequestsOfTheKeyAsThereAreSteers()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--rate-limit", "100"]);
        await mesh.RegisterAsync("a");
        var key = await mesh.MintAsync("""{"scopes":["steer"]}""");
        Assert.Equal(200, (await mesh.PostAsync("steers", Body(Enumerable.Repeat("a", 300)), key)).Status);
        Assert.Equal(200, (await mesh.PostAsync("steers", Body(Enumerable.Repeat("a", 99)), key)).Status);
        var refused = await mesh.PostAsync("steers", Body(Enumerable.Repeat("a", 10)), key);
        refused.ShouldBeRefused(429, "rate_limited");
        Assert.Equal(399, mesh.State.Find("a")!.Inbox.LastSeq);
    }

    [Fact]
    public async Task Steers_OfAgentsBeyondTheKeysReach_AreNotFound()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", more: ",\"cluster\":\"east\"");
        await mesh.RegisterAsync("b", more: ",\"cluster\":\"west\"");
        var key = await mesh.MintAsync("""{"scopes":["steer"],"within":["cluster:east"]}""");
        var before = mesh.Revision;
        (await mesh.PostAsync("steers", Body(["b", "a"]), key)).ShouldBe(200, $$"""
            {"results":[{"agent_id":"b","code":"agent_not_found","detail":"*"},
             {"agent_id":"a","directive_id":"d-{{before + 1}}","seq":1,"state":"queued"}]}
            """);
    }

    private static string Body(IEnumerable<string> ids, string message = "") =>
        "{\"steers\":["
        + string.Join(
            ',',
            ids.Select((id, n) => string.Create(
                CultureInfo.InvariantCulture, $$"""{"agent_id":"{{id}}","direction":"d{{n}}","message":"{{message}}"}""")))
        + "]}";
}
