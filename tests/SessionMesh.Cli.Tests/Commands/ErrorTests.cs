using SessionMesh.Contracts.Errors;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Commands;

public sealed class ErrorTests
{
    [Fact]
    public async Task Refusal_IsWhatWhyNextAndTheRequest()
    {
        using var tool = new Tool(Problem(404, "agent_not_found", "agent 9 is not known"));

        Assert.Equal(
            new Ran(3, "", """
                error: cannot kill agent 9
                  why: agent 9 is not known (404 agent_not_found)
                  try: session-mesh list --filter all shows who is known; session-mesh register makes an agent known
                  request: r1

                """),
            await tool.RunAsync("kill --agent-id 9 --force"));
    }

    [Fact]
    public async Task Refusal_UnderJson_IsTheProblemDocumentOnStderr()
    {
        using var tool = new Tool(Problem(409, "not_alive", "last heard an hour ago"));

        Assert.Equal(
            new Ran(5, "", """
                {
                  "type": "urn:session-mesh:error:not_alive",
                  "title": "t",
                  "status": 409,
                  "detail": "last heard an hour ago",
                  "code": "not_alive",
                  "request_id": "r1"
                }

                """),
            await tool.RunAsync("steer 9 -d west -o json"));
    }

    [Fact]
    public async Task BadMembers_AreNamedWithWhatIsAllowed()
    {
        using var tool = new Tool(Json(400, """
            {"type":"t","title":"t","status":400,"detail":"1 member is wrong","code":"invalid_request",
             "errors":[{"pointer":"/direction","message":"is too long","allowed":["north","south"]}]}
            """));

        Assert.Equal(
            new Ran(2, "", """
                error: cannot steer agent 9
                  why: 1 member is wrong (400 invalid_request)
                       --direction: is too long (allowed: north, south)
                  try: session-mesh steer --help

                """),
            await tool.RunAsync("steer 9 -d west"));
    }

    [Fact]
    public async Task BadMembers_ThatTheDetailNamesAlready_AreNotNamedTwice()
    {
        using var tool = new Tool(Json(400, """
            {"type":"t","title":"t","status":400,"detail":"label: takes name=value. sort: is one of: id.","code":"invalid_request",
             "errors":[{"pointer":"?label","message":"takes name=value"},{"pointer":"?sort","message":"is one of: id","allowed":["id"]}]}
            """));

        Assert.Equal(
            new Ran(2, "", """
                error: cannot list agents
                  why: --label: takes name=value. --sort: is one of: id (400 invalid_request)
                  try: session-mesh list --help

                """),
            await tool.RunAsync("list -l x"));
    }

    /// <summary>A member is called as what was typed for it; where there is no such option it keeps its name.</summary>
    [Theory]
    [InlineData("register --agent-id a --spec s --label env=x", "/labels/env", "--label env")]
    [InlineData("register --agent-id a --spec s", "/specializations/0/name", "--spec")]
    [InlineData("register --agent-id a --spec s", "/parent_id", "--parent")]
    [InlineData("list --search x", "?q", "--search")]
    [InlineData("list --user x", "?user", "--user")]
    [InlineData("keys create --name n --scope steer", "/session_key", "--name")]
    [InlineData("keys create --agent-id a", "/agent_id", "--agent-id")]
    [InlineData("keys create --scope steer", "/scopes/0", "--scope")]
    [InlineData("show a", "/steers/0/nothing", "steers/0/nothing")]
    public async Task BadMember_IsCalledAsItWasTyped(string line, string pointer, string name)
    {
        using var tool = new Tool(Json(400, $$"""
            {"type":"t","title":"t","status":400,"detail":"{{pointer[1..]}}: is wrong.","code":"invalid_request",
             "errors":[{"pointer":"{{pointer}}","message":"is wrong"}]}
            """));
        var ran = await tool.RunAsync(line);
        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.Contains($"\n  why: {name}: is wrong (400 invalid_request)\n  try: ", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MembersInASentence_AreCalledAsTheyAreTyped()
    {
        using var tool = new Tool(Json(400, """
            {"type":"t","title":"t","status":400,"detail":"scopes: agent:self binds a key to one agent: name it in agent_id",
             "code":"invalid_request","errors":[{"pointer":"/scopes","message":"agent:self binds a key to one agent: name it in agent_id"}]}
            """));
        Assert.Equal(
            new Ran(
                2,
                "",
                "error: cannot create a key\n  why: --scope: agent:self binds a key to one agent: name it in --agent-id "
                + "(400 invalid_request)\n  try: session-mesh keys create --help\n"),
            await tool.RunAsync("keys create --scope agent:self"));
    }

    /// <summary>The members that a server asks for are options here, which the next line names.</summary>
    [Theory]
    [InlineData(409, "not_alive", "Agent 'a' is lost. Send \"hold\": true to keep the directive until it comes back.", "add --hold")]
    [InlineData(
        409, "expectation_failed", "The selector matches 3, not 2. Nothing was sent. Look again with \"dry_run\": true.", "--dry-run")]
    [InlineData(
        400, "expect_required", "The selector matches 3. Send \"expect\": 3 to confirm, or \"dry_run\": true to see which.", "--expect")]
    [InlineData(
        409, "already_alive", "Agent 'a' is alive. Send that to renew it, \"takeover\": true to replace it, or so.", "another --agent-id")]
    [InlineData(412, "precondition_failed", "Session 's' is at version 2 now. Read it again, and send the ETag you get.", "session get ID")]
    [InlineData(409, "key_name_taken", "ci is the name of a service key, k. Send \"service\": true to rotate it, or so.", "--service NAME")]
    public async Task MembersOfCalls_AreLeftOut_AndTheOptionIsNamed(int status, string code, string detail, string option)
    {
        using var tool = new Tool(Problem(status, code, detail.Replace("\"", "\\\"", StringComparison.Ordinal)));
        var ran = await tool.RunAsync("steer a -d west");
        var ours = string.Join(". ", detail.Split(". ").TakeWhile(sentence => !sentence.Contains('"') && !sentence.Contains("ETag")));
        Assert.Contains($"\n  why: {ours}. ({status} {code})\n", ran.Error, StringComparison.Ordinal);
        Assert.Matches($"\n  try: .*{option}", ran.Error);
    }

    [Theory]
    [InlineData(400, 2)]
    [InlineData(401, 4)]
    [InlineData(403, 4)]
    [InlineData(404, 3)]
    [InlineData(409, 5)]
    [InlineData(422, 5)]
    [InlineData(429, 1)]
    [InlineData(500, 1)]
    public async Task Status_DecidesTheExitCode(int status, int code)
    {
        using var tool = new Tool(Problem(status, "whatever"));

        Assert.Equal(code, (await tool.RunAsync("show 1")).Code);
    }

    [Fact]
    public async Task AbsentServer_IsCode6_AndSaysHowToStartIt()
    {
        using var tool = new Tool(Broken());

        Assert.Equal(
            new Ran(6, "", """
                error: cannot list agents
                  why: cannot reach http://127.0.0.1:7420 after 3 attempts: connection refused
                  try: start the server with 'dotnet run --project src/SessionMesh.Server', or check --url

                """),
            await tool.RunAsync("list"));
        Assert.Equal(3, tool.Server.Requests.Count);
    }

    [Fact]
    public async Task AbsentServer_OfAStream_IsTheSame()
    {
        using var tool = new Tool(Broken());

        Assert.Equal(
            new Ran(6, "", """
                error: cannot follow the events
                  why: cannot reach http://mesh.example after 3 attempts: connection refused
                  try: check --url and SESSION_MESH_URL, and that the server there is running

                """),
            await tool.RunAsync("events --url http://mesh.example"));
    }

    [Fact]
    public async Task Verbose_ShowsEachAttemptOnStderr_AndNeverTheKey()
    {
        using var tool = new Tool(Json(503, "{}", "2"), Json(200, """{"sessions":[]}"""));

        var ran = await tool.RunAsync("list --filter alive --verbose -o jsonl");

        Assert.Equal((0, ""), (ran.Code, ran.Out));
        Assert.Equal(
            """
            attempt 1: GET http://127.0.0.1:7420/api/session-mesh/alive?filter=alive&limit=1000 -> 503 after 0 ms, next attempt in 2.00 s
            attempt 2: GET http://127.0.0.1:7420/api/session-mesh/alive?filter=alive&limit=1000 -> 200 after 0 ms

            """,
            ran.Error);
    }

    public static TheoryData<string> Codes { get; } =
        [.. typeof(ErrorCodes).GetFields().Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!)];

    /// <summary>A server speaks of calls, which nobody types here.</summary>
    [Theory]
    [MemberData(nameof(Codes))]
    public async Task EachCode_IsSaidInTheWordsOfTheTool_WithWhatToTypeNext(string code)
    {
        const string Detail = "No agent 'x' is known. List what is known with GET /api/session-mesh/agents, or send POST /api. "
            + "Send Authorization: Bearer KEY. This Idempotency-Key came before. Leave the header out. DELETE is not possible here.";
        foreach (var (detail, words) in ((string, string)[])[(Detail, "No agent 'x' is known."), (Detail[23..], "")])
        {
            using var tool = new Tool(Problem(IsUsage(code) ? 400 : 409, code, detail));
            var ran = await tool.RunAsync("steer x -d west");
            Assert.DoesNotMatch("GET |POST |PATCH |DELETE |/api/|Authorization|Idempotency|header", ran.Error);
            Assert.Matches("\n  why: .*" + (code is "not_found" or "method_not_allowed" ? "another version" : words), ran.Error);
            Assert.Matches("\n  try: .{10}", ran.Error);
        }
    }

    /// <summary>What has 400: the command line is wrong, and its help says how it is right.</summary>
    private static bool IsUsage(string code) =>
        code.StartsWith("invalid_", StringComparison.Ordinal) || code is "expect_required" or "key_in_query" or "body_too_large";

    [Fact]
    public async Task WordsOfAServer_AreShownAndNotObeyed()
    {
        using var tool = new Tool(Problem(404, "agent_not_found", "\\u001b[2Jgone\\u202e smk_abcdefghijkl_THESECRET_check1"));

        Assert.Contains(
            "  why: \\u001b[2Jgone\\u202e smk_abcdefghijkl_… (404 agent_not_found)\n",
            (await tool.RunAsync("show 1")).Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task SomethingElseOnThePort_IsSaid()
    {
        using var tool = new Tool(Json(200, "<html>"));

        Assert.Equal(
            new Ran(
                1,
                "",
                "error: cannot show agent 1\n"
                + "  why: http://127.0.0.1:7420/api/session-mesh/agents/1 does not speak the mesh's language: "
                + "its answer is not the JSON that was expected\n"
                + "  try: check --url: is this the address of a Session Mesh server?\n"),
            await tool.RunAsync("show 1"));
    }
}
