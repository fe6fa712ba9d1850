using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Crash;

/// <summary>
/// <c>kill -9</c> leaves what the kernel holds, so it can't show a commit that was never synced. The kernel's own account of the server's
/// calls can: strace writes them down in the order in which they happen.
/// </summary>
public sealed class SyncTests
{
    [Fact]
    public async Task Mutations_AreSyncedToTheDiskBeforeTheyAreAnswered()
    {
        await using var mesh = new Mesh();
        var trace = mesh.Scratch.File("trace");
        const string traced = "trace=fsync,fdatasync,recvmsg,recvfrom,sendmsg,sendto,write,writev";
        mesh.Server.Under = ["strace", "-f", "-D", "-y", "-s", "80", "-o", trace, "-e", traced];
        await mesh.InitializeAsync();

        (string Path, string? Body)[] calls =
        [
            ("agents", """{"agent_id":"a"}"""),
            ("steer", """{"agent_id":"a","direction":"north","message":"1"}"""),
            ("steer", """{"agent_id":"a","direction":"north","message":"2"}"""),
            ("agents/a/directives/1/ack", """{"state":"acknowledged"}"""),
            ("agents/a?grace=60", null),
            ("agents/a/exit", """{"incarnation":1,"exit_code":0}"""),
            ("keys", """{"session_key":"k","scopes":["mesh:read"]}"""),
            ("sessions", """{"user":"u"}"""),
        ];
        foreach (var (path, body) in calls)
        {
            var answer = await (body is null ? mesh.Http.DeleteAsync(path) : mesh.Http.PostAsync(path, body));
            Assert.True(answer.IsDone, $"{path}: {answer}");
        }

        await mesh.Server.StopAsync();

        var answered = new List<(string Call, bool Synced)>();
        var (call, synced) = ("", false);
        foreach (var line in await File.ReadAllLinesAsync(trace))
        {
            if (line.Split([" \"POST /api/session-mesh/", " \"DELETE /api/session-mesh/"], 2, StringSplitOptions.None) is [_, var request])
            {
                (call, synced) = (request.Split(' ')[0], false);
            }
            else if (IsEndOfSync(line))
            {
                synced = true;
            }
            else if (call.Length > 0 && line.Contains("\"HTTP/1.1 20", StringComparison.Ordinal))
            {
                answered.Add((call, synced));
                call = "";
            }
        }

        Assert.Equal(calls.Select(sent => (sent.Path, true)), answered);
    }

    /// <summary>
    /// The end of a sync of the write-ahead log. A call that strace wrote down in two pieces names its file in the first alone.
    /// </summary>
    private static bool IsEndOfSync(string line) =>
        line.EndsWith(" = 0", StringComparison.Ordinal)
        && line.Contains("sync", StringComparison.Ordinal)
        && (line.Contains("mesh.db-wal>", StringComparison.Ordinal) || line.Contains("sync resumed>", StringComparison.Ordinal));
}
