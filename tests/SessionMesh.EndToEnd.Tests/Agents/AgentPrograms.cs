using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Agents;

/// <summary>
/// The real programs, each in a folder of its own below <c>SESSION_MESH_AGENT_PROGRAMS</c> (the cache of this account unless set), from npm
/// in the versions that docs/agents.md speaks of. Where npm cannot bring one, its tests are skipped, and fail in CI: a skip there would say
/// that they have passed.
/// </summary>
internal static class AgentPrograms
{
    private static readonly SemaphoreSlim s_one = new(1);

    private static string Root { get; } = Environment.GetEnvironmentVariable("SESSION_MESH_AGENT_PROGRAMS")
        ?? Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.UserProfile, Environment.SpecialFolderOption.DoNotVerify),
            ".cache", "session-mesh-tests", "programs");

    /// <summary>This machine's kind, as npm's packages name it and as compilers do.</summary>
    private static (string Npm, string Triple) Machine { get; } =
        RuntimeInformation.OSArchitecture == Architecture.Arm64 ? ("arm64", "aarch64") : ("x64", "x86_64");

    public static Task<string> ClaudeAsync() => InstallAsync(
        "claude", "@anthropic-ai/claude-code@2.1.332", $"node_modules/@anthropic-ai/claude-code-linux-{Machine.Npm}/claude");

    public static Task<string> CodexAsync() => InstallAsync(
        "codex", "@openai/codex@0.169.0",
        $"node_modules/@openai/codex-linux-{Machine.Npm}/vendor/{Machine.Triple}-unknown-linux-musl/bin/codex");

    public static Task<string> OpencodeAsync() =>
        InstallAsync("opencode", "opencode-ai@1.18.33", $"node_modules/opencode-linux-{Machine.Npm}/bin/opencode");

    /// <summary>A script for Node.</summary>
    public static Task<string> GeminiAsync() =>
        InstallAsync("gemini", "@google/gemini-cli@0.61.0", "node_modules/@google/gemini-cli/bundle/gemini.js");

    /// <summary>npm's <c>skills</c>, in the newest version for Node 20. A script for Node.</summary>
    public static Task<string> SkillsAsync() => InstallAsync("skills", "skills@1.5.18", "node_modules/skills/bin/cli.mjs");

    /// <summary>The directory of the Node that it wants, and its script. Its installation refuses an older one, too.</summary>
    public static async Task<(string Node, string Script)> OpenclawAsync()
    {
        var package = "node-linux-" + Machine.Npm;
        var node = Path.GetDirectoryName(await InstallAsync("node24", package + "@24.21.0", $"node_modules/{package}/bin/node"))!;
        return (node, await InstallAsync("openclaw", "openclaw@2026.9.6", "node_modules/openclaw/openclaw.mjs", node));
    }

    /// <summary>The client library of A2A: the Node that it wants, and the folder of the package.</summary>
    public static async Task<(string Node, string Package)> A2ASdkAsync()
    {
        var node = "node-linux-" + Machine.Npm;
        var script = await InstallAsync(
            "a2a", $"{node}@24.21.0 @a2a-js/sdk@1.3.0", "node_modules/@a2a-js/sdk/dist/client/index.js");
        var package = Path.GetFullPath(Path.Combine(script, "..", "..", ".."));
        return (Path.GetFullPath(Path.Combine(package, "..", "..", node, "bin", "node")), package);
    }

    /// <summary>The Node that the official conformance suite of MCP wants, and its script.</summary>
    public static async Task<(string Node, string Script)> McpConformanceAsync()
    {
        var node = "node-linux-" + Machine.Npm;
        const string Suite = "@modelcontextprotocol/conformance";
        var script = await InstallAsync("mcp-conformance", $"{node}@22.22.0 {Suite}@0.1.16", $"node_modules/{Suite}/dist/index.js");
        return (Path.GetFullPath(Path.Combine(script, "..", "..", "..", "..", node, "bin", "node")), script);
    }

    /// <summary>The command line of the MCP inspector. A script for Node.</summary>
    public static async Task<string> McpInspectorAsync()
    {
        const string Scope = "node_modules/@modelcontextprotocol";
        var script = await InstallAsync(
            "mcp-inspector", "@modelcontextprotocol/inspector-cli@1.0.3", Scope + "/inspector-cli/build/cli.js");

        // It reads its version where it lies in the whole inspector; alone it lies elsewhere.
        await File.WriteAllTextAsync(
            Path.Combine(Root, "mcp-inspector", Scope, "package.json"), """{"name":"inspector","version":"1.0.3"}""");
        return script;
    }

    /// <summary>The executable. Installed once.</summary>
    /// <param name="package">NAME@VERSION, or several with blanks between.</param>
    /// <param name="node">The directory of the Node that installs it; null for the one on the PATH.</param>
    private static async Task<string> InstallAsync(string folder, string package, string executable, string? node = null)
    {
        var directory = Path.Combine(Root, folder);
        var path = Path.Combine(directory, executable);
        await s_one.WaitAsync();
        try
        {
            if (!File.Exists(path))
            {
                Directory.CreateDirectory(directory);
                await File.WriteAllTextAsync(Path.Combine(directory, "package.json"), """{"private":true}""");
                await NpmAsync(directory, package, node);
            }
        }
        finally
        {
            s_one.Release();
        }

        return File.Exists(path) ? path : throw new FileNotFoundException($"npm brought no {executable} with {package}", path);
    }

    private static async Task NpmAsync(string directory, string package, string? node)
    {
        string failure;
        try
        {
            var install = new ProcessStartInfo("npm", ["install", "--no-audit", "--no-fund", .. package.Split(' ')])
            {
                WorkingDirectory = directory,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            };
            if (node is not null)
            {
                install.Environment["PATH"] = node + Path.PathSeparator + install.Environment["PATH"];
            }

            using var npm = Process.Start(install)!;
            var said = await Task.WhenAll(npm.StandardOutput.ReadToEndAsync(), npm.StandardError.ReadToEndAsync());
            await npm.WaitForExitAsync();
            if (npm.ExitCode == 0)
            {
                return;
            }

            failure = string.Concat(said);
        }
        catch (Win32Exception e)
        {
            failure = e.Message;
        }

        failure = $"npm cannot bring {package}: {failure}";
        Skip.IfNot(Environment.GetEnvironmentVariable("CI") is "true", failure);
        Assert.Fail(failure);
    }
}
