using System.Globalization;
using System.Text;
using SessionMesh.Cli.Hooks;
using SessionMesh.Cli.Hooks.Editing;
using SessionMesh.Cli.Hooks.Kinds;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Tests.Hooks;

/// <summary>
/// Settings of each agent as chance makes them: what install puts in, uninstall takes out to the last byte, and nothing else changes its
/// meaning meanwhile. A failing seed replays with <c>SESSION_MESH_SEED</c>.
/// </summary>
public sealed class RoundTripTests : IDisposable
{
    private const int Rounds = 60;

    private readonly Tool _tool = new();

    public static TheoryData<string> Agents =>
    [
        .. HookedAgents.All.Where(agent => agent.SettingsPath(HostOf("/nowhere"), project: false) is not null)
            .Select(agent => agent.Name),
    ];

    private static int? Given =>
        int.TryParse(Environment.GetEnvironmentVariable("SESSION_MESH_SEED"), CultureInfo.InvariantCulture, out var seed) ? seed : null;

    public void Dispose() => _tool.Dispose();

    [Theory]
    [MemberData(nameof(Agents))]
    public void InstallThenUninstall_GivesBackEveryByte(string name)
    {
        var agent = HookedAgents.Named(name);
        var host = HostOf(_tool.Home);
        var path = agent.SettingsPath(host, project: false)!;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var first = Given ?? Random.Shared.Next();
        for (var seed = first; seed < first + (Given is null ? Rounds : 1); seed++)
        {
            var text = TextOf(agent, seed);
            File.WriteAllBytes(path, Encoding.UTF8.GetBytes(text));
            var shape = agent.Shape(host, new HookWish(Detail: seed % 2 == 0, Http: null, Version: null))!;
            var install = HookChange.Install(host, agent, path, shape);
            Assert.True(install.State == HookChange.Installed, $"seed {seed}: {install.State} of\n{text}");
            install.Apply();
            var installed = File.ReadAllText(path);
            Assert.True(IsWithin(Parse(agent, text), Parse(agent, installed)), $"seed {seed}: another meaning of\n{text}\nis\n{installed}");
            var again = HookChange.Install(host, agent, path, shape);
            Assert.True(again.State == HookChange.Unchanged, $"seed {seed}: {again.State} again of\n{text}\nis\n{again.After}");

            // Ours of another time are brought up to date, and go as well.
            var elsewhere = host with { Program = () => ["/other place/session-mesh"] };
            var other = agent.Shape(elsewhere, new HookWish(true, null, new Version(2, 0)))!;
            HookChange.Install(host, agent, path, other).Apply();
            HookChange.Install(host, agent, path, shape).Apply();
            Assert.True(File.ReadAllText(path) == installed, $"seed {seed}: the way back of\n{text}\nis\n{File.ReadAllText(path)}");

            HookChange.Uninstall(host, agent, path, shape).Apply();
            var left = Encoding.UTF8.GetString(File.ReadAllBytes(path));
            Assert.True(left == text, $"seed {seed}: left of\n{text}\nis\n{left}");
        }
    }

    private static string TextOf(HookedAgent agent, int seed) => new HookTexts(
        seed, agent.Dialect != SettingsDialect.Json, agent.Dialect == SettingsDialect.Json5,
        ["SessionStart", "PreToolUse", "Stop", "BeforeTool", "Other"]).Make();

    /// <summary>All that is in the first is in the second, in the same order; lists have more at their end alone.</summary>
    private static bool IsWithin(SettingsNode old, SettingsNode now)
    {
        if (old.Kind == NodeKind.Array)
        {
            return now.Kind == NodeKind.Array
                && now.Items.Count >= old.Items.Count
                && old.Items.Zip(now.Items).All(pair => pair.First.Canonical() == pair.Second.Canonical());
        }

        return old.Kind != NodeKind.Object
            ? old.Canonical() == now.Canonical()
            : now.Kind == NodeKind.Object
                && old.Items.Select(item => item.Name).SequenceEqual(now.Items.Take(old.Items.Count).Select(item => item.Name))
                && old.Items.Zip(now.Items).All(pair => IsWithin(pair.First, pair.Second));
    }

    private static SettingsNode Parse(HookedAgent agent, string text) => SettingsText.Parse(text, agent.Dialect).Root;

    private static CliHost HostOf(string home) => new()
    {
        In = TextReader.Null,
        Out = TextWriter.Null,
        Error = TextWriter.Null,
        Env = _ => null,
        Home = home,
        CurrentDirectory = () => Path.Combine(home, "work"),
        Program = () => ["/opt/mesh/session-mesh"],
    };
}
