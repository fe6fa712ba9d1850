using System.Text.RegularExpressions;
using Npgsql;

namespace SessionMesh.Server.Options;

/// <summary>
/// How to reach PostgreSQL. Every error here is made of our own words: those of the parser may hold pieces of the string, and so of the
/// password in it.
/// </summary>
public sealed partial class PostgresOptions
{
    /// <summary>
    /// The variable with the connection string. It stands for no option, because every account of a machine can read the arguments of its
    /// processes.
    /// </summary>
    public const string Variable = "SESSION_MESH_POSTGRES";

    internal const string WhatToSay = $"Set {Variable} to it, or put it into a file that its owner alone may read (mode 0600), and say "
        + "--postgres-file FILE. It reads: Host=db.example;Database=mesh;Username=mesh;Password=…";

    private readonly NpgsqlConnectionStringBuilder _parsed;

    private PostgresOptions(NpgsqlConnectionStringBuilder parsed) => _parsed = parsed;

    /// <summary>With the password, unless Npgsql is to find that elsewhere. For Npgsql alone: it goes into no message.</summary>
    internal string ConnectionString => _parsed.ConnectionString;

    /// <summary>A name, an address, the directory of a socket, or several of them with commas between.</summary>
    public string Host => _parsed.Host!;

    /// <summary>Of a host that names none of its own; 5432 unless the string has another.</summary>
    public int Port => _parsed.Port;

    /// <summary>That of the user's name where the string has none.</summary>
    public string? Database => _parsed.Database;

    /// <summary>Null leaves it to Npgsql: <c>PGUSER</c>, or the account that the server runs as.</summary>
    public string? User => _parsed.Username;

    /// <summary>Where, and as whom; never the password.</summary>
    public override string ToString() =>
        $"host {Host}, port {Port}, database {Database ?? "of the user's name"}, user {User ?? "of this account"}";

    /// <summary>Null unless <c>--store postgres</c>.</summary>
    /// <exception cref="StartupException">
    /// There is no connection string, or two; it is not understood; its file cannot be read, or others can read it; or what is for
    /// PostgreSQL alone is given for SQLite.
    /// </exception>
    internal static PostgresOptions? From(Settings settings)
    {
        var store = settings[OptionTable.Store];
        var inVariable = settings.Variable(Variable);
        switch (store)
        {
            case "postgres" when settings.Flag(OptionTable.Sandbox):
                throw new StartupException($"{settings.SourceOf(OptionTable.Store)} is postgres, and a sandbox keeps its own store, "
                    + "which it throws away. Leave one of the two out.");
            case "postgres":
                return (inVariable, settings[OptionTable.PostgresFile]) switch
                {
                    ({ } text, null) => Parse(text, Variable),
                    (null, { } file) => Parse(PrivateFile.ReadLine(file, "connection string", OptionTable.PostgresFile), file),
                    (null, null) => throw new StartupException("--store postgres needs a connection string. " + WhatToSay),
                    _ => throw new StartupException($"{Variable} and {settings.SourceOf(OptionTable.PostgresFile)} both name a database. "
                        + "Leave one of them out."),
                };
            case null or "sqlite":
                RefuseBesideSqlite(settings);
                return store is null && inVariable is not null && !settings.Flag(OptionTable.Sandbox)
                    ? throw new StartupException($"{Variable} is set, and without --store postgres the mesh would be in a file of this "
                        + "machine. Say --store postgres, or --store sqlite if that is meant.")
                    : null;
            default:
                throw new StartupException($"{settings.SourceOf(OptionTable.Store)} is '{store}', and is either sqlite or postgres. "
                    + "Say for example --store postgres.");
        }
    }

    /// <summary>Whether a text may be a connection string, or hold one, of Npgsql's form, libpq's or a URL.</summary>
    internal static bool IsLikely(string text) => Likely().IsMatch(text);

    private static void RefuseBesideSqlite(Settings settings)
    {
        foreach (var option in OptionTable.OfPostgres)
        {
            if (OptionTable.IsFlag(option) ? settings.Flag(option) : settings[option] is not null)
            {
                throw new StartupException($"{settings.SourceOf(option)} is given, and the store is SQLite. "
                    + "Say --store postgres too, or leave it out.");
            }
        }
    }

    private static PostgresOptions Parse(string text, string source)
    {
        if (text.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase)
            || text.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase))
        {
            throw Wrong("is a URL, and is to be pairs with semicolons between them");
        }

        NpgsqlConnectionStringBuilder parsed;
        try
        {
            parsed = new NpgsqlConnectionStringBuilder(text);
            _ = (parsed.Host, parsed.Port, parsed.ConnectionString);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException or OverflowException
            or KeyNotFoundException or InvalidOperationException or NotSupportedException)
        {
            throw Wrong("is not understood: a word before a '=' is not one of Npgsql's, or what follows it has another form");
        }

        // "host=db password=x" is one pair to Npgsql, whose host would be shown with the password in it.
        if (new[] { parsed.Host, parsed.Database, parsed.Username }.Any(part => part?.Any(c => c == '=' || char.IsControl(c)) == true))
        {
            throw Wrong("has several words in one value: pairs have semicolons between them");
        }

        if (string.IsNullOrWhiteSpace(parsed.Host))
        {
            throw Wrong("names no host");
        }

        // Each would put what is secret, or rows of the mesh, into errors, logs or the string that a connection shows.
        parsed.PersistSecurityInfo = false;
        parsed.IncludeErrorDetail = false;
        parsed.LogParameters = false;
        return new PostgresOptions(parsed);

        // Not with the parser's error inside: that may quote the string.
        StartupException Wrong(string why) => new($"The connection string in {source} {why}. It reads: "
            + "Host=db.example;Database=mesh;Username=mesh;Password=…");
    }

    [GeneratedRegex(
        """postgres(ql)?://|(^|[;\s='"])(host(addr)?|server|data ?source|database|db ?name|user( ?name| ?id)?|uid|password|"""
        + """pwd|psw|passfile)\s*=""",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Likely();
}
