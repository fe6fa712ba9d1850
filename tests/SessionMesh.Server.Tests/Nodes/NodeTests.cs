using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using SessionMesh.Server.Nodes;
using SessionMesh.Server.Options;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Nodes;

public sealed class NodeTests
{
    [Fact]
    public async Task List_OfAServerThatIsAlone_IsItself()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--node-id", "north"]);
        await mesh.RegisterAsync("a");
        await mesh.RegisterAsync("b");
        await mesh.DeleteAsync("agents/b?force=true");
        (await mesh.GetAsync("nodes")).ShouldBe(200, List(Row(mesh, "north", agents: "1", streams: "0")));

        await using (await mesh.ListenAsync("events"))
        await using (await mesh.ListenAsync("agents/a/directives"))
        {
            await StreamsAsync(mesh, 2);
        }

        await StreamsAsync(mesh, 0);
        (await mesh.GetAsync("nodes?all=true")).ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame("?all");
    }

    /// <summary>How large the fleets of others are is not for a key that is limited to some agents.</summary>
    [Fact]
    public async Task List_ForAKeyThatIsLimited_CountsNothing()
    {
        await using var mesh = await MeshHost.StartAsync(options: ["--node-id", "north"]);
        var key = await mesh.MintAsync("""{"scopes":["mesh:read"],"within":["cluster:x"]}""");
        (await mesh.GetAsync("nodes", key)).ShouldBe(200, List(Row(mesh, "north", agents: "null", streams: "null")));
    }

    [Fact]
    public async Task List_OfMany_IsByTheirIds_AndSaysHowFarEachIsBehindTheNewest()
    {
        await using var mesh = await MeshHost.StartAsync(
            builder => builder.Services.AddSingleton<IMeshNodes>(new Three()));
        (await mesh.GetAsync("nodes")).ShouldBe(200, List(
            Row("a", "1.2.3", judge: false, 8, lag: 1, "3", "4", "00:00:01.000"),
            Row("b", "1.2.3", judge: true, 9, lag: 0, "1", "0", "00:00:00.000"),
            Row("c", "1.2.4", judge: false, 0, lag: 9, "0", "0", "00:00:00.500")));
    }

    /// <summary>A stream is over once the server notices that its reader is gone.</summary>
    private static Task StreamsAsync(MeshHost mesh, int expected) => Eventually.True(
        async () => (await mesh.GetAsync("nodes")).Json["nodes"]![0]!["streams"]!.GetValue<int>() == expected, () => $"{expected} streams");

    private static string List(params string[] rows) => $$"""{"nodes":[{{string.Join(',', rows)}}]}""";

    /// <summary>A server that is alone.</summary>
    private static string Row(MeshHost mesh, string id, string agents, string streams)
    {
        var seen = mesh.Time.GetUtcNow().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        return Row(id, Release.Version, judge: true, mesh.Revision, lag: 0, agents, streams, seen, $"{mesh.Time.GetUtcNow():yyyy-MM-dd}");
    }

    private static string Row(
        string id, string version, bool judge, long revision, long lag, string agents, string streams, string seen,
        string day = "2026-01-01") => $$"""
        {"node_id":"{{id}}","version":"{{version}}","judge":{{(judge ? "true" : "false")}},"revision":{{revision}},"lag":{{lag}},
         "agents":{{agents}},"streams":{{streams}},"seen_at":"{{day}}T{{seen}}Z"}
        """;

    private sealed class Three : IMeshNodes
    {
        private static readonly long s_at = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();

        public IReadOnlyList<NodeStatus> List() =>
        [
            new("c", "1.2.4", IsJudge: false, Revision: 0, Agents: 0, Streams: 0, s_at + 500),
            new("a", "1.2.3", IsJudge: false, Revision: 8, Agents: 3, Streams: 4, s_at + 1000),
            new("b", "1.2.3", IsJudge: true, Revision: 9, Agents: 1, Streams: 0, s_at),
        ];
    }
}
