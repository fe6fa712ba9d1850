using System.CommandLine;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Commands;

/// <summary><c>--sort a,-b</c>: an order by members of the rows, checked as those of <c>--fields</c> are.</summary>
internal sealed class SortOption
{
    private readonly Option<string?> _option = new("--sort") { Description = "Order by these members; -a reverses", HelpName = "a,-b" };
    private readonly Dictionary<string, string> _words = new(StringComparer.Ordinal);

    public SortOption(Command command) => command.Add(_option);

    /// <summary>Words that stand for members, such as <c>age</c> for <c>-created_at</c>.</summary>
    public IEnumerable<string> Words => _words.Keys;

    /// <summary>Lets a word stand for a member, or, with <c>-</c> before it, for its reverse.</summary>
    public void Knows(string word, string member) => _words.Add(word, member);

    public bool IsGiven(CommandContext context) => context.Get(_option) is not null;

    /// <summary>The members in the words of the user, without their <c>-</c>; null where the option is not given.</summary>
    public IReadOnlyList<string>? NamesIn(ParseResult parse) =>
        parse.GetValue(_option) is null ? null : [.. Parts(parse).Select(part => part.TrimStart('-'))];

    /// <summary>The order that is asked for; null for none.</summary>
    /// <param name="then">Decides among rows that are equal in it; empty keeps them as they come.</param>
    public RowOrder? Find(CommandContext context, params IReadOnlyList<string> then) =>
        IsGiven(context) ? new RowOrder([.. Parts(context.Parse).Select(MemberOf), .. then]) : null;

    private string[] Parts(ParseResult parse) =>
        parse.GetValue(_option)!.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private string MemberOf(string part)
    {
        var isReversed = part.StartsWith('-');
        return !_words.TryGetValue(isReversed ? part[1..] : part, out var member) ? part
            : !isReversed ? member
            : member.StartsWith('-') ? member[1..]
            : "-" + member;
    }
}
