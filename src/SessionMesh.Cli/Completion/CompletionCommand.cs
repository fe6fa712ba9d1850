using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Completion;

/// <summary>
/// <c>completion</c>: the script that makes a shell complete this tool. The tool itself answers what fits, so the script never grows
/// old.
/// </summary>
internal sealed class CompletionCommand : MeshCommand
{
    private static readonly string[] s_shells = ["bash", "zsh", "fish", "pwsh"];

    private readonly Argument<string> _shell = new("shell") { Description = "bash, zsh, fish or pwsh", HelpName = "shell" };

    public CompletionCommand(CliHost host) : base(host, "completion", "Print the completion script of a shell.", output: false)
    {
        _shell.CompletionSources.Add(_ => s_shells.Select(shell => new System.CommandLine.Completions.CompletionItem(shell)));
        Add(_shell);
        Examples =
        [
            "eval \"$(session-mesh completion bash)\"",
            "session-mesh completion zsh > \"${fpath[1]}/_session-mesh\"",
            "session-mesh completion fish > ~/.config/fish/completions/session-mesh.fish",
            "session-mesh completion pwsh | Out-String | Invoke-Expression",
        ];
    }

    protected override Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var shell = context.Get(_shell)!;
        context.Doing = "print the completion script";
        context.Host.Out.Write(shell.ToLowerInvariant() switch
        {
            "bash" => ShellScripts.Bash,
            "zsh" => ShellScripts.Zsh,
            "fish" => ShellScripts.Fish,
            "pwsh" => ShellScripts.Pwsh,
            _ => throw CommandException.Usage(
                $"'{shell}' is not a known shell; allowed: {string.Join(", ", s_shells)}",
                "session-mesh completion bash"),
        });
        return Task.FromResult(ExitCodes.Done);
    }
}
