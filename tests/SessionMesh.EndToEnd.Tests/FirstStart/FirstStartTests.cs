using System.Text.RegularExpressions;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.FirstStart;

/// <summary>What a person meets who has just started the server.</summary>
public sealed class FirstStartTests : IDisposable
{
    private const UnixFileMode OwnerReads = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly Scratch _scratch = new();
    private readonly ServerProcess _server;

    /// <summary>On a directory whose name a shell would take apart.</summary>
    public FirstStartTests() => _server = new ServerProcess(_scratch, "a person's data");

    public void Dispose()
    {
        _server.Dispose();
        _scratch.Dispose();
    }

    [Fact]
    public async Task Start_SaysWhereItListensAndNeverTheKey()
    {
        await _server.StartAsync();
        await Eventually.True(
            () => _server.Process.Out.Contains("Ctrl+C", StringComparison.Ordinal), () => $"the whole banner\n{_server.Printed}");
        var printed = _server.Process.Out;
        Assert.StartsWith($"Session Mesh listens on {_server.Url}\n", printed, StringComparison.Ordinal);
        Assert.Contains(_server.Data, printed, StringComparison.Ordinal);
        Assert.DoesNotContain(_server.RootKey, _server.Printed, StringComparison.Ordinal);
        Assert.Equal("", _server.Process.Error);
    }

    [Fact]
    public async Task RootKey_IsItsOwnersAlone()
    {
        await _server.StartAsync();
        Assert.Equal(OwnerReads, ModeOf(Path.Combine(_server.Data, "root.key")));
        Assert.Equal(OwnerReads | UnixFileMode.UserExecute, ModeOf(_server.Data));
        Assert.Matches("^smk_[0-9a-z]{12}_[0-9A-Za-z]{43}_[0-9A-Za-z]+$", _server.RootKey);
    }

    /// <summary>The lines that the banner offers, typed by somebody who has the tool on the PATH and nothing else set.</summary>
    [Fact]
    public async Task Banner_WhatItSaysToTypeWorksAsItStands()
    {
        await _server.StartAsync();
        await Eventually.True(
            () => _server.Process.Out.Contains("Ctrl+C", StringComparison.Ordinal), () => $"the whole banner\n{_server.Printed}");
        var lines = Regex.Matches(
            _server.Process.Out,
            @"^ +(?<line>(export|session-mesh|curl) .*?)(   .*)?$",
            RegexOptions.Multiline | RegexOptions.ExplicitCapture,
            Eventually.Bound)
            .Select(match => match.Groups["line"].Value).ToList();
        Assert.Contains(lines, line => line.StartsWith("session-mesh run ", StringComparison.Ordinal));

        // In one shell, as a person would; what stays in the foreground goes on in the background.
        var script = "set -e\n" + string.Join('\n', lines.Select(line => line.StartsWith("session-mesh run ", StringComparison.Ordinal)
            ? $"{line} & until session-mesh show demo > shown 2>&1; do sleep 0.1; done"
            : line.StartsWith("session-mesh kill ", StringComparison.Ordinal)
                ? line + " --yes"
                : line.Replace("curl ", "curl -fsS ", StringComparison.Ordinal)));
        using var bash = new Started("bash", ["-c", script + "\nwait || true"], _scratch.Environment(), _scratch.Root);
        var ran = await bash.EndAsync();
        Assert.True(ran.Code == 0, $"{script}\n{ran}");
        Assert.Matches(@"(?m)^demo +alive ", ran.Out);
    }

    [Fact]
    public async Task SecondStartOnTheSameDirectory_IsRefusedWithOneClearLine()
    {
        await _server.StartAsync();
        using var second = _server.Launch("--urls", "http://127.0.0.1:0");
        var ran = await second.EndAsync();
        Assert.Equal((1, ""), (ran.Code, ran.Out));
        Assert.Matches(@"^session-mesh server: Another server holds the data directory .*--data DIR.*\n$", ran.Error);
        Assert.False(_server.Process.HasExited);
    }

    [Fact]
    public async Task PortThatIsTaken_IsRefusedWithOneClearLine()
    {
        await _server.StartAsync();
        using var second = _server.Launch("--data", _scratch.File("other"));
        var ran = await second.EndAsync();
        var port = new Uri(_server.Url).Port;
        Assert.Equal(
            new Ran(
                1,
                "",
                $"session-mesh server: Port {port} is in use: another program listens at {_server.Url}. "
                + $"Stop it, or choose another port, such as --urls http://127.0.0.1:{port + 1}.\n"),
            ran);
    }

    [Theory]
    [InlineData("--urls", "http://0.0.0.0:0", "--insecure-http")]
    [InlineData("--urls", "nonsense", "is not an address")]
    [InlineData("--data", "/proc/nowhere", "--data DIR")]
    [InlineData("--allow-plain-http", "true", "is not an option of the server")]
    [InlineData("--tls-cert", "/nowhere", "no address is https")]
    public async Task WrongSetting_IsRefusedWithOneClearLine(string name, string value, string says)
    {
        using var started = _server.Launch(name, value);
        var ran = await started.EndAsync();
        Assert.Equal((1, ""), (ran.Code, ran.Out));
        Assert.Single(ran.Error.TrimEnd('\n').Split('\n'));
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Signal.Int)]
    [InlineData(Signal.Term)]
    public async Task Stop_IsCleanAndTheNextStartKnowsEverything(int signal)
    {
        await _server.StartAsync();
        var key = _server.RootKey;
        using var http = new MeshHttp(_server.Url, key);
        await http.PostAsync("registry", """{"specialization":"s","agent_id":"kept"}""");
        var listening = http.EventsAsync(0, _ => false);
        var ran = await _server.StopAsync(signal);
        Assert.Equal((0, ""), (ran.Code, ran.Error));
        await Assert.ThrowsAnyAsync<Exception>(() => listening);

        await _server.StartAsync();
        Assert.Equal(key, _server.RootKey);
        Assert.Equal("alive", (await http.GetAsync("agents/kept")).Text("status"));
    }

    /// <summary>The tool finds the key of a server by itself, and sends it to that server alone.</summary>
    [Fact]
    public async Task RootKey_IsSentToTheAddressWrittenBesideIt_WhichGoesWithTheServer()
    {
        await _server.StartAsync();
        var file = Path.Combine(_server.Data, "root.address");
        Assert.Equal(_server.Url + "\n", await File.ReadAllTextAsync(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, ModeOf(file));
        using (var proxy = new FlakyProxy(_server.Url, FlakyProxy.Relay))
        {
            Assert.Equal(0, (await ListAsync(_server.Url)).Code);
            var elsewhere = await ListAsync(proxy.Url);
            Assert.Equal(4, elsewhere.Code);
            Assert.Contains("goes to the addresses in root.address beside it alone", elsewhere.Error, StringComparison.Ordinal);
            Assert.False(Assert.Single(proxy.Calls).Headers.ContainsKey("Authorization"));
        }

        await _server.StopAsync();
        Assert.False(File.Exists(file));
    }

    /// <summary>A full disk, or whatever stands in the way: a server that can't say where it listens runs, and says what to do.</summary>
    [Fact]
    public async Task AddressFile_ThatCannotBeWritten_IsAWarning()
    {
        var file = Path.Combine(_server.Data, "root.address");
        Directory.CreateDirectory(Path.Combine(file, "in the way"));
        await _server.StartAsync();
        var elsewhere = await ListAsync(_server.Url);
        Assert.Equal(4, elsewhere.Code);
        var named = await ListAsync(_server.Url, "--key-file", Path.Combine(_server.Data, "root.key"));
        Assert.Equal(0, named.Code);
        var ran = await _server.StopAsync();
        Assert.Equal(0, ran.Code);
        var lines = ran.Error.TrimEnd('\n').Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.StartsWith($"session-mesh server: warning: {file} cannot be written: ", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("name it with --key-file.", lines[0], StringComparison.Ordinal);
        Assert.All(lines[1..], line => Assert.StartsWith(
            $"session-mesh server: warning: {file} cannot be deleted: ", line, StringComparison.Ordinal));
    }

    private async Task<Ran> ListAsync(string url, params string[] more)
    {
        var environment = new Dictionary<string, string>(_scratch.Environment()) { ["SESSION_MESH_DATA"] = _server.Data };
        using var tool = new Started(Built.Tool, ["list", "--url", url, .. more], environment, _scratch.Root);
        return await tool.EndAsync();
    }

    private static UnixFileMode ModeOf(string path) => OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(path);
}
