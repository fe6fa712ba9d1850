using System.CommandLine;

namespace SessionMesh.Cli.Sessions;

/// <summary>
/// The words behind <c>session</c> as the tool of that name reads them: a value is a value, whatever it begins with; of an option that is
/// given twice the last counts; an empty text counts as not given. Rewritten so that the parser cannot take them for anything else.
/// </summary>
internal static class SessionWords
{
    public static IReadOnlyList<string> Prepare(RootCommand root, IReadOnlyList<string> args)
    {
        var at = NextWord(args, 0, Find(root.Options));
        if (at >= args.Count || args[at] != SessionCommand.Word
            || root.Subcommands.FirstOrDefault(command => command.Name == args[at]) is not { } session)
        {
            return args;
        }

        at = NextWord(args, at + 1, Find(root.Options));
        return at < args.Count && session.Subcommands.FirstOrDefault(command => command.Name == args[at]) is { } verb
            ? [.. args.Take(at + 1), .. new Reading(verb, Find(verb.Options.Concat(root.Options))).Of(args.Skip(at + 1))]
            : args;
    }

    private static int NextWord(IReadOnlyList<string> args, int at, Dictionary<string, Option> options)
    {
        while (at < args.Count && args[at] is ['-', _, ..])
        {
            at += options.TryGetValue(args[at], out var option) && TakesValue(option) ? 2 : 1;
        }

        return at;
    }

    private static Dictionary<string, Option> Find(IEnumerable<Option> options)
    {
        var found = new Dictionary<string, Option>(StringComparer.Ordinal);
        foreach (var option in options)
        {
            foreach (var name in option.Aliases.Append(option.Name))
            {
                found.TryAdd(name, option);
            }
        }

        return found;
    }

    private static bool TakesValue(Option option) => option.Arity.MinimumNumberOfValues > 0;

    private sealed class Reading(Command verb, Dictionary<string, Option> options)
    {
        private readonly List<(Option? Option, string Word)> _options = [];
        private readonly List<string> _words = [];

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
                else if (OptionOf(word) is var (option, inline))
                {
                    Take(option, word, inline, left);
                }
                else if (word is ['-', _, ..] && !MayBeginWithDash)
                {
                    _options.Add((null, word)); // which the parser refuses
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

        private (Option Option, string? Inline)? OptionOf(string word)
        {
            if (options.TryGetValue(word, out var option))
            {
                return (option, null);
            }

            var equals = word.StartsWith("--", StringComparison.Ordinal) ? word.IndexOf('=') : -1;
            return equals > 0 && options.TryGetValue(word[..equals], out option) ? (option, word[(equals + 1)..]) : null;
        }

        private void Take(Option option, string word, string? inline, Queue<string> left)
        {
            if (!TakesValue(option) || (inline is null && left.Count == 0))
            {
                Put(option, word);
                return;
            }

            var value = inline ?? left.Dequeue();
            Put(option, $"{option.Name}={value}", isEmpty: value.Length == 0 && option.Name is not "--unset");
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
