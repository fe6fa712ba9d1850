using System.Text.RegularExpressions;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.FirstStart;

/// <summary>
/// The first minutes: what README.md says to type under "Try it", in its order, in one shell with a home that is empty and nothing on the
/// PATH. Only what was built already is not built again, and the server listens on a port of its own.
/// </summary>
public sealed class ReadmeTests : IDisposable
{
    private const string Run = "dotnet run --project src/SessionMesh.Server";
    private const string Install = "./eng/install.sh";

    private readonly Scratch _scratch = new();
    private readonly ServerProcess _server;

    /// <summary>With the directory that a server takes where none is named.</summary>
    public ReadmeTests() => _server = new ServerProcess(_scratch, "home/.local/share/session-mesh");

    public void Dispose()
    {
        _server.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public async Task TryIt_WorksAsItStands()
    {
        var blocks = Blocks();
        Assert.Equal(Run, blocks[0]);
        await _server.StartAsync();
        var script = "set -e\n" + string.Join('\n', blocks[1..].SelectMany(Statements).Select(Typed)) + "\nwait\n";

        var environment = new Dictionary<string, string>(_scratch.Environment())
        {
            ["PATH"] = "/usr/bin:/bin",
            ["SESSION_MESH_URL"] = _server.Url, // else it has the port that the tool takes by itself
        };
        using var bash = new Started("bash", ["-c", script], environment, _scratch.Root);
        var ran = await bash.EndAsync();
        Assert.True(ran.Code == 0, $"{script}\n{ran}");
        Assert.Matches(@"(?m)^demo +alive ", ran.Out);
        Assert.Matches(@"(?m)^demo +1 +steer +north +acknowledged ", ran.Out);
        Assert.Contains("going north\n", ran.Error, StringComparison.Ordinal);
        Assert.Contains("\"sessions\":[{\"agent_id\":\"demo\"", ran.Out, StringComparison.Ordinal);
        Assert.Contains("\"direction\":\"south\"", ran.Out, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^demo +dead +yes ", ran.Out);
        Assert.DoesNotContain(_server.RootKey, ran.Out + ran.Error, StringComparison.Ordinal);
    }

    /// <summary>The line after the installation is the one that the installation asks for.</summary>
    [Fact]
    public async Task TryIt_ExportsWhatTheInstallationSays()
    {
        var typed = Blocks().SelectMany(Statements).ToList();
        var environment = new Dictionary<string, string>(_scratch.Environment()) { ["PATH"] = "/usr/bin:/bin" };
        using var script = new Started("bash", [Built.Install, "--dry-run"], environment, _scratch.Root);
        var said = (await script.EndAsync()).Out.TrimEnd('\n').Split('\n')[^1];
        Assert.Equal(said, typed[typed.IndexOf(Install) + 1]);
    }

    /// <summary>What the text names is there.</summary>
    [Fact]
    public void Links_LeadToFiles()
    {
        var links = Each(@"\]\((?<it>[^)#:]+)\)", Readme()).Distinct().ToList();
        Assert.NotEmpty(links);
        Assert.All(links, link => Assert.True(Path.Exists(Path.Combine(Built.Repository, link)), link));
    }

    private static List<string> Blocks() => Each("\n```\n(?<it>.*?)\n```\n", Each("\n## Try it\n(?<it>.*?)\n## ", Readme()).Single());

    private static string Readme() => File.ReadAllText(Path.Combine(Built.Repository, "README.md"));

    private static List<string> Each(string pattern, string text) =>
        [.. Regex.Matches(text, pattern, RegexOptions.Singleline | RegexOptions.ExplicitCapture, Eventually.Bound)
            .Select(match => match.Groups["it"].Value)];

    /// <summary>Lines without their comments; one that goes on in the next is one with it.</summary>
    private static IEnumerable<string> Statements(string block) => block.Replace("\\\n", "", StringComparison.Ordinal).Split('\n')
        .Select(line => Regex.Replace(line, "  +#.*$", "", RegexOptions.None, Eventually.Bound));

    /// <summary>A line as this test types it.</summary>
    private string Typed(string line) => line switch
    {
        Install => $"mkdir -p ~/.local/bin && ln -s '{Built.Tool}' ~/.local/bin/session-mesh",
        _ => line.Replace("http://127.0.0.1:7420", _server.Url, StringComparison.Ordinal)
            .Replace("curl ", "curl -fsS ", StringComparison.Ordinal),
    };
}
