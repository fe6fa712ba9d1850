using System.Text.Json.Nodes;

namespace SessionMesh.Cli.Tests.Hooks;

/// <summary>Agents whose hooks are a plugin: what it is told beside it, and what of it stands in the settings.</summary>
public sealed class PluginHooksTests : IDisposable
{
    private readonly Tool _tool = new();

    public void Dispose() => _tool.Dispose();

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
