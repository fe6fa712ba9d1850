using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace SessionMesh.Server.Options;

/// <summary>
/// What was typed: <c>--name value</c>, <c>--name=value</c> or a bare <c>--flag</c>, and <c>SESSION_MESH_NAME</c> for what the command
/// line leaves out. Nothing else is read: no settings file, no variable of the web framework. Anything that is not understood ends the
/// start, because the server must not run with less protection than somebody meant to type.
/// </summary>
internal sealed class Settings
{
    private static readonly string[] s_true = ["true", "1", "yes"];
    private static readonly string[] s_false = ["false", "0", "no"];

    private readonly Dictionary<Option, (string Value, string Source)> _values = [];
    private readonly Func<string, string?> _environment;

    private Settings(Func<string, string?> environment) => _environment = environment;

    /// <exception cref="StartupException">
    /// An option that does not exist, has no value, or is given twice; or a connection string where others can read it.
    /// </exception>
    public static Settings Read(IReadOnlyList<string> args, Func<string, string?> environment)
    {
        RefuseConnectionString(args);
        var parse = OptionTable.Parse(args);
        if (OptionTable.Stray(parse) is { } stray)
        {
            throw NoOption(stray);
        }

        return Of(OptionTable.All, parse, args, environment);
    }

    /// <summary>Some options of a command line that is parsed, and of the environment.</summary>
    /// <exception cref="StartupException">One has no value or is given twice, or is a connection string.</exception>
    public static Settings Of(
        IEnumerable<Option> options, ParseResult parse, IReadOnlyList<string> args, Func<string, string?> environment)
    {
        var settings = new Settings(environment);
        foreach (var option in options)
        {
            if (parse.GetResult(option) is { } typed)
            {
                settings._values[option] = (Typed(typed, args), option.Name);
            }
            else if (environment(OptionTable.VariableOf(option)) is { Length: > 0 } value)
            {
                // An empty variable counts as unset: that is how a shell or a unit file takes one back.
                settings._values[option] = (value, OptionTable.VariableOf(option));
                if (PostgresOptions.IsLikely(value))
                {
                    throw new StartupException($"{OptionTable.VariableOf(option)} looks like a connection string. "
                        + $"That belongs into {PostgresOptions.Variable}, or into the file of {OptionTable.PostgresFile.Name} FILE.");
                }
            }
        }

        return settings;
    }

    public string? this[Option option] => _values.TryGetValue(option, out var found) ? found.Value : null;

    /// <summary>A variable that no option stands for; null if it is unset or empty.</summary>
    public string? Variable(string name) => _environment(name) is { Length: > 0 } value ? value : null;

    /// <summary>Ends the start for an argument that may have a password in it, before any message repeats it.</summary>
    /// <exception cref="StartupException">There is one.</exception>
    public static void RefuseConnectionString(IReadOnlyList<string> args)
    {
        if (args.Any(arg => arg == "--postgres" || arg.StartsWith("--postgres=", StringComparison.Ordinal)
            || arg.StartsWith("--postgres:", StringComparison.Ordinal) || PostgresOptions.IsLikely(arg)))
        {
            throw new StartupException("A connection string is no argument, because every account of this machine can read those. "
                + PostgresOptions.WhatToSay);
        }
    }

    /// <summary>Where it was given, for a message.</summary>
    public string SourceOf(Option option) => _values.TryGetValue(option, out var found) ? found.Source : option.Name;

    public bool Flag(Option option) => this[option] switch
    {
        null => false,
        var value when s_true.Contains(value) => true,
        var value when s_false.Contains(value) => false,
        var value => throw new StartupException(
            $"{SourceOf(option)} is '{value}', and is either on or off. Say {option.Name}, or leave it out."),
    };

    /// <summary>A whole number between bounds, both included.</summary>
    public int Number(Option option, int otherwise, int least, int most)
    {
        if (this[option] is not { } text)
        {
            return otherwise;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new StartupException($"{SourceOf(option)} is '{text}', and is a whole number from {least} to {most}. "
                + $"Say for example {option.Name} {otherwise}.");
    }

    /// <summary>Separated by commas; an empty place between two is not skipped.</summary>
    public string[] List(Option option) => this[option]?.Split(',', StringSplitOptions.TrimEntries) ?? [];

    private static string Typed(OptionResult typed, IReadOnlyList<string> args)
    {
        var (option, name) = (typed.Option, typed.Option.Name);
        if (typed.IdentifierTokenCount > 1)
        {
            var several = option.HelpName?.Contains(',', StringComparison.Ordinal) == true;
            throw new StartupException($"{name} is given twice. Say it once{(several ? ", with commas between several" : "")}.");
        }

        // The library also takes --name:value, lets --name= stand for a bare --name, and gives a flag the word that follows it.
        var isBare = args.Contains(name);
        if (!isBare && args.FirstOrDefault(arg => arg.StartsWith(name + ":", StringComparison.Ordinal)) is { } colon)
        {
            throw NoOption(colon);
        }

        if (OptionTable.IsFlag(option) && isBare)
        {
            return typed.Tokens is [var next, ..] ? throw NoOption(next.Value) : "true";
        }

        if (args.Contains(name + "=")
            || typed.Tokens is not [{ Value: var value }]
            || value.StartsWith("--", StringComparison.Ordinal))
        {
            throw new StartupException($"{name} has no value. Say {name}{(OptionTable.IsFlag(option) ? "" : $" {option.HelpName}")}.");
        }

        return value;
    }

    private static StartupException NoOption(string typed) => new(
        $"'{typed}' is not an option of the server. There are: {string.Join(", ", OptionTable.All.Select(o => o.Name))}. "
        + "Say --help for what they mean.");
}
