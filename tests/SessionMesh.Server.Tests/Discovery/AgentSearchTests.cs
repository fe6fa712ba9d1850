using SessionMesh.Server.Tests.Agents;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Discovery;

/// <summary>Whom a list's filters find.</summary>
public sealed class AgentSearchTests
{
    [Theory]
    [InlineData("alive")]
    [InlineData("alive?filter=active")]
    [InlineData("alive?filter=alive&kind=agent&limit=100")]
    [InlineData("alive?kind=all")]
    public async Task Alive_ShowsTheLivingAlone(string path)
    {
        await using var mesh = await EveryStatusAsync();
        (await mesh.GetAsync(path))
            .ShouldBe(200, $$"""
                {"sessions":[{{Row("alive", session: mesh.Revision, createdAt: 121, heardAt: 121, differs: "\"cluster\":\"eu\"")}}],
                 "count":1,"next_cursor":null,"as_of":"{{mesh.Revision}}"}
                """);
    }

    [Theory]
    [InlineData("declared")]
    [InlineData("alive")]
    [InlineData("suspect")]
    [InlineData("lost")]
    [InlineData("stopping")]
    [InlineData("dead")]
    public async Task Filter_FindsEveryStatusByItsName(string status)
    {
        await using var mesh = await EveryStatusAsync();
        foreach (var list in new[] { "alive", "agents" })
        {
            (await mesh.GetAsync($"{list}?filter={status}&fields=agent_id,status"))
                .ShouldBe(200, $$"""
                    {"sessions":[{"agent_id":"{{status}}","status":"{{status}}"}],"count":1,"next_cursor":null,"as_of":"{{mesh.Revision}}"}
                    """);
        }
    }

    [Fact]
    public async Task Agents_ShowsAllWhateverTheirStatus_AndSessionsHaveNoneYet()
    {
        await using var mesh = await EveryStatusAsync();
        (await mesh.GetAsync("agents?fields=status")).ShouldBe(200, $$"""
            {"sessions":[{"status":"lost"},{"status":"dead"},{"status":"declared"},{"status":"suspect"},{"status":"stopping"},
             {"status":"alive"}],"count":6,"next_cursor":null,"as_of":"{{mesh.Revision}}"}
            """);
        (await mesh.GetAsync("agents?kind=session"))
            .ShouldBe(200, $$"""{"sessions":[],"count":0,"next_cursor":null,"as_of":"{{mesh.Revision}}"}""");
    }

    [Fact]
    public async Task Filters_AreTakenTogether_AndAnUnknownNameFindsNobody()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", more: ",\"cluster\":\"eu\",\"specializations\":[\"s/1\",\"t\"]");
        await mesh.RegisterAsync("b", more: ",\"cluster\":\"eu\",\"specializations\":[\"t\"]");
        await mesh.RegisterAsync("c", more: ",\"cluster\":\"us\",\"specializations\":[\"s/1\"]");
        Assert.Equal(["a"], await IdsAsync(mesh, "alive?cluster=eu&specialization=s/1"));
        Assert.Equal(["a", "c"], await IdsAsync(mesh, "alive?specialization=s%2F1"));
        Assert.Equal(["a", "b"], await IdsAsync(mesh, "alive?cluster=eu"));
        Assert.Equal([], await IdsAsync(mesh, "alive?cluster=nowhere"));
        Assert.Equal([], await IdsAsync(mesh, "alive?specialization=nothing"));
        Assert.Equal([], await IdsAsync(mesh, "agents?filter=dead&cluster=eu"));
    }

    private static async Task<List<string>> IdsAsync(MeshHost mesh, string path) =>
        [.. (await mesh.GetAsync(path)).Json["sessions"]!.AsArray().Select(r => r!["agent_id"]!.GetValue<string>())];

    /// <summary>At 121 s: one agent of every status, named after it.</summary>
    private static async Task<MeshHost> EveryStatusAsync()
    {
        var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("lost");
        await mesh.RegisterAsync("dead");
        await mesh.DeleteAsync("agents/dead?force=true");
        await mesh.PostAsync("agents", """{"agent_id":"declared","declare":true}""");
        await mesh.AdvanceAsync(60);
        await mesh.RegisterAsync("suspect");
        await mesh.AdvanceAsync(61);
        await mesh.RegisterAsync("stopping");
        await mesh.DeleteAsync("agents/stopping?grace=60");
        await mesh.RegisterAsync("alive", more: ",\"cluster\":\"eu\"");
        return mesh;
    }
}
