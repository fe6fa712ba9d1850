using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Registry;

/// <summary>What <c>POST /registry</c> begins, renews and adds to.</summary>
public sealed class RegisterTests
{
    [Fact]
    public async Task Register_UnknownAgent_BeginsAnHourLongSession_AndAgainAddsToWhatItDeclares()
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.PostAsync("registry", """{"specialization":"image-processing","agent_id":"123"}"""))
            .ShouldBe(201, Registration("123", session: 2, ttl: 3600, differs: "\"specializations\":[\"image-processing\"]"));
        await mesh.AdvanceAsync(5);
        (await mesh.PostAsync("registry", """{"specialization":"a/b","agent_id":123,"specializations":["c"],"user":"ann"}"""))
            .ShouldBe(200, Registration("123", session: 2, heardAt: 5, ttl: 3600, differs: """
                "specializations":["a/b","c","image-processing"],"user":"ann"
                """));
    }

    [Fact]
    public async Task Register_AgentOfPostAgents_KeepsItsTtlUnlessToldOtherwise()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", ttl: 45);
        (await mesh.PostAsync("registry", """{"specialization":"s","agent_id":"a"}"""))
            .ShouldBe(200, Registration("a", session: 2, ttl: 45, differs: "\"specializations\":[\"s\"]"));
        (await mesh.PostAsync("registry", """{"specialization":"s","agent_id":"a","ttl":90}"""))
            .ShouldBe(200, Registration("a", session: 2, ttl: 90, differs: "\"specializations\":[\"s\"]"));
    }

    [Fact]
    public async Task Register_SuspectAgent_IsAliveAgainInTheSameIncarnation()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a");
        await mesh.AdvanceAsync(61);
        (await mesh.PostAsync("registry", """{"specialization":"s","agent_id":"a"}"""))
            .ShouldBe(200, Registration("a", session: 2, heardAt: 61, differs: "\"specializations\":[\"s\"]"));
    }

    [Fact]
    public async Task Register_LastsAnHour_AndCallingAgainRenewsIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        const string Body = """{"specialization":"image-processing","agent_id":"123"}""";
        await mesh.PostAsync("registry", Body);
        mesh.Time.Advance(TimeSpan.FromSeconds(3000)); // nothing comes due on the way
        (await mesh.PostAsync("registry", Body))
            .ShouldBe(
                200, Registration("123", session: 2, heardAt: 3000, ttl: 3600, differs: "\"specializations\":[\"image-processing\"]"));
        mesh.Time.Advance(TimeSpan.FromSeconds(3599));
        await mesh.AdvanceAsync(1);
        Assert.Equal("alive", await mesh.StatusAsync("123"));
        await mesh.AdvanceAsync(1);
        Assert.Equal("suspect", await mesh.StatusAsync("123"));
    }

    [Fact]
    public async Task Register_AfterAConfirmedExit_BeginsTheNextIncarnationAtOnce()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", more: ",\"specializations\":[\"s\"]");
        await mesh.PostAsync("agents/a/exit", """{"incarnation":1,"exit_code":0}""");
        (await mesh.PostAsync("registry", """{"agent_id":"a","specialization":"t"}"""))
            .ShouldBe(
                201, Registration("a", session: mesh.Revision, ttl: 3600, differs: "\"incarnation\":2,\"specializations\":[\"s\",\"t\"]"));
    }
}
