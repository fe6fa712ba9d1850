using SessionMesh.Client.Tests;
using static SessionMesh.Client.Tests.ScriptedServer;

namespace SessionMesh.Cli.Tests.Dashboard;

/// <summary><c>dashboard</c>: a one-time code into a browser, or onto a terminal; never a key.</summary>
public sealed class DashboardTests
{
    private const string Code = """{"code":"0123456789abcdef0123456789abcdef","expires_at":"2026-01-02T03:05:05Z"}""";
    private const string Url = "http://127.0.0.1:7420/#code=0123456789abcdef0123456789abcdef";

    [Fact]
    public async Task Page_IsOpened_ByAFileOfOnesOwn_ThatIsGoneAfterwards()
    {
        (string Path, string Text, UnixFileMode Mode)? opened = null;
        using var tool = new Tool(Json(201, Code)) { Width = 80, Clock = new HastyTime() };
        tool.Env["XDG_RUNTIME_DIR"] = tool.Home;
        tool.Browser = path =>
        {
            opened = (path, File.ReadAllText(path), Tool.ModeOf(path));
            return true;
        };
        Assert.Equal(new Ran(0, "", "The page opens in your browser, signed in.\n"), await tool.RunAsync("dashboard"));
        Assert.Equal(["POST /keys/codes {}"], tool.Calls);
        Assert.StartsWith(tool.Home, opened!.Value.Path, StringComparison.Ordinal);
        Assert.Contains($"content=\"0;url={Url}\"", opened.Value.Text, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, opened.Value.Mode);
        Assert.False(File.Exists(opened.Value.Path));
    }

    [Fact]
    public async Task Page_WithoutABrowser_IsAnAddress()
    {
        using var tool = new Tool(Json(201, Code)) { Width = 80 };
        Assert.Equal(
            new Ran(
                0, $"url         {Url}\nexpires at  in 1m\n",
                "No browser could be opened. This address works once, for a minute:\n"),
            await tool.RunAsync("dashboard"));
    }

    [Fact]
    public async Task Page_ForAProgram_IsPrinted_AndNothingIsOpened()
    {
        using var tool = new Tool(Json(201, Code)) { Browser = _ => throw new InvalidOperationException("nobody asked for it") };
        Assert.Equal(
            new Ran(0, $"{{\n  \"url\": \"{Url}\",\n  \"expires_at\": \"2026-01-02T03:05:05.000Z\"\n}}\n", ""),
            await tool.RunAsync("dashboard -o json"));
    }

    [Fact]
    public async Task Key_OfThePage_IsWhatWasAskedFor()
    {
        using var tool = new Tool(Json(201, Code)) { Width = 80 };
        tool.Browser = _ => throw new InvalidOperationException("nobody asked for it");
        var ran = await tool.RunAsync("dashboard --print --ttl 8h --scope mesh:read,steer --scope kill --within agent:a");
        Assert.Equal(0, ran.Code);
        Assert.Equal(
            ["""POST /keys/codes {"ttl":28800,"scopes":["mesh:read","steer","kill"],"within":["agent:a"]}"""], tool.Calls);
    }

    [Fact]
    public async Task Refusal_SaysWhy()
    {
        using var tool = new Tool(Problem(403, "missing_scope", "This key lacks the scope keys:mint. Use a key that has it."));
        var ran = await tool.RunAsync("dashboard --print");
        Assert.Equal((4, ""), (ran.Code, ran.Out));
        Assert.Contains("This key lacks the scope keys:mint.", ran.Error, StringComparison.Ordinal);
    }
}
