using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Completion;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;

namespace SessionMesh.Cli.Links;

/// <summary>The two agents of a link, and its kind.</summary>
internal sealed class LinkEnds
{
    private readonly Argument<string?> _from = Opt.IdArgument("from", "The agent that the link begins at");
    private readonly Argument<string?> _to = Opt.IdArgument("to", "The agent that it leads to");
    private readonly Option<string?> _kind;

    /// <param name="kind">What the kind is for.</param>
    public LinkEnds(Command command, CliHost host, string kind)
    {
        _kind = new Option<string?>("--kind") { Description = kind, HelpName = "WORD" };
        foreach (var end in new[] { _from, _to })
        {
            end.CompletionSources.Add(completion => LiveAgentIds.Of(host, completion.ParseResult));
            command.Add(end);
        }

        command.Add(_kind);
    }

    /// <summary>Null where it is not said.</summary>
    public string? KindOf(CommandContext context) => context.Get(_kind);

    public bool AreNamed(CommandContext context) => context.Get(_from) is not null || context.Get(_to) is not null;

    /// <exception cref="CommandException">One of the two is missing, or both are one.</exception>
    public (string From, string To) Require(CommandContext context)
    {
        var usage = $"session-mesh {context.Parse.CommandResult.Command.Name} FROM TO";
        if (context.Get(_from) is not { } from || context.Get(_to) is not { } to)
        {
            throw CommandException.Usage(AreNamed(context) ? "the agent that the link leads to is missing" : "no agents are named", usage);
        }

        return from == to ? throw CommandException.Usage($"a link is between two agents, not from '{from}' to itself", usage) : (from, to);
    }
}
