using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Registry;

public sealed class RegistryTests
{
    [Fact]
    public async Task Get_CountsWhoDeclaresAndWhoLives()
    {
        await using var mesh = await MeshHost.StartAsync();
        (await mesh.GetAsync("registry")).ShouldBe(200, """{"specializations":[],"agents":[],"next_cursor":null}""");
        await mesh.RegisterAsync("a", more: ",\"specializations\":[\"s\",\"t\"]");
        await mesh.RegisterAsync("b", more: ",\"specializations\":[\"s\"]");
        await mesh.RegisterAsync("dead", more: ",\"specializations\":[\"s\",\"gone\"]");
        await mesh.PostAsync("agents", """{"agent_id":"declared","declare":true,"specializations":["s"]}""");
        await mesh.DeleteAsync("agents/dead?force=true");
        (await mesh.GetAsync("registry")).ShouldBe(200, """
            {"specializations":[{"specialization":"gone","declared":0,"alive":0,"room":0},
             {"specialization":"s","declared":3,"alive":2,"room":2},
             {"specialization":"t","declared":1,"alive":1,"room":1}],"agents":[],"next_cursor":null}
            """);
        (await mesh.GetAsync("registry?specialization=s&limit=1")).ShouldBe(200, $$"""
            {"specializations":[{"specialization":"s","declared":3,"alive":2,"room":2}],
             "agents":[{{Row("a", session: 2, differs: "\"specializations\":[\"s\",\"t\"]")}}],"next_cursor":"0"}
            """);
        (await mesh.GetAsync("registry?specialization=s&limit=1&cursor=0")).ShouldBe(200, $$"""
            {"specializations":[{"specialization":"s","declared":3,"alive":2,"room":2}],
             "agents":[{{Row("b", session: 3, differs: "\"specializations\":[\"s\"]")}}],"next_cursor":null}
            """);
        (await mesh.GetAsync("registry?specialization=none")).ShouldBe(200, """{"specializations":[],"agents":[],"next_cursor":null}""");
    }

    [Fact]
    public async Task Withdraw_TakesItFromTheAgent_AndIsNoSignOfLife()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", more: ",\"specializations\":[\"a/b\",\"t\"]");
        await mesh.AdvanceAsync(5);
        (await mesh.DeleteAsync("registry?specialization=a%2Fb&agent_id=a"))
            .ShouldBe(200, Row("a", session: 2, differs: "\"specializations\":[\"t\"]"));
        (await mesh.DeleteAsync("registry?specialization=a%2Fb&agent_id=a")).ShouldBeProblem(404, "specialization_not_found");
        (await mesh.DeleteAsync("registry?specialization=t&agent_id=b")).ShouldBeProblem(404, "agent_not_found");
        (await mesh.DeleteAsync("registry"))
            .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"")
            .ShouldBlame("?agent_id", "?specialization");
        Assert.Equal(3, mesh.Revision);
        (await mesh.GetAsync("alive?specialization=a/b")).ShouldBe(200, """{"sessions":[],"count":0,"next_cursor":null,"as_of":"3"}""");
        await mesh.DeleteAsync("registry?specialization=t&agent_id=a");
        Assert.EndsWith(
            "It declares none.",
            (await mesh.DeleteAsync("registry?specialization=t&agent_id=a")).Json["detail"]!.GetValue<string>(),
            StringComparison.Ordinal);
    }
}
