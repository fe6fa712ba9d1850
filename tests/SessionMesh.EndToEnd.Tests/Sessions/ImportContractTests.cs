using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Sessions;

/// <summary>Files as they come, and what becomes of each line.</summary>
public sealed class ImportContractTests(Mesh mesh) : IClassFixture<Mesh>
{
    [Theory]
    [InlineData("plain", "{0}\n{1}\n", 0, "2 2 0 0 0", "")]
    [InlineData("last", "{0}\n{1}", 0, "2 2 0 0 0", "")]
    [InlineData("crlf", "{0}\r\n{1}\r\n", 0, "2 2 0 0 0", "")]
    [InlineData("blank", "\n\n{0}\n  \n\r\n{1}\n\n", 0, "2 2 0 0 0", "")]
    [InlineData("bom", "\uFEFF{0}\n{1}\n", 0, "2 2 0 0 0", "")]
    [InlineData("twice", "{0}\n{0}\n", 0, "2 1 1 0 0", "")]
    [InlineData("kind", "{0}\n{{\"ts\":\"2026-01-01T00:00:00Z\",\"cmd\":\"set\",\"val\":\"x\"}}\n{1}\n", 0, "3 2 0 1 0", "2 other_kind")]
    [InlineData("broken", "{0}\n{{\"type\":\"session\",\n{1}\n", 1, "3 2 0 0 1", "2 broken")]
    [InlineData("noid", "{0}\n\n{{\"type\":\"session\",\"user\":\"u\"}}\n", 1, "2 1 0 0 1", "3 invalid")]
    [InlineData("text", "hello\n{0}", 1, "2 1 0 0 1", "1 broken")]
    public async Task Lines_AreTakenOneByOne(string name, string template, int code, string counts, string skipped)
    {
        mesh.Scratch.Write(name, string.Format(template, Record(name + "-1"), Record(name + "-2")));

        var dry = await mesh.BashAsync($"session-mesh session import {name} --dry-run");
        Assert.Equal(code, dry.Code);
        Assert.Equal(1, (await mesh.BashAsync($"session-mesh session get {name}-1")).Code);

        var ran = await mesh.BashAsync($"session-mesh session import {name}");
        Assert.Equal((code, ""), (ran.Code, ran.Error));
        Assert.Equal(
            counts,
            string.Join(' ', new[] { "lines", "imported", "existing", "other_kind", "failed" }.Select(member => ran.Json.Text(member))));
        Assert.Equal(
            skipped,
            string.Join(' ', ran.Json.GetProperty("skipped").EnumerateArray().Select(line => $"{line.Text("line")} {line.Text("code")}")));
        Members.Equal(
            $$"""{"ok":true,"session":{{Record(name + "-1")}}}""", (await mesh.DoneAsync($"session-mesh session get {name}-1")).Json);

        ran = await mesh.BashAsync($"cat {name} | session-mesh session import -");
        Assert.Equal((code, "0"), (ran.Code, ran.Json.Text("imported")));
    }

    [Fact]
    public async Task OverlongLines_AreSkipped_AndAFileOfSeveralPiecesKeepsItsLineNumbers()
    {
        // Five megabytes: more than one call, with a line that no call could carry in the middle.
        var lines = Enumerable.Range(0, 6000).Select(i => Record($"long-{i}", new string('x', 700))).ToList();
        lines.Insert(100, Record("too-long", new string('x', 17_000_000)));
        lines.Insert(5000, new string('y', 20_000_000));
        mesh.Scratch.Write("long", string.Join('\n', lines));

        var ran = await mesh.BashAsync("session-mesh session import long");

        Assert.Equal((1, ""), (ran.Code, ran.Error));
        Assert.Equal(("6002", "6000", "2"), (ran.Json.Text("lines"), ran.Json.Text("imported"), ran.Json.Text("failed")));
        Assert.Equal(
            ["101 too_long", "5001 too_long"],
            ran.Json.GetProperty("skipped").EnumerateArray().Select(line => $"{line.Text("line")} {line.Text("code")}"));
        var listed = await mesh.DoneAsync("session-mesh session list -o name | grep -c '^long-'");
        Assert.Equal("6000\n", listed.Out);
    }

    private static string Record(string id, string note = "n") =>
        $$"""{"type":"session","id":"{{id}}","user":"u","status":"active","ttl":60,"meta":{"note":"{{note}}"},"created_at":"""
        + "\"2026-01-01T00:00:00.000001Z\",\"last_access\":\"2026-01-01T00:00:00Z\",\"expires_at\":\"9999-01-01T00:00:00Z\"}";
}
