using System.CommandLine;
using System.CommandLine.Completions;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Completion;

/// <summary>
/// What may stand where the cursor is, for the scripts of <see cref="CompletionCommand"/>: the first line says what follows or what the
/// shell completes by itself, then come the words that fit, one a line. Says nothing else, whatever is wrong.
/// </summary>
internal sealed class Completer
{
    /// <summary>The first word of the call: <c>session-mesh __complete WORD… CURRENT</c>.</summary>
    public const string Word = "__complete";

    private const string Words = "words";
    private const string Files = "files";
    private const string Command = "command";

    private readonly ToolCommand _root;
    private readonly CliHost _host;
    private readonly ParseResult _parse;
    private readonly HashSet<string> _typed = new(StringComparer.Ordinal);
    private Command _command;
    private Dictionary<string, Option> _options;
    private Option? _pending;
    private int _arguments;
    private bool _optionsEnded;

    private Completer(ToolCommand root, IReadOnlyList<string> typed, CliHost host)
    {
        (_root, _command, _host, _options) = (root, root, host, CommandWords.OptionsOf(root, root));
        Walk(typed);
        _parse = root.Parse([.. typed], new ParserConfiguration { ResponseFileTokenReplacer = null });
    }

    /// <param name="typed">The words behind the tool's name up to the cursor; the last is the one that is being typed.</param>
    public static int Run(ToolCommand root, IReadOnlyList<string> typed, CliHost host)
    {
        var current = typed.Count == 0 ? "" : typed[^1];
        var (kind, found) = new Completer(root, [.. typed.SkipLast(1)], host).Complete(current);
        host.Out.Write(kind + "\n");
        foreach (var word in found.Where(word => word.StartsWith(current, StringComparison.Ordinal)).Distinct(StringComparer.Ordinal))
        {
            host.Out.Write(word + "\n");
        }

        host.Out.Flush();
        return ExitCodes.Done;
    }

    private void Walk(IReadOnlyList<string> typed)
    {
        for (var i = 0; i < typed.Count; i++)
        {
            var word = typed[i];
            if (_optionsEnded || word is not ['-', _, ..])
            {
                Take(word);
            }
            else if (word is "--")
            {
                _optionsEnded = true;
            }
            else if (CommandWords.Find(_options, word) is ({ } option, var inline))
            {
                _typed.Add(option.Name);
                if (inline is null && CommandWords.TakesValue(option) && ++i == typed.Count)
                {
                    _pending = option;
                }
            }
        }
    }

    private void Take(string word)
    {
        if (_arguments == 0 && !_optionsEnded && _command.Subcommands.FirstOrDefault(one => one.Name == word) is { } below)
        {
            _command = below;
            _options = CommandWords.OptionsOf(below, _root);
        }
        else
        {
            _arguments++;
        }
    }

    private (string Kind, IEnumerable<string> Found) Complete(string current)
    {
        if (_pending is not null)
        {
            return ValuesOf(_pending, current);
        }

        var equals = current.IndexOf('=');
        if (!_optionsEnded && current is ['-', '-', ..] && equals > 0)
        {
            var (kind, found) = CommandWords.Find(_options, current) is ({ } option, { } value)
                ? ValuesOf(option, value)
                : (Words, []);
            return (kind, found.Select(word => current[..(equals + 1)] + word));
        }

        if (!_optionsEnded && current is ['-', ..])
        {
            return (Words, OptionNames());
        }

        var due = ArgumentDue();
        if (_optionsEnded && due is { HelpName: "CMD" })
        {
            return (Command, []);
        }

        var commands = _arguments == 0 && !_optionsEnded ? _command.Subcommands.Where(one => !one.Hidden).Select(one => one.Name) : [];
        var (dueKind, values) = due is null ? (Words, []) : ValuesOf(due, current);
        var words = commands.Concat(values).ToList();
        return words.Count == 0 && dueKind == Words && due is null ? (Words, OptionNames()) : (dueKind, words);
    }

    private Argument? ArgumentDue()
    {
        var before = 0;
        foreach (var argument in _command.Arguments.Where(one => !one.Hidden))
        {
            before = Math.Min(before, int.MaxValue - argument.Arity.MaximumNumberOfValues) + argument.Arity.MaximumNumberOfValues;
            if (_arguments < before)
            {
                return argument;
            }
        }

        return null;
    }

    private IEnumerable<string> OptionNames() => _command.Options.Concat(_root.Options.Where(option => option.Recursive))
        .Where(option => !option.Hidden && (option.Arity.MaximumNumberOfValues > 1 || !_typed.Contains(option.Name)))
        .Select(option => option.Name);

    private (string Kind, IEnumerable<string> Found) ValuesOf(Symbol symbol, string current)
    {
        var live = new LiveWords(_host, _parse);
        var name = symbol is Option ? symbol.Name : "<" + symbol.Name + ">";
        return name switch
        {
            "--agent-id" or "--parent" or "--subtree" => (Words, live.Agents()),
            "--ids" => (Words, AfterComma(current, live.Agents())),
            "<agent>" => (Words, live.Agents(all: _command.Name is "forget" or "revive" or "show" or "history" or "wait")),
            "--within" => (Words, Reach(current, live)),
            "--spec" or "--any-spec" or "<spec>" => (Words, live.Specializations()),
            "<claim>" => (Words, live.Claims()),
            "--cluster" => (Words, live.Clusters()),
            "--context" => (Words, live.Contexts()),
            "<name>" when IsBelow("context") && _command.Name is not "add" => (Words, live.Contexts()),
            "<key>" or "<key-id>" => (Words, IsBelow("keys") ? live.Keys() : Choices(symbol)),
            "<session-id>" => (Words, live.Sessions()),
            "--fields" => (Words, AfterComma(current, FieldsOf())),
            "--sort" => (Words, AfterComma(current, SortsOf(), mayReverse: true)),
            "<command>" when _command.Name is "help" => (Words, CommandsBelow()),
            "<file>" or "<path>" => (Files, []),
            _ when symbol is Option { HelpName: "FILE" or "DIR" } => (Files, []),
            _ => (Words, Choices(symbol)),
        };
    }

    private bool IsBelow(string group) => _command.Parents.Any(parent => parent.Name == group);

    private IEnumerable<string> FieldsOf() => (_command as MeshCommand)?.Fields ?? [];

    private IEnumerable<string> SortsOf() => FieldsOf().Concat((_command as MeshCommand)?.Sort?.Words ?? []);

    private IEnumerable<string> CommandsBelow()
    {
        var command = _command.Parents.OfType<Command>().First();
        foreach (var word in _parse.Tokens.Select(token => token.Value).SkipWhile(word => word is not "help").Skip(1))
        {
            command = command.Subcommands.FirstOrDefault(one => one.Name == word) ?? command;
        }

        return command.Subcommands.Where(one => !one.Hidden).Select(one => one.Name);
    }

    /// <summary>A list whose last member is the one that is being typed.</summary>
    private static IEnumerable<string> AfterComma(string current, IEnumerable<string> words, bool mayReverse = false)
    {
        var begun = current[..(current.LastIndexOf(',') + 1)];
        var sign = mayReverse && current[begun.Length..] is ['-', ..] ? "-" : "";
        var taken = begun.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(word => word.TrimStart('-'));
        return words.Except(taken, StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(word => begun + sign + word);
    }

    private static IEnumerable<string> Reach(string current, LiveWords live) => current.Split(':', 2) switch
    {
        ["agent" or "subtree", _] => live.Agents().Select(id => current[..(current.IndexOf(':') + 1)] + id),
        ["cluster", _] => live.Clusters().Select(name => "cluster:" + name),
        _ => ["agent:", "subtree:", "cluster:"],
    };

    private static IEnumerable<string> Choices(Symbol symbol) =>
        symbol.GetCompletions(CompletionContext.Empty).Select(one => one.Label);
}
