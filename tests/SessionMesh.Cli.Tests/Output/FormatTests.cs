using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Output;

public sealed class FormatTests
{
    private const string Page = """
        {"sessions":[
          {"agent_id":"a1","session_id":"s1","incarnation":2,"status":"alive","paused":true,"activity":"working","load":0.5,"progress":12,
           "specializations":["ocr","a/b"],"labels":{"zone":"eu"},"cluster":"default","note":"x\u001b[2J, \"y\"","direction":null,
           "last_heartbeat_at":"2026-01-02T03:04:02Z","expires_at":"2026-01-02T03:05:02Z","new_member":[1,{"deep":null}]},
          {"agent_id":null,"session_id":"s2","status":"lost","specializations":[],"labels":{}}],
         "count":2,"next_cursor":null,"as_of":"17"}
        """;

    [Fact]
    public async Task Table_IsForPeople()
    {
        using var tool = new Tool(Json(200, Page));

        Assert.Equal(
            new Ran(0, """
                AGENT  STATUS          ACTIVITY  LOAD  PROGRESS  SPECIALIZATIONS  DIRECTION  HEARTBEAT  EXPIRES
                a1     alive (paused)  working    0.5        12  ocr,a/b          -          3s ago     in 57s
                s2     lost            -            -         -  -                -          -          -

                """, ""),
            await tool.RunAsync("list"));
    }

    [Fact]
    public async Task Wide_AddsColumnsAndEscapes()
    {
        using var tool = new Tool(Json(200, Page));

        var ran = await tool.RunAsync("list -o wide");

        Assert.Contains("zone=eu", ran.Out, StringComparison.Ordinal);
        Assert.Contains("x\\u001b[2J, \"y\"", ran.Out, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', ran.Out);
    }

    [Fact]
    public async Task Table_FitsTheTerminal_AndIsColouredThereOnly()
    {
        using var tool = new Tool(Json(200, Page)) { Width = 60 };

        var coloured = await tool.RunAsync("list --fields agent_id,status,note");
        Assert.Contains("\u001b[1mAGENT ID\u001b[0m", coloured.Out, StringComparison.Ordinal);

        tool.Env["NO_COLOR"] = "1";
        var plain = await tool.RunAsync("list");
        Assert.DoesNotContain('\u001b', plain.Out);
        Assert.All(plain.Out.Split('\n')[..3], line => Assert.InRange(line.Length, 0, 60));

        tool.Env.Remove("NO_COLOR");
        tool.Env["TERM"] = "dumb";
        Assert.DoesNotContain('\u001b', (await tool.RunAsync("list")).Out);
    }

    [Fact]
    public async Task Json_IsTheServersAnswer_NothingLost()
    {
        using var tool = new Tool(Json(200, """{"sessions":[{"agent_id":"é日","new":[1.50,{"deep":null}]}],"count":1,"as_of":"17"}"""));

        Assert.Equal(
            new Ran(0, """
                {
                  "sessions": [
                    {
                      "agent_id": "é日",
                      "new": [
                        1.50,
                        {
                          "deep": null
                        }
                      ]
                    }
                  ],
                  "count": 1,
                  "as_of": "17"
                }

                """, ""),
            await tool.RunAsync("list --output json"));
    }

    [Fact]
    public async Task Fields_ChooseMembersOfTheRows_InTheirOrder()
    {
        using var tool = new Tool(Json(200, Page));

        Assert.Equal(
            "{\"status\":\"alive\",\"agent_id\":\"a1\",\"load\":0.5}\n{\"status\":\"lost\",\"agent_id\":null,\"load\":null}\n",
            (await tool.RunAsync("list -o jsonl --fields status,agent_id,load")).Out);
        Assert.Equal(["GET /alive?limit=1000&fields=status%2Cagent_id%2Cload"], tool.Calls);

        var json = await tool.RunAsync("list -o json --fields status");
        Assert.Equal(
            """{"sessions":[{"status":"alive"},{"status":"lost"}],"count":2,"next_cursor":null,"as_of":"17"}""",
            string.Concat(json.Out.Where(c => !char.IsWhiteSpace(c))));
        Assert.Equal("STATUS  LOAD\nalive    0.5\nlost       -\n", (await tool.RunAsync("list --fields status,load")).Out);
    }

    [Fact]
    public async Task Csv_IsQuoted_AndHasItsHeaderEvenWithoutRows()
    {
        using var tool = new Tool(Json(200, Page), Json(200, """{"sessions":[]}"""));

        Assert.Equal(
            "agent_id,note,specializations,last_heartbeat_at\r\na1,\"x\\u001b[2J, "
            + "\"\"y\"\"\",\"[\"\"ocr\"\",\"\"a/b\"\"]\",2026-01-02T03:04:02Z\r\n,,[],\r\n",
            (await tool.RunAsync("list -o csv --fields agent_id,note,specializations,last_heartbeat_at")).Out);
        Assert.Equal("agent_id,status\r\n", (await tool.RunAsync("list -o csv --fields agent_id,status")).Out);
    }

    [Fact]
    public async Task Name_IsIdsAlone()
    {
        using var tool = new Tool(Json(200, Page));

        Assert.Equal(new Ran(0, "a1\ns2\n", ""), await tool.RunAsync("list -o name"));
        Assert.Equal(["GET /alive?limit=1000&fields=agent_id%2Csession_id"], tool.Calls);
    }

    [Fact]
    public async Task Yaml_QuotesEveryText()
    {
        using var tool = new Tool(Json(200, """
            {"sessions":[{"agent_id":"123","labels":{"No: x":"yes","on":"\u202e"},"specializations":["a: b"],"load":null,"empty":[],
             "none":{}},{"agent_id":"2"}],"count":2}
            """));

        Assert.Equal("""
            sessions:
              - agent_id: "123"
                labels:
                  "No: x": "yes"
                  "on": "\u202e"
                specializations:
                  - "a: b"
                load: null
                empty: []
                none: {}
              - agent_id: "2"
            count: 2

            """, (await tool.RunAsync("list -o yaml")).Out);
    }

    [Fact]
    public async Task List_FollowsTheCursor_AndIsOneDocument()
    {
        using var tool = new Tool(
            Json(200, """{"sessions":[{"agent_id":"a1"}],"count":1,"next_cursor":"c1","as_of":"17"}"""),
            Json(200, """{"sessions":[{"agent_id":"a2"}],"count":1,"next_cursor":null,"as_of":"18"}"""));

        var ran = await tool.RunAsync("list -o json --spec a/b");

        Assert.Equal(
            """{"sessions":[{"agent_id":"a1"},{"agent_id":"a2"}],"count":2,"next_cursor":null,"as_of":"17"}""",
            string.Concat(ran.Out.Where(c => !char.IsWhiteSpace(c))));
        Assert.Equal(["GET /alive?specialization=a%2Fb&limit=1000", "GET /alive?specialization=a%2Fb&limit=1000&cursor=c1"], tool.Calls);
    }
}
