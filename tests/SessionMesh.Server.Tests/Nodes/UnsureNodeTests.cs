using System.Diagnostics;
using Microsoft.Extensions.Logging;
using SessionMesh.Server.Store.Postgres;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Nodes;

/// <summary>
/// A node that cannot look at the log, and counts as in touch for some seconds more: it does not say that what it has not heard of is not
/// there. The head of the log is away, and the rest of the database is not.
/// </summary>
public sealed class UnsureNodeTests
{
    [Fact]
    public async Task BatchedHeartbeat_OfAnAgentThatIsNotKnownHere_IsRefusedAsNotDecided()
    {
        await using var node = await MeshHost.StartNodeAsync("one", logLevel: LogLevel.None);
        await node.RegisterAsync("known");
        await using var hidden = await HiddenHead.HideAsync(node);
        var beats = await node.PostAsync("heartbeats", """{"agents":["known","elsewhere",{"agent_id":"known","epoch":7}]}""");
        var answer = beats.ShouldBeOk();
        Assert.Equal(1, answer.Json["accepted"]!.GetValue<int>());
        JsonAssert.Same(
            """[{"agent_id":"elsewhere","code":"commit_failed"},{"agent_id":"known","code":"commit_failed"}]""",
            answer.Json["refused"]!.ToJsonString());
    }

    [Theory]
    [InlineData("events")]
    [InlineData("agents/a/directives")]
    public async Task Stream_OfAReaderThatIsFurther_IsSentElsewhere_AndKeepsItsPlace(string path)
    {
        await using var node = await MeshHost.StartNodeAsync("one", logLevel: LogLevel.None);
        await node.RegisterAsync("a");
        await using var hidden = await HiddenHead.HideAsync(node);
        await using var stream = await node.ListenAsync(path, lastEventId: node.Revision + 5);
        var end = await stream.NextAsync("goaway");
        Assert.Null(end.Id);
        Assert.Equal("shutdown", end.Json["code"]!.GetValue<string>());
        await stream.NextAsync("(end)");
    }

    [Fact]
    public async Task SignInCode_ThatCannotBeTradedNow_CanBeLater()
    {
        await using var node = await MeshHost.StartNodeAsync("one", logLevel: LogLevel.None);
        var code = (await node.PostAsync("keys/codes", "{}")).Json["code"]!.GetValue<string>();
        await using (await HiddenHead.HideAsync(node))
        {
            (await node.PostAsync("keys/codes/trade", $$"""{"code":"{{code}}"}""", "")).ShouldBeRefused(503, "commit_failed");
        }

        await Eventually.True(async () => await node.Engine.CatchUpAsync() is null, () => "the node looks at the log again");
        var traded = await node.PostAsync("keys/codes/trade", $$"""{"code":"{{code}}"}""", "");
        Assert.Equal(201, traded.Status);
    }

    /// <summary>Hides the head of the log until disposed of. The node counts as in touch for as long as any node does.</summary>
    private sealed class HiddenHead(MeshHost node) : IAsyncDisposable
    {
        public static async Task<HiddenHead> HideAsync(MeshHost node)
        {
            await node.OnPostgres.Server.RunAsync("ALTER TABLE session_mesh.mesh_head RENAME TO hidden", node.OnPostgres.Name);
            Touch(node);
            return new HiddenHead(node);
        }

        public async ValueTask DisposeAsync()
        {
            await node.OnPostgres.Server.RunAsync("ALTER TABLE session_mesh.hidden RENAME TO mesh_head", node.OnPostgres.Name);
            Touch(node);
        }

        private static void Touch(MeshHost node)
        {
            var contact = node.Service<PostgresStore>().Nodes.Contact;
            contact.Stands(node.Revision, node.Revision);
            contact.Heard(Stopwatch.GetTimestamp());
        }
    }
}
