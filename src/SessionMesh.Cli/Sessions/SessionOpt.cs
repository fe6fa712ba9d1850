using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using SessionMesh.Cli.Options;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Json;

namespace SessionMesh.Cli.Sessions;

/// <summary>Options of <c>session</c> with a checked value.</summary>
internal static class SessionOpt
{
    /// <summary>A session's life; <see cref="SessionTtlConverter.None"/> where it has no end.</summary>
    public static Option<int?> Ttl(string description) => new("--ttl")
    {
        Description = description,
        HelpName = "SECONDS|1h30m|none",
        CustomParser = result =>
            TryParseTtl(result.Tokens[0].Value, out var ttl, out var wrong) ? ttl : Opt.Wrong<int?>(result, "--ttl " + wrong),
    };

    /// <param name="wrong">What would have been right, to follow the name of what was set.</param>
    public static bool TryParseTtl(string text, out int ttl, out string? wrong)
    {
        wrong = null;
        text = text.Trim();
        text = text.StartsWith('+') ? text[1..] : text;
        if (text.Equals(SessionTtlConverter.NoneWord, StringComparison.OrdinalIgnoreCase))
        {
            ttl = SessionTtlConverter.None;
            return true;
        }

        if (!Durations.TryParse(text, out ttl))
        {
            wrong = $"takes seconds, a time such as 90s or 1h30m, or none, not '{text}'";
        }
        else if (ttl is < 1 or > Limits.MaxSessionTtl)
        {
            wrong = $"takes 1 to {Limits.MaxSessionTtl} seconds, or none, not '{text}'";
        }

        return wrong is null;
    }

    /// <summary><c>k=v</c> or <c>k=v,k2=v2</c>, and again as often as wanted; of one name the last counts.</summary>
    public static Option<Dictionary<string, string>?> Meta(string description) => new("--meta")
    {
        Description = description,
        HelpName = "k=v,k2=v2",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = true,
        CustomParser = ParseMeta,
    };

    /// <summary>ISO 8601: a date, or a date and time; without a zone it is UTC. <c>@SECONDS</c> counts from 1970.</summary>
    public static Option<DateTimeOffset?> Time(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result => TryParseTime(result.Tokens[0].Value, out var time)
            ? time
            : Opt.Wrong<DateTimeOffset?>(
                result,
                $"{name} takes a time such as 2026-01-31, 2026-01-31T08:15:30Z or @1769847330, not '{result.Tokens[0].Value}'; "
                + "nothing was done"),
    };

    public static bool TryParseTime(string text, out DateTimeOffset time)
    {
        const long Year9999 = 253_402_300_799;
        if (text is ['@', .. var digits])
        {
            var isCount = long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= Year9999;
            time = isCount ? DateTimeOffset.FromUnixTimeSeconds(seconds) : default;
            return isCount;
        }

        return IsoTime.TryParse(text, out time);
    }

    /// <summary>The name of an entry of metadata, or what is wrong with it.</summary>
    public static string? WrongKey(string key) =>
        key.Length == 0
            ? "the name of a metadata entry is empty"
            : key.Length <= Limits.SessionMetaKeyLength
                ? null
                : $"the name of a metadata entry has at most {Limits.SessionMetaKeyLength} characters, "
                    + $"and '{key[..16]}…' has {key.Length}";

    private static Dictionary<string, string>? ParseMeta(ArgumentResult result)
    {
        var meta = new Dictionary<string, string>();
        foreach (var pair in result.Tokens.SelectMany(token => token.Value.Split(',')).Where(pair => !string.IsNullOrWhiteSpace(pair)))
        {
            var equals = pair.IndexOf('=');
            if (equals < 0)
            {
                return Opt.Wrong<Dictionary<string, string>?>(
                    result,
                    $"--meta takes KEY=VALUE and separates with commas, and '{pair}' has no '='; a value with a comma can be set "
                    + "with: session set ID KEY VALUE");
            }

            var key = pair[..equals].Trim();
            if (WrongKey(key) is { } wrong)
            {
                return Opt.Wrong<Dictionary<string, string>?>(result, $"--meta: {wrong}");
            }

            meta[key] = pair[(equals + 1)..].Trim();
        }

        return meta;
    }
}
