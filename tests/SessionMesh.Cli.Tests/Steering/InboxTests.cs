using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Steering;

public sealed class InboxTests
{
    [Fact]
    public async Task Follow_IsAnObjectALine_AndEndsWithItsReason()
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
    public async Task Follow_UnknownAgent_IsCode3()
    {
        using var tool = new Tool(Problem(404, "agent_not_found", "agent 1 is not known"));

        Assert.Equal(
            new Ran(3, "", """
                error: cannot read the inbox of agent 1
                  why: agent 1 is not known (404 agent_not_found)
                  try: session-mesh list --filter all shows who is known; session-mesh register makes an agent known
                  request: r1

                """),
            await tool.RunAsync("inbox 1 --follow"));
    }

    private static string Directive(long seq) => $"event: directive\nid: {seq}\ndata: {{\"seq\":{seq},\"x\":[1]}}\n\n";
}
