using SessionMesh.Cli.Hosting;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Keys;

/// <summary>What <c>keys</c> says where it does not do what was typed, or does it otherwise.</summary>
public sealed class KeyRefusalTests
{
    private const string Created =
        """{"key_id":"mnopqrstuvwx","session_key":"ci","token":"smk_mnopqrstuvwx_FRESH_check2","ttl":TTL,"service":SERVICE}""";

    private const string Scopes =
        "mesh:read, registry:write, steer, kill, sessions:read, sessions:write, keys:mint, audit:read, admin";

    /// <summary>It named the mistyped id as the one to revoke.</summary>
    [Theory]
    [InlineData(
        "keys revoke good1good --confirm wrong", "revoke key good1good", "--confirm names wrong, and the key to revoke is good1good")]
    [InlineData("keys revoke a b --confirm wrong --yes", "revoke 2 keys", "--confirm names wrong, and the keys to revoke are a, b")]
    public async Task Revoke_WithAnotherIdConfirmed_NamesBoth(string line, string what, string why)
    {
        using var tool = new Tool(Json(200, "{}"));
        Assert.Equal(
            new Ran(
                2,
                "",
                $"error: cannot {what}\n  why: {why}\n"
                + "  try: the same id in both places, if it is a root key; the others need no --confirm\n"),
            await tool.RunAsync(line));
        Assert.Empty(tool.Calls);
    }

    /// <summary>The known one stayed valid, and nothing said so: who revokes several means each of them.</summary>
    [Fact]
    public async Task Revoke_OfSeveral_WithOneThatIsUnknown_RevokesTheOthers()
    {
        using var tool = new Tool(
            Json(200, """{"key_id":"goodgoodgood","parent_id":"k0","scopes":["steer"]}"""),
            Problem(404, "key_not_found", "no key 'nosuch' is yours to see"),
            Json(200, """{"key_id":"goodgoodgood","revoked":["goodgoodgood"]}"""),
            Problem(404, "key_not_found", "no key 'nosuch' is yours to see"));
        Assert.Equal(
            new Ran(
                7,
                "REVOKED\ngoodgoodgood\n",
                "key nosuch: no key 'nosuch' is yours to see (key_not_found)\n1 of 2 keys revoked\n"),
            await tool.RunAsync("keys revoke goodgoodgood nosuch --yes"));
        Assert.Equal(["GET /keys/goodgoodgood", "GET /keys/nosuch", "DELETE /keys/goodgoodgood", "DELETE /keys/nosuch"], tool.Calls);
    }

    [Theory]
    [InlineData("keys create --scope steer")]
    [InlineData("keys renew goodgoodgood")]
    [InlineData("admin new-root --yes")]
    public async Task Out_IntoADirectoryThatIsNotThere_IsRefusedBeforeAKeyIsMade(string line)
    {
        using var tool = new Tool(Json(201, "{}"));
        var ran = await tool.RunAsync($"{line} --out {tool.Home}/nowhere/ci.key");
        Assert.Equal((2, ""), (ran.Code, ran.Out));
        Assert.EndsWith(
            $"\n  why: there is no directory {tool.Home}/nowhere for ci.key\n  try: mkdir -p {tool.Home}/nowhere, or another --out FILE\n",
            ran.Error,
            StringComparison.Ordinal);
        Assert.Empty(tool.Calls);
        Assert.False(Directory.Exists($"{tool.Home}/nowhere"));
    }

    [Fact]
    public async Task Create_FileCannotBeWritten_SaysWhichKeyToRevoke()
    {
        using var tool = new Tool(Json(201, Of(60)));
        var file = Path.Combine(tool.Home, new string('k', 250)); // the draft beside it has a longer name than a file may have
        Assert.Equal(
            new Ran(
                1,
                "",
                $"error: cannot create a key\n  why: the key mnopqrstuvwx was made, but not written: the name {file} is too long\n"
                + "  try: session-mesh keys revoke mnopqrstuvwx, then the same command again\n"),
            await tool.RunAsync($"keys create --scope steer --out {file}"));
    }

    /// <summary>A key that nobody has seen is valid all the same.</summary>
    [Theory]
    [InlineData(true, "keys create --scope steer", 1, "session-mesh keys revoke mnopqrstuvwx, then the same command again")]
    [InlineData(false, "keys create --scope steer", 141, "session-mesh keys revoke mnopqrstuvwx, then the same command again")]
    [InlineData(true, "admin new-root --yes", 1, "the file root.key in the server's data directory: it has the same key")]
    public async Task Create_WhoseOutputIsLost_SaysWhichKeyWasMade(bool isFull, string line, int code, string next)
    {
        var created = line.StartsWith("admin", StringComparison.Ordinal)
            ? Of(60).Replace("{\"key_id\"", "{\"revoked_count\":0,\"key_id\"", StringComparison.Ordinal)
            : Of(60);
        using var tool = new Tool(Json(201, created));
        tool.Failing = isFull ? new OutputFailedException("no space left on device") : new OutputClosedException();
        var ran = await tool.RunAsync(line);
        Assert.Equal((code, ""), (ran.Code, ran.Out));
        Assert.Matches(
            "^error: cannot [a-z ]+\n  why: the key mnopqrstuvwx was made, and its secret is lost: "
            + (isFull ? "cannot write to standard output: no space left on device" : "the reader of standard output has gone")
            + $"\n  try: {next}\n$",
            ran.Error);
    }

    [Theory]
    [InlineData("5", 60, false, "the key is valid for 1m, not 5s: no key is valid for less than 1m")]
    [InlineData("5d", 86_400, false, "the key is valid for 1d, not 5d: no key but a service key is valid for longer than 1d")]
    [InlineData("2y", 0, false, null)]
    [InlineData("2h", 1199, false, "the key is valid for 20m, not 2h: none is valid for longer than the key that minted it")]
    [InlineData("400d", 366 * 86_400, true, "the key is valid for 366d, not 400d: no service key is valid for longer than 366d")]
    [InlineData("20m", 1199, false, "")]
    [InlineData("20m", 1200, false, "")]
    public async Task Create_WithALifetimeThatIsNotGranted_SaysWhatItGotAndWhy(string asked, int granted, bool service, string? said)
    {
        using var tool = new Tool(Json(201, Of(granted, service)));
        foreach (var format in new[] { "json", "jsonl" })
        {
            var ran = await tool.RunAsync($"keys create --scope steer --ttl {asked} -o {format}");
            Assert.Equal(said is null ? 2 : 0, ran.Code);
            if (said is not null)
            {
                Assert.Equal(said.Length == 0 ? "" : said + "\n", ran.Error);
            }
        }
    }

    [Theory]
    [InlineData("--scope ''")]
    [InlineData("--scope ,")]
    public async Task Create_WithAnEmptyScope_IsAUsageError(string option)
    {
        using var tool = new Tool(Json(201, "{}")) { Typed = "steer" };
        Assert.Equal(
            new Ran(
                2, "", $"error: cannot create a key\n  why: --scope names no scope\n  try: --scope mesh:read; there are {Scopes}\n"),
            await tool.RunAsync(["keys", "create", .. option.Replace("''", "", StringComparison.Ordinal).Split(' ')]));
        Assert.Empty(tool.Calls);
    }

    /// <summary>It was said twice, the second time under the name of a member.</summary>
    [Fact]
    public async Task Create_WithAScopeThatThereIsNot_SaysSoOnce()
    {
        using var tool = new Tool(Json(400, """
            {"type":"t","title":"t","status":400,"detail":"scopes/0: 'bogus' is not a scope.","code":"invalid_request",
             "errors":[{"pointer":"/scopes/0","message":"'bogus' is not a scope","allowed":["mesh:read","steer"]}]}
            """));
        Assert.Equal(
            new Ran(
                2,
                "",
                "error: cannot create a key\n  why: --scope: 'bogus' is not a scope (400 invalid_request)\n"
                + "       --scope takes mesh:read, steer\n"
                + "  try: session-mesh keys create --help\n"),
            await tool.RunAsync("keys create --scope bogus"));
    }

    [Theory]
    [InlineData(false, null, "not kept")]
    [InlineData(true, null, "-")]
    [InlineData(true, "2026-01-02T03:00:00Z", "4m5s ago")]
    public async Task List_SaysWhereTheLastUseIsNotKept(bool service, string? at, string shown)
    {
        var used = at is null ? "null" : $"\"{at}\"";
        var row = $$"""{"key_id":"k1","service":{{(service ? "true" : "false")}},"last_used_at":{{used}}}""";
        using var tool = new Tool(Json(200, $$"""{"keys":[{{row}}],"count":1,"next_cursor":null}"""));
        var lines = (await tool.RunAsync("keys list")).Out.Split('\n');
        var column = lines[0].IndexOf("LAST USED", StringComparison.Ordinal);
        Assert.Equal(shown, lines[1][column..].Split("  ")[0]);
    }

    private static string Of(int ttl, bool service = false) => Created
        .Replace("TTL", ttl.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal)
        .Replace("SERVICE", service ? "true" : "false", StringComparison.Ordinal);
}
