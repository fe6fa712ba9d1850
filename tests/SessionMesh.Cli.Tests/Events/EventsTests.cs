using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Events;

public sealed class EventsTests
{
    [Fact]
    public async Task Limit_EndsAfterSoMany()
    {
        using var tool = new Tool(Stream(Change(8) + Change(9) + Change(10)));

        Assert.Equal(
            new Ran(0, """
                {"revision":8,"at":"2026-01-02T03:04:05Z","actor":"k1","kind":"agent.registered","subject":"a1","incarnation":2}
                {"revision":9,"at":"2026-01-02T03:04:05Z","actor":"k1","kind":"agent.registered","subject":"a1","incarnation":2}

                """, ""),
            await tool.RunAsync("events --after 7 --limit 2 --output json"));
    }

    [Fact]
    public async Task Table_HasItsHeaderOnce()
    {
        using var tool = new Tool(Stream(Change(8)), Stream(Change(9)));

        Assert.Equal(
            new Ran(0, """
                REVISION  AT                        KIND                    SUBJECT               ACTOR         DETAILS
                       8  2026-01-02T03:04:05Z      agent.registered        a1                    k1            incarnation=2
                       9  2026-01-02T03:04:05Z      agent.registered        a1                    k1            incarnation=2

                """, "connected again\n"),
            await tool.RunAsync("events --limit 2"));
    }

    private static string Change(long revision) =>
        $"event: agent.registered\nid: {revision}\n"
        + $"data: {{\"revision\":{revision},\"at\":\"2026-01-02T03:04:05Z\",\"actor\":\"k1\","
        + $"\"kind\":\"agent.registered\",\"subject\":\"a1\",\"incarnation\":2}}\n\n";
}
