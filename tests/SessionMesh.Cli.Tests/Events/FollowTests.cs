using SessionMesh.Cli.Tests.Commands;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Events;

public sealed class FollowTests
{
    [Fact]
    public async Task Inbox_Follow_IsAnObjectALine_AndEndsWithItsReason()
    {
        using var tool = new Tool(
            Stream(Directive(4) + Directive(5)),
            Stream(Directive(5) + Directive(6) + "event: end\ndata: {\"code\":\"superseded\",\"detail\":\"incarnation 2 took over\"}\n\n"));

        var ran = await tool.RunAsync("inbox 1 --follow --after 3 -o json");

        Assert.Equal(5, ran.Code);
        Assert.Equal("{\"seq\":4,\"x\":[1]}\n{\"seq\":5,\"x\":[1]}\n{\"seq\":6,\"x\":[1]}\n", ran.Out);
        Assert.Equal(
            """
            {
              "type": "urn:session-mesh:error:superseded",
              "title": "superseded",
              "status": 409,
              "detail": "incarnation 2 took over",
              "code": "superseded"
            }

            """,
            ran.Error);
        Assert.Equal(["3", "5"], tool.Server.Requests.Select(request => request.Headers["Last-Event-ID"]));
    }

    [Fact]
    public async Task Inbox_Follow_UnknownAgent_IsCode3()
    {
        using var tool = new Tool(Problem(404, "agent_not_found", "agent 1 is not known"));

        Assert.Equal(
            new Ran(3, "", """
                error: cannot read the inbox of agent 1
                  why: agent 1 is not known (404 agent_not_found)
                  try: session-mesh list --filter all
                  request: r1

                """),
            await tool.RunAsync("inbox 1 --follow"));
    }

    [Fact]
    public async Task Events_Limit_EndsAfterSoMany()
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
    public async Task Events_Table_HasItsHeaderOnce()
    {
        using var tool = new Tool(Stream(Change(8)), Stream(Change(9)));

        Assert.Equal(
            new Ran(0, """
                REVISION  AT                        KIND                    SUBJECT               ACTOR         DETAILS
                8         2026-01-02T03:04:05Z      agent.registered        a1                    k1            incarnation=2
                9         2026-01-02T03:04:05Z      agent.registered        a1                    k1            incarnation=2

                """, "connected again\n"),
            await tool.RunAsync("events --limit 2"));
    }

    private static string Directive(long seq) => $"event: directive\nid: {seq}\ndata: {{\"seq\":{seq},\"x\":[1]}}\n\n";

    private static string Change(long revision) =>
        $"event: agent.registered\nid: {revision}\ndata: {{\"revision\":{revision},\"at\":\"2026-01-02T03:04:05Z\",\"actor\":\"k1\",\"kind\":\"agent.registered\",\"subject\":\"a1\",\"incarnation\":2}}\n\n";
}
