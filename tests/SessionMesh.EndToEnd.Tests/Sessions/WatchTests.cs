using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Sessions;

public sealed class WatchTests(Mesh mesh) : IClassFixture<Mesh>
{
    [Fact]
    public async Task Watch_ShowsWhatHappensToSessions_AnObjectALine()
    {
        await mesh.DoneAsync("session-mesh register --spec s --agent-id a1");
        mesh.Scratch.Write(
            "one.jsonl",
            """{"type":"session","id":"w2","user":"u","status":"active","ttl":60,"meta":"""
            + """{},"created_at":"2026-01-01T00:00:00Z","last_access":"2026-01-01T00:00:00Z","expires_at":"9999-01-01T00:00:00Z"}""");
        await mesh.DoneAsync("""
            set -e
            session-mesh session create --id w1
            session-mesh session set w1 k v
            session-mesh session expire w1
            session-mesh session refresh w1 --ttl none
            session-mesh session delete w1
            session-mesh session import one.jsonl
            """);

        var ran = await mesh.DoneAsync("session-mesh session watch --after 0 --limit 6");

        Assert.Equal("", ran.Error);
        Assert.Equal(
            [
                "session.created w1", "session.updated w1", "session.expired w1", "session.refreshed w1", "session.deleted w1",
                "session.imported w2",
            ],
            ran.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(Members.Parse)
                .Select(entry => $"{entry.Text("kind")} {entry.Text("subject")}"));
    }
}
