using System.CommandLine;
using SessionMesh.Cli.Hooks.Kinds;
using SessionMesh.Cli.Hooks.Known;

namespace SessionMesh.Cli.Hooks;

/// <summary>The coding agents that the mesh reaches by hooks.</summary>
internal static class HookedAgents
{
    public static IReadOnlyList<HookedAgent> All { get; } =
    [
        new ClaudeCodeHooks(), new CodexHooks(), new GeminiHooks(), new OpencodeHooks(), new OpenclawHooks(),
    ];

    public static HookedAgent Named(string name) => All.First(agent => string.Equals(agent.Name, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>One of them, as the argument of a command.</summary>
    public static Argument<string> Argument(bool isRequired = true)
    {
        var argument = new Argument<string>("agent")
        {
            Description = "Which coding agent: " + string.Join(", ", All.Select(agent => agent.Name)),
            HelpName = "AGENT",
            Arity = isRequired ? ArgumentArity.ExactlyOne : ArgumentArity.ZeroOrOne,
        };
        argument.CompletionSources.Add(_ => All.Select(agent => new System.CommandLine.Completions.CompletionItem(agent.Name)));
        argument.Validators.Add(result =>
        {
            if (result.Tokens is [var word] && !All.Any(agent => string.Equals(agent.Name, word.Value, StringComparison.OrdinalIgnoreCase)))
            {
                result.AddError(
                    $"{word.Value} is no coding agent with hooks; these are: {string.Join(", ", All.Select(agent => agent.Name))}");
            }
        });
        return argument;
    }
}
