using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Completion;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Settings;

namespace SessionMesh.Cli.Targets;

/// <summary>
/// Which agent a command is about: <c>--agent-id</c>, or the bare id, or, for what an agent says of itself, the agent
/// that the command runs inside.
/// </summary>
internal sealed class AgentIdOption
{
    private readonly Option<string?> _option = Opt.Id("--agent-id", "The agent");
    private readonly Argument<string?>? _argument;
    private readonly Argument<string[]>? _arguments;
    private readonly bool _ownByDefault;

    /// <param name="positional">Whether the id may stand without the option's name.</param>
    /// <param name="several">Whether several ids may stand there.</param>
    /// <param name="ownByDefault">Whether <c>SESSION_MESH_AGENT_ID</c> stands in for it.</param>
    public AgentIdOption(Command command, CliHost host, bool positional = true, bool several = false, bool ownByDefault = false)
    {
        _ownByDefault = ownByDefault;
        if (ownByDefault)
        {
            _option.Description += $" (default: {MeshSettings.AgentVariable})";
        }

        _option.CompletionSources.Add(completion => LiveAgentIds.Of(host, completion.ParseResult));
        command.Add(_option);
        if (!positional)
        {
            return;
        }

        if (several)
        {
            _arguments = Opt.IdArguments("agent", "The agent, or several");
            _arguments.CompletionSources.Add(completion => LiveAgentIds.Of(host, completion.ParseResult));
            command.Add(_arguments);
            return;
        }

        _argument = Opt.IdArgument("agent", "The agent, without --agent-id");
        _argument.CompletionSources.Add(completion => LiveAgentIds.Of(host, completion.ParseResult));
        command.Add(_argument);
    }

    /// <summary>Every agent that is named, once each.</summary>
    public IReadOnlyList<string> All(CommandContext context)
    {
        if (_arguments is not null)
        {
            var (one, others) = (context.Get(_option), context.Get(_arguments) ?? []);
            if (one is not null && others is [var other, ..] && other != one)
            {
                throw CommandException.Usage($"two agents are named: {one} and {other}", "name several without --agent-id");
            }

            var own = one is null && others.Length == 0 && _ownByDefault ? context.Host.Env(MeshSettings.AgentVariable) : null;
            string[] ids = [.. others.Prepend(one ?? own).OfType<string>().Distinct(StringComparer.Ordinal)];
            return ids is [var only] ? [Full(context, only)] : ids;
        }

        return Find(context) is { } id ? [id] : [];
    }

    /// <summary>The id, or null where none is named, or several are.</summary>
    public string? Find(CommandContext context)
    {
        if (_arguments is not null)
        {
            return All(context) is [var only] ? only : null;
        }

        var named = context.Get(_option);
        var bare = _argument is null ? null : context.Get(_argument);
        if (named is not null && bare is not null && named != bare)
        {
            throw CommandException.Usage($"two agents are named: {named} and {bare}", "name one of them");
        }

        return (named ?? bare) is { } id ? Full(context, id) : _ownByDefault ? context.Host.Env(MeshSettings.AgentVariable) : null;
    }

    private static string Full(CommandContext context, string typed)
    {
        context.NamedAgent = typed;
        return context.FullAgent ?? typed;
    }

    public string Require(CommandContext context) =>
        Find(context)
            ?? throw CommandException.Usage("no agent is named", $"session-mesh {context.Parse.CommandResult.Command.Name} --agent-id ID");

    /// <summary>The incarnation to speak for: known only inside that agent itself.</summary>
    public static int? IncarnationOf(CommandContext context, string agentId) =>
        context.Host.Env(MeshSettings.AgentVariable) == agentId
        && int.TryParse(context.Host.Env(MeshSettings.IncarnationVariable), out var incarnation)
            ? incarnation
            : null;
}
