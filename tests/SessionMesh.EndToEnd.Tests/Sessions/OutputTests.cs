using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Sessions;

/// <summary>Standard output that takes nothing.</summary>
public sealed class OutputTests(Mesh mesh) : IClassFixture<Mesh>
{
    [Theory]
    [InlineData("version")]
    [InlineData("--help")]
    [InlineData("list -o json")]
    [InlineData("session list")]
    [InlineData("session get nobody")]
    [InlineData("session export")]
    [InlineData("session --help")]
    public async Task FullOrClosed_Is1_WithALine_AndAReaderThatHasGone_Is141_InSilence(string line)
    {
        var full = await mesh.BashAsync($"session-mesh {line} > /dev/full");
        Assert.Equal((1, "", "error: cannot write to standard output: No space left on device\n"), (full.Code, full.Out, full.Error));

        var closed = await mesh.BashAsync($"session-mesh {line} >&-");
        Assert.Equal((1, ""), (closed.Code, closed.Out));
        Assert.StartsWith("error: cannot write to standard output: ", closed.Error, StringComparison.Ordinal);

        // The reader has gone before the first byte.
        var gone = await mesh.BashAsync(
            $"mkfifo out.$$; (exec 3< out.$$) & exec 4> out.$$; wait $!; session-mesh {line} >&4");
        Assert.Equal((141, "", ""), (gone.Code, gone.Out, gone.Error));
    }
}
