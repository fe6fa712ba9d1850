using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Agents;

public sealed class RegistrationTests
{
    [Fact]
    public async Task Register_ShortestBody_AnswersTheWholeRowWithItsLease()
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.PostAsync("agents", """{"agent_id":"a"}""")).ShouldBe(201, Registration("a", session: 2));
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2));
    }

    [Fact]
    public async Task Register_WithoutAnyBody_ChoosesAnId()
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.PostAsync("agents");
        Assert.Equal(201, reply.Status);
        Assert.Matches("^a-[a-z0-9]{12}$", reply.Json["agent_id"]!.GetValue<string>());
    }

    [Fact]
    public async Task Register_EveryMember_IsShownAsItWasGiven()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("p");
        var reply = await mesh.PostAsync("agents", """
            {"agent_id":"a","parent_id":"p","cluster":"eu","specializations":["z/last","a first","z/last"],
             "labels":{"b":"2","a":"<1> & \"é\" \u2028"},"user":"ann","ttl":300}
            """);
        reply.ShouldBe(201, Registration("a", session: 3, ttl: 300, differs: """
            "parent_id":"p","cluster":"eu","specializations":["a first","z/last"],"labels":{"a":"<1> & \"é\" \u2028","b":"2"},"user":"ann"
            """));
        (await mesh.GetAsync("agents/p")).ShouldBe(200, Detail("p", session: 2, differs: "\"descendants\":1"));
    }

    [Fact]
    public async Task Register_AliveWithoutIncarnation_Is409WithWhenItWasLastHeard()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.AdvanceAsync(7);
        await mesh.PostAsync("agents/a/heartbeat");
        await mesh.AdvanceAsync(3);
        (await mesh.PostAsync("agents", """{"agent_id":"a"}"""))
            .ShouldBeProblem(409, "already_alive", $$""","agent_status":"alive","last_heartbeat_at":"{{At(7)}}" """);
        Assert.Equal(2, mesh.Revision);
    }

    [Fact]
    public async Task Register_CurrentIncarnation_RenewsAndChangesOnlyWhatIsSaid()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", more: ""","specializations":["s"],"labels":{"k":"v"},"user":"ann","cluster":"eu" """);
        await mesh.AdvanceAsync(10);
        const string Kept = "\"specializations\":[\"s\"],\"labels\":{\"k\":\"v\"},\"user\":\"ann\",\"cluster\":\"eu\"";
        (await mesh.PostAsync("agents", """{"agent_id":"a","incarnation":1}"""))
            .ShouldBe(200, Registration("a", session: 2, heardAt: 10, differs: Kept));
        Assert.Equal(2, mesh.Revision); // a renewal that says nothing new is no change
        (await mesh.PostAsync("agents", """{"agent_id":"a","incarnation":1,"ttl":90,"labels":{}}"""))
            .ShouldBe(
                200,
                Registration(
                    "a", session: 2, heardAt: 10, ttl: 90, differs: Kept.Replace("{\"k\":\"v\"}", "{}", StringComparison.Ordinal)));
        Assert.Equal(3, mesh.Revision);
    }

    [Fact]
    public async Task Register_Takeover_BeginsTheNextIncarnationAndFencesTheOneBefore()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.PostAsync("agents/a/heartbeat", """{"activity":"working","load":0.5,"note":"old"}""");
        await mesh.AdvanceAsync(5);
        (await mesh.PostAsync("agents", """{"agent_id":"a","takeover":true}"""))
            .ShouldBe(201, Registration("a", session: 3, heardAt: 5, differs: "\"incarnation\":2"));
        foreach (var (path, body) in new[]
        {
            ("agents/a/heartbeat", """{"incarnation":1}"""),
            ("agents", """{"agent_id":"a","incarnation":1}"""),
            ("agents/a/exit", """{"incarnation":1}"""),
        })
        {
            (await mesh.PostAsync(path, body))
                .ShouldBeProblem(409, "superseded", $$""","agent_status":"alive","last_heartbeat_at":"{{At(5)}}" """);
        }

        Assert.Equal(3, mesh.Revision);
    }

    [Fact]
    public async Task Register_TakeoverUnderAnIdempotencyKey_ShowsNothingOfTheIncarnationBefore()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.PostAsync("agents/a/heartbeat", """{"activity":"working","load":0.5,"progress":3,"progress_interval":9,"note":"old"}""");
        (await mesh.PostAsync("agents", """{"agent_id":"a","takeover":true}""", idempotencyKey: "k"))
            .ShouldBe(201, Registration("a", session: 3, differs: "\"incarnation\":2"));
    }

    [Fact]
    public async Task Register_IncarnationThatNeverWas_IsRefused()
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.PostAsync("agents", """{"agent_id":"a","incarnation":1}""")).ShouldBeProblem(404, "agent_not_found");
        await mesh.RegisterAsync("a");
        (await mesh.PostAsync("agents", """{"agent_id":"a","incarnation":2}"""))
            .ShouldBeProblem(409, "unknown_incarnation", $$""","agent_status":"alive","last_heartbeat_at":"{{At(0)}}" """);
    }

    [Theory]
    [InlineData(61, "suspect")]
    [InlineData(121, "lost")]
    public async Task Register_AgentThatWentSilent_NeedsNoTakeover(int silence, string status)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.AdvanceAsync(silence);
        Assert.Equal(status, await mesh.StatusAsync("a"));
        var reply = await mesh.PostAsync("agents", """{"agent_id":"a"}""");
        reply.ShouldBe(201, Registration("a", session: mesh.Revision, heardAt: silence, differs: "\"incarnation\":2"));
    }

    [Fact]
    public async Task Declare_MakesKnownWithoutASession_AndOfAKnownAgentChangesNothing()
    {
        await using var mesh = await MeshHost.StartAsync();
        const string Declared = """
            "session_id":null,"incarnation":0,"status":"declared","last_heartbeat_at":null,"expires_at":null,"specializations":["s"]
            """;
        (await mesh.PostAsync("agents", """{"agent_id":"a","declare":true,"specializations":["s"]}"""))
            .ShouldBe(201, Merge(Row("a", session: 0, differs: Declared), "\"ttl\":0,\"next_heartbeat_in\":1"));
        (await mesh.PostAsync("agents", """{"agent_id":"a","declare":true,"specializations":["other"]}"""))
            .ShouldBe(200, Merge(Row("a", session: 0, differs: Declared), "\"ttl\":0,\"next_heartbeat_in\":1"));
        Assert.Equal(2, mesh.Revision);
        (await mesh.PostAsync("agents", """{"agent_id":"a"}"""))
            .ShouldBe(201, Registration("a", session: 3, differs: "\"specializations\":[\"s\"]"));
    }

    [Fact]
    public async Task Declare_AgentThatIsAlive_DoesNotPretendThatItWasHeard()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.AdvanceAsync(10);
        (await mesh.PostAsync("agents", """{"agent_id":"a","declare":true}""")).ShouldBe(200, Registration("a", session: 2, heardAt: 0));
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 2, heardAt: 0));
    }

    [Fact]
    public async Task Declare_WithUpdate_BringsAnAgentInLine_IsNoSignOfLife_AndIsLoggedOnce()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("boss");
        await mesh.RegisterAsync("a", more: ",\"labels\":{\"env\":\"dev\"},\"user\":\"ann\"");
        await mesh.AdvanceAsync(10);
        const string Body = """
            {"agent_id":"a","declare":true,"update":true,"cluster":"eu","parent_id":"boss","labels":{"tier":"free"},
             "specializations":[{"name":"ocr","capacity":4}]}
            """;
        const string Differs = """
            "cluster":"eu","parent_id":"boss","user":"ann","labels":{"tier":"free"},"specializations":["ocr"],
            "skills":[{"name":"ocr","version":null,"level":50,"capacity":4,"held":0}]
            """;
        (await mesh.PostAsync("agents", Body)).ShouldBe(200, Registration("a", session: 3, heardAt: 0, differs: Differs));
        Assert.Equal(4, mesh.Revision);
        (await mesh.PostAsync("agents", Body)).ShouldBe(200, Registration("a", session: 3, heardAt: 0, differs: Differs));
        Assert.Equal(4, mesh.Revision);
        (await mesh.GetAsync("agents/a")).ShouldBe(200, Detail("a", session: 3, heardAt: 0, differs: Differs));

        // The lease goes on as it was: silent for 61 s, it is suspect.
        await mesh.AdvanceAsync(51);
        Assert.Equal("suspect", await mesh.StatusAsync("a"));
    }

    [Theory]
    [InlineData("declared")]
    [InlineData("dead")]
    public async Task Declare_WithUpdate_ChangesOneWithoutASession_AndLeavesItThere(string status)
    {
        await using var mesh = await MeshHost.StartAsync();
        if (status is "dead")
        {
            await mesh.RegisterAsync("a");
            await mesh.DeleteAsync("agents/a?force=true");
        }
        else
        {
            await mesh.PostAsync("agents", """{"agent_id":"a","declare":true}""");
        }

        var reply = await mesh.PostAsync(
            "agents", """{"agent_id":"a","declare":true,"update":true,"labels":{"env":"prod"},"user":"ann"}""");
        Assert.Equal(
            (200, status, "ann", "prod"),
            (reply.Status, (string)reply.Json["status"]!, (string)reply.Json["user"]!, (string)reply.Json["labels"]!["env"]!));
    }

    [Fact]
    public async Task Declare_WithUpdate_OfNobody_MakesKnown()
    {
        await using var mesh = await MeshHost.StartAsync();
        var reply = await mesh.PostAsync("agents", """{"agent_id":"a","declare":true,"update":true,"user":"ann"}""");
        Assert.Equal((201, "declared", "ann"), (reply.Status, (string)reply.Json["status"]!, (string)reply.Json["user"]!));
    }

    [Theory]
    [InlineData("""{"agent_id":"a","update":true}""", "/update")]
    [InlineData("""{"agent_id":"a","declare":true,"update":true,"ttl":60}""", "/ttl")]
    [InlineData("""{"agent_id":"a","declare":true,"update":true,"parent_id":"b"}""", "/parent_id")]
    [InlineData("""{"agent_id":"a","declare":true,"update":true,"parent_id":"nobody"}""", "/parent_id")]
    public async Task Declare_WithUpdate_ThatCannotBe_ChangesNothing(string body, string pointer)
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b", more: ",\"parent_id\":\"a\"");
        (await mesh.PostAsync("agents", body)).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame(pointer);
        Assert.Equal(3, mesh.Revision);
    }

    [Fact]
    public async Task Parent_MustBeKnownAndNoCircle()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b", more: ",\"parent_id\":\"a\"");
        await mesh.RegisterAsync("c", more: ",\"parent_id\":\"b\"");
        foreach (var body in new[]
        {
            """{"agent_id":"x","parent_id":"nobody"}""",
            """{"agent_id":"x","parent_id":"x"}""",
            """{"agent_id":"a","incarnation":1,"parent_id":"c"}""",
        })
        {
            (await mesh.PostAsync("agents", body)).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame("/parent_id");
        }

        Assert.Equal(4, mesh.Revision);
        (await mesh.PostAsync("agents", """{"agent_id":"c","incarnation":1,"parent_id":"a"}"""))
            .ShouldBe(200, Registration("c", session: 4, differs: "\"parent_id\":\"a\""));
        Assert.Equal(2, (await mesh.GetAsync("agents/a")).Json["descendants"]!.GetValue<int>());
        Assert.Equal(0, (await mesh.GetAsync("agents/b")).Json["descendants"]!.GetValue<int>());
    }
}
