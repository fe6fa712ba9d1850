using System.Text.Json.Nodes;
using SessionMesh.Cli.Tests.Run.Process;

namespace SessionMesh.Cli.Tests.Run;

/// <summary>Ends of a stream that leave the process alone. The real server says them too seldom to wait for.</summary>
[Collection(ProcessCollection.Name)]
public sealed class StreamEndTests
{
    private readonly FakeMesh _mesh = new();

    [Theory]
    [InlineData("key_expired")]
    [InlineData("unauthenticated")]
    public async Task Stream_EndedForAnythingButARevokedKey_ProcessRunsOn(string code)
    {
        var run = new Running(_mesh, Running.Sh("sleep 1000"));
        await Eventually.True(() => _mesh.HasStream, () => "the stream");
        _mesh.EndStreams(code);
        await Eventually.True(() => _mesh.HasStream, () => "the stream again");
        Assert.Equal(code == "key_expired", run.Lines.Any(line => line.Contains("has expired", StringComparison.Ordinal)));
        Assert.False(run.Code.IsCompleted);
        _mesh.Send("stop", data: new JsonObject { ["force"] = true });
        Assert.Equal(137, await run.Ends);
    }
}
