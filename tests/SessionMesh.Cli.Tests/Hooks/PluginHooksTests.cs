using System.Text.Json.Nodes;
using SessionMesh.Client.Tests;

namespace SessionMesh.Cli.Tests.Hooks;

/// <summary>Agents whose hooks are a plugin: what it is told beside it, and what of it stands in the settings.</summary>
public sealed class PluginHooksTests : IDisposable
{
    private readonly Tool _tool = new();

    private string Config => Path.Combine(_tool.Home, ".openclaw/openclaw.json");

    public void Dispose() => _tool.Dispose();

    /// <summary>OpenClaw's plugin has a key of its own, from <c>hook openclaw --key</c>.</summary>
    [Theory]
    [InlineData("mesh:read\",\"registry:write", false)]
    [InlineData("mesh:read\",\"registry:write\",\"keys:mint", true)]
    [InlineData("admin", true)]
    public async Task Doctor_AsksForOpenclaw_WhetherTheKeyMintsKeys(string scopes, bool isWell)
    {
        var key = $$"""{"key_id":"k1","session_key":"root","scopes":["{{scopes}}"]}""";
        using var tool = new Tool(ScriptedServer.Json(200, key), ScriptedServer.Json(200, key));
        await tool.RunAsync("hooks install openclaw");
        await tool.RunAsync("hooks install opencode");
        var well = new Ran(0, "openclaw\n", "the mesh at http://127.0.0.1:7420 is reached\n");
        var lacks = new Ran(1, "openclaw\n", """
            the key from SESSION_API_KEY lacks keys:mint, and OpenClaw's plugin has no other way to a key
              try: session-mesh keys create --scope mesh:read,registry:write,keys:mint

            """);
        Assert.Equal(isWell ? well : lacks, await tool.RunAsync("hooks doctor openclaw -o name"));
        Assert.Equal(0, (await tool.RunAsync("hooks doctor opencode")).Code);
    }

    [Theory]
    [InlineData("""{"plugins": {"allow": ["telegram"]}}""", "\"allow\": [\"telegram\", \"session-mesh\"]")]
    [InlineData(
        "{\n  // mine\n  plugins: {\n    allow: [\n      'telegram', // chats\n      'memory',\n    ],\n  },\n}\n",
        "      \"session-mesh\",\n    ],")]
    [InlineData("""{"plugins": {"allow": ["session-mesh"]}}""", "{\"allow\": [\"session-mesh\"]")]
    [InlineData("""{"plugins": {"allow": ["a", "session-mesh"], "entries": {}}}""", "\"allow\": [\"a\", \"session-mesh\"]")]
    [InlineData("""{"plugins": {"allow": []}}""", "\"allow\": []")]
    [InlineData("""{"plugins": {}}""", "{\"plugins\": {\"entries\":")]
    public async Task AllowedPlugins_AreJoined_AndUninstallGivesBackEveryByte(string before, string within)
    {
        _tool.WriteFile(".openclaw/openclaw.json", before);
        Assert.Equal(0, (await _tool.RunAsync("hooks install openclaw")).Code);
        Assert.Contains(within, await File.ReadAllTextAsync(Config), StringComparison.Ordinal);
        Assert.Contains("unchanged", (await _tool.RunAsync("hooks install openclaw")).Out, StringComparison.Ordinal);
        Assert.Equal(0, (await _tool.RunAsync("hooks uninstall openclaw")).Code);
        Assert.Equal(before, await File.ReadAllTextAsync(Config));
    }

    [Fact]
    public async Task Doctor_SaysWhereOpenclawDoesNotAllowThePlugin()
    {
        const string key = """{"key_id":"k1","session_key":"root","scopes":["admin"]}""";
        using var tool = new Tool(ScriptedServer.Json(200, key), ScriptedServer.Json(200, key));
        await tool.RunAsync("hooks install openclaw");
        var path = Path.Combine(tool.Home, ".openclaw/openclaw.json");
        const string plugins = "\"plugins\": {";
        var text = await File.ReadAllTextAsync(path);
        await File.WriteAllTextAsync(path, text.Replace(plugins, plugins + "\"allow\": [\"telegram\"],", StringComparison.Ordinal));
        Assert.Equal(
            new Ran(1, "openclaw\n", """
                OpenClaw loads only what plugins.allow names, and session-mesh is not among it
                  try: session-mesh hooks install openclaw

                """),
            await tool.RunAsync("hooks doctor openclaw -o name"));
        Assert.Contains("updated", (await tool.RunAsync("hooks install openclaw")).Out, StringComparison.Ordinal);
        Assert.Contains("[\"telegram\", \"session-mesh\"]", await File.ReadAllTextAsync(path), StringComparison.Ordinal);
        Assert.Equal(0, (await tool.RunAsync("hooks doctor openclaw -o name")).Code);
    }

    [Fact]
    public async Task Detail_IsForOpencodesPlugin_UntilItIsInstalledWithout()
    {
        var file = Path.Combine(_tool.Home, ".config/opencode/plugins/session-mesh/tool.json");
        await _tool.RunAsync("hooks install opencode");
        Assert.Contains("updated", (await _tool.RunAsync("hooks install opencode --detail")).Out, StringComparison.Ordinal);
        Assert.Equal("{\"command\":[\"/opt/mesh/session-mesh\"],\"detail\":true}\n", await File.ReadAllTextAsync(file));
        Assert.Contains("unchanged", (await _tool.RunAsync("hooks install opencode --detail")).Out, StringComparison.Ordinal);
        Assert.Contains("opencode,up to date", (await _tool.RunAsync("agents -o csv --fields agent,user")).Out, StringComparison.Ordinal);

        Assert.Contains("updated", (await _tool.RunAsync("hooks install opencode")).Out, StringComparison.Ordinal);
        Assert.Null(JsonNode.Parse(await File.ReadAllTextAsync(file))!["detail"]);
    }

    [Fact]
    public async Task Detail_IsNothingThatOpenclawsPluginReports()
    {
        Assert.Equal(
            new Ran(2, "", """
                error: cannot install hooks for OpenClaw
                  why: OpenClaw's plugin reports the names of tools alone, and no arguments
                  try: the same command without --detail

                """),
            await _tool.RunAsync("hooks install openclaw --detail"));
        Assert.False(Directory.Exists(Path.Combine(_tool.Home, ".openclaw")));
    }
}
