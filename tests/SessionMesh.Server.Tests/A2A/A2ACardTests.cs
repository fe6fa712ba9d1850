using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.A2A;

/// <summary>Cards: that of the mesh for everybody, that of an agent for whoever may read it.</summary>
public sealed class A2ACardTests
{
    [Fact]
    public async Task Card_OfTheMesh_IsForAnybody_AndNamesNoAgent()
    {
        await using var mesh = await MeshHost.StartAsync();
        var before = await mesh.GetAsync("~/.well-known/agent-card.json", key: "");
        await mesh.RegisterAsync("secret-agent", more: ",\"specializations\":[\"secret-skill\"]");
        var card = await mesh.GetAsync("~/.well-known/agent-card.json", key: "");
        card.ShouldBe(200, $$"""
            {"name":"Session Mesh","description":"*",
             "supportedInterfaces":[{"url":"{{Url(mesh)}}/api/session-mesh/a2a","protocolBinding":"HTTP+JSON","protocolVersion":"1.0"}],
             "version":"*","capabilities":{"streaming":true,"pushNotifications":false,"extendedAgentCard":false},
             {{Security}},
             "defaultInputModes":["text/plain","application/json"],"defaultOutputModes":["text/plain"],
             "skills":[{"id":"find-agents","name":"Find agents","description":"*","tags":["discovery","registry"]}]}
            """);
        Assert.Equal((before.Text, before.Headers["ETag"]), (card.Text, card.Headers["ETag"]));
        Assert.Equal("public, max-age=3600", card.Headers["Cache-Control"]);
        Assert.Contains("\"HTTP+JSON\"", card.Text, StringComparison.Ordinal);
        Assert.Contains($"{Url(mesh)}/api/session-mesh/agents/{{agent_id}}/agent-card.json", card.Json["description"]!.GetValue<string>(),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("agents/a/agent-card.json")]
    [InlineData("agents/a/a2a/.well-known/agent-card.json")]
    public async Task Card_OfAnAgent_SaysWhereItIsSpokenTo_AndWhatItIsGoodAt(string path)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", more: """
            ,"cluster":"blue","specializations":["plain",{"name":"image/ocr","version":"2","level":80,"capacity":3}]
            """);
        var card = await mesh.GetAsync(path);
        card.ShouldBe(200, $$"""
            {"name":"a","description":"*",
             "supportedInterfaces":[
               {"url":"{{Url(mesh)}}/api/session-mesh/agents/a/a2a","protocolBinding":"HTTP+JSON","protocolVersion":"1.0"}],
             "version":"*","capabilities":{"streaming":true,"pushNotifications":false,"extendedAgentCard":false},
             {{Security}},
             "defaultInputModes":["text/plain","application/json"],"defaultOutputModes":["text/plain"],
             "skills":[
               {"id":"image/ocr","name":"image/ocr","description":"Level 80 of 100, capacity 3, version 2.","tags":["image","ocr"]},
               {"id":"plain","name":"plain","description":"Level 50 of 100, capacity 1.","tags":["plain"]}]}
            """);
        Assert.Equal("max-age=60, private", card.Headers["Cache-Control"]);
        Assert.Matches("^\"[0-9a-f]{24}\"$", card.Headers["ETag"]);
    }

    [Fact]
    public async Task Card_ThatIsTheSame_IsNotSentAgain()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        foreach (var path in new[] { "~/.well-known/agent-card.json", "agents/a/agent-card.json" })
        {
            var tag = (await mesh.GetAsync(path)).Headers["ETag"];
            foreach (var known in (string[])[tag, "W/" + tag, "\"other\", " + tag, "*"])
            {
                using var again = mesh.Request(HttpMethod.Get, path);
                again.Headers.TryAddWithoutValidation("If-None-Match", known);
                var reply = await mesh.SendAsync(again);
                Assert.Equal((304, "", tag), (reply.Status, reply.Text, reply.Headers["ETag"]));
            }
        }

        await mesh.PostAsync("registry", """{"agent_id":"a","specialization":"ocr"}""");
        using var changed = mesh.Request(HttpMethod.Get, "agents/a/agent-card.json");
        changed.Headers.TryAddWithoutValidation("If-None-Match", "\"other\"");
        Assert.Equal(200, (await mesh.SendAsync(changed)).Status);
    }

    /// <summary>The specification asks for a skill at least.</summary>
    [Fact]
    public async Task Card_OfAnAgentWithoutASpecialization_HasASkillAllTheSame()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        var skill = Assert.Single((await mesh.GetAsync("agents/a/agent-card.json")).Json["skills"]!.AsArray());
        JsonAssert.Same("""{"id":"steer","name":"Steer","description":"*","tags":["steer"]}""", skill!.ToJsonString());
    }

    [Fact]
    public async Task Card_OfAnAgentThatTheKeyDoesNotReach_IsAsIfThereWereNone()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        var key = await mesh.MintAsync("""{"scopes":["mesh:read"],"within":["agent:a"]}""");
        Assert.Equal(200, (await mesh.GetAsync("agents/a/agent-card.json", key)).Status);
        var beyond = (await mesh.GetAsync("agents/b/agent-card.json", key)).ShouldBeA2AError(404, "NOT_FOUND", "AGENT_NOT_FOUND");
        var absent = await mesh.GetAsync("agents/c/agent-card.json", key);
        Assert.Equal(beyond.Text.Replace("'b'", "'c'", StringComparison.Ordinal), absent.Text);
    }

    private static string Url(MeshHost mesh) => mesh.Address.GetLeftPart(UriPartial.Authority);

    private const string Security = """
        "securitySchemes":{"key":{"httpAuthSecurityScheme":{"scheme":"Bearer","bearerFormat":"smk_…","description":"*"}}},
        "securityRequirements":[{"schemes":{"key":{"list":[]}}}]
        """;
}
