using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Workers;

/// <summary>The server's connection string stays with whoever set it, whatever the tool starts from there.</summary>
public sealed class DatabaseSecretTests(Mesh mesh) : IClassFixture<Mesh>
{
    private const string Secret = "Host=db;Password=n0t-for-children";

    [Fact]
    public async Task ConnectionString_OfTheCaller_IsInheritedByNoChild()
    {
        var hears = mesh.Scratch.File("hears");
        await File.WriteAllTextAsync(hears, "#!/bin/sh\nenv > by-event\n");
        await mesh.DoneAsync(
            $"""
            set -e
            chmod +x {hears}
            env > by-shell
            loop='env > by-run; until [ -s by-steer ]; do sleep 0.05; done'
            session-mesh run --agent-id secret-run --on-steer 'env > by-steer' -- sh -c "$loop" &
            until session-mesh steer --agent-id secret-run --direction north; do sleep 0.1; done
            wait $!
            session-mesh register --agent-id secret-agent --spec secrets:capacity=1 --ttl 1h
            session-mesh claim --spec secrets -- sh -c 'env > by-claim'
            session-mesh events --after 0 --limit 1 --exec {hears} > events
            sleep 1000 &
            sleeper=$!
            session-mesh attach --pid $sleeper --agent-id secret-attach --detach --on-steer 'env > by-attach'
            session-mesh steer --agent-id secret-attach --direction north --wait
            kill $sleeper
            """,
            ("SESSION_MESH_POSTGRES", Secret),
            ("SESSION_MESH_POSTGRES_FILE", "/etc/mesh/postgres"));

        Assert.Contains(Secret, await File.ReadAllTextAsync(mesh.Scratch.File("by-shell")), StringComparison.Ordinal);
        foreach (var child in new[] { "by-run", "by-steer", "by-claim", "by-event", "by-attach" })
        {
            var environment = await File.ReadAllTextAsync(mesh.Scratch.File(child));
            Assert.Contains("PATH=", environment, StringComparison.Ordinal);
            Assert.DoesNotContain("SESSION_MESH_POSTGRES", environment, StringComparison.Ordinal);
            Assert.DoesNotContain("n0t-for-children", environment, StringComparison.Ordinal);
        }
    }
}
