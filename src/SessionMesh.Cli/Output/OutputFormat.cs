using System.CommandLine;
using SessionMesh.Cli.Options;

namespace SessionMesh.Cli.Output;

internal enum OutputFormat
{
    /// <summary>Columns for a person; fitted to the terminal when it is one.</summary>
    Table,

    /// <summary>A table with more columns.</summary>
    Wide,

    /// <summary>The server's answer, indented.</summary>
    Json,

    /// <summary>One object a row, a line each.</summary>
    Jsonl,
    Yaml,

    /// <summary>RFC 4180 with a header; nested values as JSON.</summary>
    Csv,

    /// <summary>Ids alone, one a line.</summary>
    Name,
}

/// <summary>
/// <c>-o/--output</c> and <c>--fields</c>, declared by each command that has them: elsewhere <c>--output</c> may be a file.
/// </summary>
internal sealed class OutputOptions
{
    private static readonly string[] s_names = [.. Enum.GetNames<OutputFormat>().Select(name => name.ToLowerInvariant())];

    private readonly Option<string?> _format;
    private readonly List<Func<IEnumerable<string>>> _members = [];
    private readonly List<Column> _columns = [];
    private readonly Option<string?> _fields = new("--fields") { Description = "Members to print, in this order", HelpName = "a,b" };
    private readonly Option<bool> _noHeaders = new("--no-headers") { Description = "Leave the header of a table or CSV out" };

    /// <param name="fallback">The format where none is asked for, in words.</param>
    public OutputOptions(Command command, string fallback = "table by default")
    {
        _format = Opt.Choice("--output", "How to print, " + fallback, s_names, "-o");
        command.Add(_format);
        command.Add(_fields);
        command.Add(_noHeaders);
    }

    /// <summary>Whether a word is one of <c>-o</c>'s.</summary>
    public static bool IsFormat(string word) => s_names.Contains(word);

    /// <summary>The format asked for, or null.</summary>
    public OutputFormat? FormatOf(ParseResult parse) =>
        parse.GetValue(_format) is { } name ? (OutputFormat)Array.IndexOf(s_names, name) : null;

    /// <summary>What <c>--fields</c> may name; null where nobody can say, as for events, whose members differ by kind.</summary>
    public IReadOnlyList<string>? Members =>
        _members.Count == 0 ? null : [.. _members.SelectMany(members => members()).Distinct(StringComparer.Ordinal)];

    /// <summary>Adds to what <c>--fields</c> may name.</summary>
    /// <param name="columns">Under which headers a table shows some of them.</param>
    public void Knows(Func<IEnumerable<string>> members, IEnumerable<Column> columns)
    {
        _members.Add(members);
        _columns.AddRange(columns);
    }

    /// <summary>The member that a table shows under a header, as somebody who saw the table would write that; null for none.</summary>
    public string? MemberUnder(string header) =>
        _columns.Find(column => column.Header.Equals(header.Replace('_', ' '), StringComparison.OrdinalIgnoreCase))?.Member;

    public bool HasHeaders(ParseResult parse) => !parse.GetValue(_noHeaders);

    public IReadOnlyList<string>? FieldsOf(ParseResult parse) =>
        parse.GetValue(_fields)?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
