using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Commands;

public sealed class CommandTests
{
    [Theory]
    [InlineData("list", "GET /alive?limit=1000")]
    [InlineData("list --filter alive --output json", "GET /alive?filter=alive&limit=1000")]
    [InlineData("list --filter alive --verbose", "GET /alive?filter=alive&limit=1000")]
    [InlineData("steer --agent-id 123 --direction west", """POST /steer {"agent_id":"123","direction":"west"}""")]
    [InlineData("kill --agent-id 456 --force", "DELETE /agents/456?cascade=descendants&force=true&wait=2")]
    [InlineData(
        "register --spec \"data-analysis\" --agent-id 789", """POST /registry {"specialization":"data-analysis","agent_id":"789"}""")]
    [InlineData("kill 456 --yes --detach", "DELETE /agents/456?cascade=descendants")]
    [InlineData("pause 1 --detach", """POST /steer {"agent_id":"1","verb":"pause"}""")]
    [InlineData("resume --agent-id 1 --detach -m go", """POST /steer {"agent_id":"1","verb":"resume","message":"go"}""")]
    [InlineData("revive 456", "POST /agents/456/revive")]
    [InlineData("history 456 --limit 5 --cursor 17", "GET /agents/456/directives/history?limit=5&cursor=17")]
    [InlineData("cancel d-4", "DELETE /directives/d-4")]
    [InlineData(
        "steer --spec ocr --label zone=eu --label tier=a,b --cluster blue --subtree p --ids a,b --expect 2 -d west",
        """POST /steer {"selector":{"specialization":"ocr","label":{"zone":"eu","tier":"a,"""
        + """b"},"cluster":"blue","subtree":"p","agent_ids":["a","b"]},"expect":2,"direction":"west"}""")]
    [InlineData("pause --subtree p --expect 2 --detach", """POST /steer {"selector":{"subtree":"p"},"expect":2,"verb":"pause"}""")]
    [InlineData(
        "kill --label zone=eu --ids a,b --expect 2 --detach --grace 3",
        "DELETE /agents?grace=3&cascade=descendants&label=zone%3Deu&agent_ids=a%2Cb&expect=2")]
    [InlineData("steer 1 --verb pause", """POST /steer {"agent_id":"1","verb":"pause"}""")]
    [InlineData(
        "steer 1 -d drain -m wait --data [1] --ttl 1h30m --hold",
        """POST /steer {"agent_id":"1","direction":"drain","message":"wait","data":[1],"ttl":5400,"hold":true}""")]
    [InlineData("heartbeat --agent-id 1", "POST /agents/1/heartbeat {}")]
    [InlineData(
        "heartbeat 1 --activity WORKING --load 0.7 --progress 42 --progress-interval 5m --note hi",
        """POST /agents/1/heartbeat {"activity":"working","load":0.7,"progress":42,"progress_interval":300,"note":"hi"}""")]
    [InlineData("inbox 1 --after 3 --wait 20s", "GET /agents/1/directives?after=3&wait=20")]
    [InlineData(
        "ack --agent-id 1 --seq 4 --state rejected --note no", """POST /agents/1/directives/4/ack {"state":"rejected","note":"no"}""")]
    [InlineData("ack --agent-id 1 --seq 4", """POST /agents/1/directives/4/ack {"state":"acknowledged"}""")]
    [InlineData(
        "register --agent-id 1 --spec a --spec b --parent p --cluster c --label x=1,w= --label y=a=b,z=3,4 --user u --ttl 30",
        """POST /registry {"specialization":"a","agent_id":"1","parent_id":"p","cluster":"c","specializations":["b"],"labels":"""
        + """{"x":"1","w":"","y":"a=b","z":"3,4"},"user":"u","ttl":30}""")]
    [InlineData(
        "keys create --name ci --ttl 8h --scope mesh:read --scope steer --refresh",
        """POST /keys {"session_key":"ci","ttl":28800,"scopes":["mesh:read","steer"],"refresh":true}""")]
    public async Task Command_SendsWhatTheContractSays(string line, string call)
    {
        using var tool = new Tool(Json(200, "{}"));

        Assert.Equal(0, (await tool.RunAsync(line)).Code);
        Assert.Equal(call, Assert.Single(tool.Calls));
    }

    [Theory]
    [InlineData("show", "GET /agents/me?events=10")]
    [InlineData("heartbeat", """POST /agents/me/heartbeat {"incarnation":3}""")]
    [InlineData("heartbeat --agent-id other", "POST /agents/other/heartbeat {}")]
    [InlineData("inbox", "GET /agents/me/directives")]
    [InlineData("ack --seq 1", """POST /agents/me/directives/1/ack {"state":"acknowledged","incarnation":3}""")]
    [InlineData("register --spec x", """POST /registry {"specialization":"x","agent_id":"me"}""")]
    public async Task InsideAnAgent_TheAgentIsItself(string line, string call)
    {
        using var tool = new Tool(Json(200, "{}"));
        tool.Env["SESSION_MESH_AGENT_ID"] = "me";
        tool.Env["SESSION_MESH_INCARNATION"] = "3";

        Assert.Equal(0, (await tool.RunAsync(line)).Code);
        Assert.Equal(call, Assert.Single(tool.Calls));
    }

    [Theory]
    [InlineData("show", "no agent is named")]
    [InlineData("steer 1", "steering needs a direction")]
    [InlineData("steer 1 --verb pause -d west", "--verb pause takes no direction")]
    [InlineData("steer 1 -d west --wait-seconds 3", "--wait-seconds bounds --wait, which is not given")]
    [InlineData("steer 1 -d west --data {oops", "--data is not JSON")]
    [InlineData("steer 1 --agent-id 2 -d west", "two agents are named: 2 and 1")]
    [InlineData("kill 1 --force --grace 3", "--force cannot be combined with --grace")]
    [InlineData("steer 1 --spec a -d west", "agent 1 is named, and a selector is given, too")]
    [InlineData("steer 1 -d west --expect 3", "--expect needs a selector")]
    [InlineData("steer -d west", "no agent is named")]
    [InlineData("steer --ids a,b/c -d west", "--ids: 'b/c' is not an id")]
    [InlineData("steer --ids , -d west", "--ids names nobody")]
    [InlineData("steer --label zone -d west", "--label takes KEY=VALUE, several with commas, not 'zone'")]
    [InlineData("steer --label a=1 --label a=2 -d west", "--label a is given twice, and an agent has it once")]
    [InlineData("steer --spec ocr -d west", "this reaches many agents, and there is no terminal to ask on")]
    [InlineData("pause", "no agent is named")]
    [InlineData("pause --spec ocr", "this reaches many agents, and there is no terminal to ask on")]
    [InlineData("pause 1 --all", "--all cannot be combined with an agent or a selector")]
    [InlineData("resume --all", "this reaches every agent, and there is no terminal to ask on")]
    [InlineData("pause 1 --detach --wait-seconds 3", "--detach cannot be combined with --wait-seconds")]
    [InlineData("pause --all", "this reaches every agent, and there is no terminal to ask on")]
    [InlineData("kill --spec ocr", "this reaches many agents, and there is no terminal to ask on")]
    [InlineData("kill 1 --detach --wait 3", "--detach cannot be combined with --wait")]
    [InlineData("kill --label zone=eu,us --yes", "the label 'eu,us' has a comma, and a kill cannot carry one")]
    [InlineData("cancel", "no directive is named")]
    [InlineData("kill 1", "this cannot be undone, and there is no terminal to ask on")]
    [InlineData("kill 1 --no-input", "this cannot be undone, and there is no terminal to ask on")]
    [InlineData("keys revoke abc", "this cannot be undone, and there is no terminal to ask on")]
    [InlineData("keys revoke", "no key is named")]
    [InlineData("keys revoke abc --yes --confirm abd", "--confirm names abd, and the key to revoke is abc")]
    [InlineData("keys revoke abc abd --confirm abd", "this cannot be undone, and there is no terminal to ask on")]
    [InlineData("keys revoke a/b --yes", "'a/b' is not the id of a key")]
    [InlineData("inbox 1 --follow --wait 3", "--follow cannot be combined with --wait")]
    [InlineData("register --label oops", "--label takes KEY=VALUE, several with commas, not 'oops'")]
    [InlineData("completion tcsh", "'tcsh' is not a known shell; allowed: bash, zsh, fish, pwsh")]
    public async Task NonsenseIsRefused_BeforeAnythingIsSent(string line, string why)
    {
        using var tool = new Tool(Json(200, "{}"));

        var ran = await tool.RunAsync(line);

        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains("  why: " + why, ran.Error, StringComparison.Ordinal);
        Assert.Empty(tool.Server.Requests);
    }
}
