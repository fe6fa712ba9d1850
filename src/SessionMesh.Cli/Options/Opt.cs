using System.CommandLine;
using System.CommandLine.Parsing;
using SessionMesh.Contracts;

namespace SessionMesh.Cli.Options;

/// <summary>Options with a checked value: what is wrong is a parse error, which names what would have been right.</summary>
internal static class Opt
{
    /// <summary>One of a few words, in any case; the value has the case of the list.</summary>
    public static Option<string?> Choice(string name, string description, IReadOnlyList<string> allowed, params string[] aliases)
    {
        var option = new Option<string?>(name, aliases)
        {
            Description = description,
            HelpName = string.Join('|', allowed),
            CustomParser = result => OneOf(result, name, allowed),
        };
        option.CompletionSources.Add(_ => allowed.Select(value => new System.CommandLine.Completions.CompletionItem(value)));
        return option;
    }

    /// <summary>Whole seconds, written <c>90</c>, <c>90s</c> or <c>1h30m</c>.</summary>
    public static Option<int?> Duration(string name, string description, int least, int most, bool recursive = false) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        Recursive = recursive,
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (!Durations.TryParse(text, out var seconds))
            {
                return Wrong<int?>(result, $"{name} takes a time such as 90, 90s or 1h30m, not '{text}'");
            }

            return seconds >= least && seconds <= most
                ? seconds
                : Wrong<int?>(result, $"{name} takes {least} to {most} seconds, not '{text}'");
        },
    };

    /// <summary>A point in time: <c>15m</c> or <c>1h30m</c> ago, or an ISO 8601 date or time.</summary>
    public static Option<PointInTime?> PointInTime(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result => Options.PointInTime.TryParse(result.Tokens[0].Value, out var point)
            ? point
            : Wrong<PointInTime?>(
                result,
                $"{name} takes how long ago, such as 15m or 1h30m, or a time such as 2026-01-31T08:15:30Z, not '{result.Tokens[0].Value}'"),
    };

    /// <summary>A number of bytes, written <c>65536</c>, <c>64KiB</c> or <c>10MB</c>.</summary>
    public static Option<long?> Size(string name, string description, long least, long most, string range) => new(name)
    {
        Description = description,
        HelpName = "SIZE",
        CustomParser = result => Sizes.TryParse(result.Tokens[0].Value, out var bytes) && bytes >= least && bytes <= most
            ? bytes
            : Wrong<long?>(result, $"{name} takes a size {range}, such as 10MB, not '{result.Tokens[0].Value}'"),
    };

    /// <summary>A whole number within bounds.</summary>
    public static Option<int?> Number(string name, string description, int least, int most) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => int.TryParse(result.Tokens[0].Value, out var number) && number >= least && number <= most
            ? number
            : Wrong<int?>(result, $"{name} takes a whole number from {least} to {most}, not '{result.Tokens[0].Value}'"),
    };

    /// <summary>A position in a sequence: 0 or more.</summary>
    public static Option<long?> Position(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result => long.TryParse(result.Tokens[0].Value, out var number) && number >= 0
            ? number
            : Wrong<long?>(result, $"{name} takes a whole number, not '{result.Tokens[0].Value}'"),
    };

    /// <summary>A number with a fraction, with <c>.</c>; bounded below by 0.</summary>
    public static Option<double?> Fraction(string name, string description, double most) => new(name)
    {
        Description = description,
        HelpName = "X",
        CustomParser = result => double.TryParse(result.Tokens[0].Value, out var number) && number >= 0 && number <= most
            ? number
            : Wrong<double?>(
                result, $"{name} takes a number from 0{(most < double.MaxValue ? $" to {most}" : " on")}, not '{result.Tokens[0].Value}'"),
    };

    /// <summary>An id as <see cref="MeshId"/> has it.</summary>
    public static Option<string?> Id(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "ID",
        CustomParser = result => CheckedId(result, name),
    };

    /// <summary>The same id as an argument, for those who leave the option's name out.</summary>
    public static Argument<string?> IdArgument(string name, string description) => new(name)
    {
        Description = description,
        HelpName = name,
        Arity = ArgumentArity.ZeroOrOne,
        CustomParser = result => result.Tokens.Count == 0 ? null : CheckedId(result, name),
    };

    /// <summary>Several ids, one after the other.</summary>
    public static Argument<string[]> IdArguments(string name, string description) => new(name)
    {
        Description = description,
        HelpName = name,
        Arity = ArgumentArity.ZeroOrMore,
        CustomParser = result =>
        {
            foreach (var wrong in result.Tokens.Where(token => !MeshId.IsValid(token.Value)))
            {
                result.AddError($"{name}: '{wrong.Value}' is not an id; {MeshId.Rule}");
            }

            return [.. result.Tokens.Select(token => token.Value)];
        },
    };

    private static string? CheckedId(ArgumentResult result, string name) =>
        MeshId.IsValid(result.Tokens[0].Value)
            ? result.Tokens[0].Value
            : Wrong<string?>(result, $"{name}: '{result.Tokens[0].Value}' is not an id; {MeshId.Rule}");

    private static string? OneOf(ArgumentResult result, string name, IReadOnlyList<string> allowed)
    {
        if (result.Tokens.Count == 0)
        {
            return null;
        }

        var text = result.Tokens[0].Value;
        return allowed.FirstOrDefault(value => value.Equals(text, StringComparison.OrdinalIgnoreCase))
            ?? Wrong<string?>(result, $"{name} takes {string.Join(", ", allowed)}, not '{text}'");
    }

    /// <summary>Makes it a parse error.</summary>
    public static T? Wrong<T>(ArgumentResult result, string message)
    {
        result.AddError(message);
        return default;
    }
}
