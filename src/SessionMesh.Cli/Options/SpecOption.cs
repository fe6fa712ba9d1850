using System.Buffers;
using System.CommandLine;
using System.CommandLine.Parsing;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Options;

/// <summary>
/// <c>--spec NAME[:capacity=N,level=N,version=V]</c>, as often as wanted. A name may have colons of its own: the details begin at the first
/// colon that a word and <c>=</c> follow. A name that has even that can be given in a file.
/// </summary>
internal static class SpecOption
{
    public const string Form = "NAME[:capacity=N,level=N,version=V]";

    private static readonly string[] s_details = ["capacity", "level", "version"];

    private static readonly SearchValues<char> s_letters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-");

    public static Option<SpecializationRequest[]> Of(string description) => new("--spec")
    {
        Description = description,
        HelpName = Form,
        CustomParser = result => [.. result.Tokens.Select(token => Read(token.Value, result))],
    };

    private static SpecializationRequest Read(string text, ArgumentResult result)
    {
        var at = DetailsAt(text);
        var read = new SpecializationRequest { Name = at < 0 ? text : text[..at] };
        if (at < 0)
        {
            return read;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var detail in text[(at + 1)..].Split(','))
        {
            var (name, value) = detail.Split('=', 2) is [var n, var v] ? (n, v) : (detail, "");
            if (!s_details.Contains(name) || value.Length == 0)
            {
                result.AddError(
                    $"--spec takes {Form}: '{detail}' in '{text}' is none of capacity=N, level=N and version=V; "
                    + "a name with ':' and '=' in it can be given in a file, with register --config");
                return read;
            }

            if (!seen.Add(name))
            {
                result.AddError($"--spec '{text}' has {name} twice");
            }

            read = name switch
            {
                "capacity" => read with { Capacity = Number(value, name, 1, Limits.MaxCapacity, result) },
                "level" => read with { Level = Number(value, name, 0, Limits.MaxSkillLevel, result) },
                _ => read with { Version = value },
            };
        }

        return read;
    }

    /// <summary>The colon behind the name; negative where there is the name alone.</summary>
    private static int DetailsAt(string text)
    {
        for (var colon = text.IndexOf(':'); colon >= 0; colon = text.IndexOf(':', colon + 1))
        {
            var rest = text.AsSpan(colon + 1);
            var word = rest.IndexOfAnyExcept(s_letters);
            if (word > 0 && rest[word] == '=')
            {
                return colon;
            }
        }

        return -1;
    }

    private static int Number(string value, string name, int least, int most, ArgumentResult result)
    {
        if (int.TryParse(value, out var number) && number >= least && number <= most)
        {
            return number;
        }

        result.AddError($"--spec: {name} is a whole number from {least} to {most}, not '{value}'");
        return least;
    }
}
