using System.CommandLine;
using SessionMesh.Cli.Commands;

namespace SessionMesh.Cli.Sessions;

/// <summary>
/// The words behind <c>session</c> as the tool of that name reads them: a value is a value, whatever it begins with; of an option that is
/// given twice the last counts; an empty text counts as not given. Rewritten so that the parser cannot take them for anything else.
/// </summary>
internal static class SessionWords
{
    /// <summary>The words of a verb of <c>session</c>; null for any other command line.</summary>
    public static CommandLineWords? Read(ToolCommand root, IReadOnlyList<string> args)
    {
        var globals = CommandWords.OptionsOf(root, root);
        var at = NextWord(args, 0, globals);
        if (at >= args.Count || args[at] != SessionCommand.Word
            || root.Subcommands.FirstOrDefault(command => command.Name == args[at]) is not { } session)
        {
            return null;
        }

        at = NextWord(args, at + 1, globals);
        if (at >= args.Count || session.Subcommands.FirstOrDefault(command => command.Name == args[at]) is not { } verb)
        {
            return null;
        }

        var reading = new Reading(verb, CommandWords.OptionsOf(verb, root));
        IReadOnlyList<string> words = [.. args.Take(at + 1), .. reading.Of(args.Skip(at + 1))];
        return new CommandLineWords(words, verb, reading.WantsHelp ? null : reading.Unknown);
    }

    private static int NextWord(IReadOnlyList<string> args, int at, Dictionary<string, Option> options)
    {
        while (at < args.Count && args[at] is ['-', _, ..])
        {
            at += options.TryGetValue(args[at], out var option) && CommandWords.TakesValue(option) ? 2 : 1;
        }

        return at;
    }

    private sealed class Reading(Command verb, Dictionary<string, Option> options)
    {
        private readonly List<(Option Option, string Word)> _options = [];
        private readonly List<string> _words = [];

        /// <summary>An option that the verb does not have.</summary>
        public string? Unknown { get; private set; }

        public bool WantsHelp { get; private set; }

        public IEnumerable<string> Of(IEnumerable<string> args)
        {
            var left = new Queue<string>(args);
            while (left.TryDequeue(out var word))
            {
                if (IsValueOfSet)
                {
                    _words.Add(word);
                }
                else if (word is "--")
                {
                    _words.AddRange(left);
                    left.Clear();
                }
                else if (word is ['-', _, ..] && CommandWords.Find(options, word) is ({ } option, var inline))
                {
                    WantsHelp |= option is HelpFlag;
                    Take(option, word, inline, left);
                }
                else if (word is ['-', _, ..] && !MayBeginWithDash)
                {
                    Unknown ??= word;
                }
                else
                {
                    _words.Add(word);
                }
            }

            DropEmpty();
            return _options.Select(pair => pair.Word).Concat(_words.Count > 0 ? _words.Prepend("--") : []);
        }

        /// <summary>The third word of <c>set ID KEY VALUE</c> is the value.</summary>
        private bool IsValueOfSet => verb.Name is "set" && _words.Count == 2;

        private bool MayBeginWithDash => verb.Name is "set" or "config" && _words.Count == 1;

        private void Take(Option option, string word, string? inline, Queue<string> left)
        {
            if (!CommandWords.TakesValue(option) || (inline is null && left.Count == 0))
            {
                Put(option, word);
                return;
            }

            var value = inline ?? left.Dequeue();
            if (value.Length == 0 && option.Name is "--unset")
            {
                _options.AddRange([(option, option.Name), (option, "")]); // what an import brought may have no name
                return;
            }

            Put(option, $"{option.Name}={value}", isEmpty: value.Length == 0);
            while (option.AllowMultipleArgumentsPerToken && left.TryPeek(out var more) && more is not ['-', ..])
            {
                Put(option, $"{option.Name}={left.Dequeue()}");
            }
        }

        private void Put(Option option, string word, bool isEmpty = false)
        {
            if (option.Arity.MaximumNumberOfValues <= 1)
            {
                _options.RemoveAll(pair => pair.Option == option);
            }

            if (!isEmpty)
            {
                _options.Add((option, word));
            }
        }

        /// <summary>
        /// An id or a name that is empty is none. The value of <c>set</c> may be, and its name is refused by its own words.
        /// </summary>
        private void DropEmpty()
        {
            while (_words.Count > 0 && _words[^1].Length == 0 && (verb.Name is not "set" || _words.Count == 1))
            {
                _words.RemoveAt(_words.Count - 1);
            }
        }
    }
}
