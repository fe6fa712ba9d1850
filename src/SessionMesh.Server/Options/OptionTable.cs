using System.CommandLine;
using System.CommandLine.Parsing;

namespace SessionMesh.Server.Options;

/// <summary>
/// The server's command line. Each option is here once: parsing, <c>--help</c> and a test over docs/operations.md share the list. Values
/// are text of any number, so that the library finds nothing to object to: <see cref="Settings"/> says what is wrong, in its own words.
/// </summary>
internal static class OptionTable
{
    public static readonly Option<string[]> Urls = Value("--urls", "URL;…", $"Addresses to listen on; {ServerOptions.DefaultUrl}");
    public static readonly Option<string[]> Data = Value("--data", "DIR", "The data directory; $XDG_DATA_HOME/session-mesh");
    public static readonly Option<string[]> Store =
        Value("--store", "KIND", "Where the mesh is kept: sqlite, in the data directory, or postgres, in a database; sqlite");
    public static readonly Option<string[]> PostgresFile = Value(
        "--postgres-file", "FILE", $"File with the connection string, for its owner's eyes alone; or {PostgresOptions.Variable} has it");
    public static readonly Option<string[]> StorePoll = Flag(
        "--store-poll", "Ask PostgreSQL for what other nodes wrote instead of listening: for a pooler between them, such as PgBouncer");
    public static readonly Option<string[]> NodeId =
        Value("--node-id", "ID", "This server's name on PostgreSQL; the host name");
    public static readonly Option<string[]> RootKeyFile =
        Value("--root-key-file", "FILE", "Where a server on PostgreSQL keeps the root key; root.key in the data directory");
    public static readonly Option<string[]> TlsCert =
        Value("--tls-cert", "FILE", "Certificate of the https addresses: PEM (with --tls-key) or PFX");
    public static readonly Option<string[]> TlsKey = Value("--tls-key", "FILE", "Private key of a PEM certificate, PEM");
    public static readonly Option<string[]> TlsPasswordFile =
        Value("--tls-password-file", "FILE", "File with the password of a PFX, on its first line");
    public static readonly Option<string[]> InsecureHttp =
        Flag("--insecure-http", "Allow an address beyond this machine without TLS: keys cross the network in the clear");
    public static readonly Option<string[]> AllowHost =
        Value("--allow-host", "NAME,…", "Further host names to answer to, on any port");
    public static readonly Option<string[]> AllowOrigin =
        Value("--allow-origin", "ORIGIN,…", "Web origins whose pages may call the API, such as https://console.example");
    public static readonly Option<string[]> RateLimit =
        Value("--rate-limit", "N", $"Requests a second of a key without the admin scope; {ServerOptions.DefaultRateLimit}, 0 for no limit");
    public static readonly Option<string[]> GlobalRateLimit =
        Value("--global-rate-limit", "N", "Requests a second of all those keys together; 0, no limit");
    public static readonly Option<string[]> AnonymousRateLimit = Value(
        "--anonymous-rate-limit",
        "N",
        $"Requests a second without a valid key from each remote address; {ServerOptions.DefaultAnonymousRateLimit}, 0 for no limit");
    public static readonly Option<string[]> MaxStreamsPerKey =
        Value("--max-streams-per-key", "N", $"Open streams and held answers of one key; {ServerOptions.DefaultMaxStreamsPerKey}");
    public static readonly Option<string[]> RetainLog =
        Value("--retain-log", "TIME", "How long entries of the log are kept: 30d, 12h, or none for ever; 30d");
    public static readonly Option<string[]> RetainDirectives =
        Value("--retain-directives", "TIME", "The same for directives that are over; 30d");
    public static readonly Option<string[]> RetainKeys = Value("--retain-keys", "TIME", "The same for keys that are over; 30d");
    public static readonly Option<string[]> RetainSessions =
        Value("--retain-sessions", "TIME", "The same for plain sessions that have expired; 30d");
    public static readonly Option<string[]> RetainAgents =
        Value("--retain-agents", "TIME", "How long a dead or lost agent is kept before it is forgotten; 30d");
    public static readonly Option<string[]> MetricsAnonymous =
        Flag("--metrics-anonymous", "Answer GET /metrics without a key; otherwise it needs one with mesh:read");
    public static readonly Option<string[]> MaxConnections =
        Value("--max-connections", "N", $"Open connections in all; {ServerOptions.DefaultMaxConnections}");
    public static readonly Option<string[]> NoDashboard =
        Flag("--no-dashboard", "Leave out the live page; the API, /swagger and a plain front page stay");
    public static readonly Option<string[]> AcceptClock =
        Flag("--accept-clock", "Start although the system clock is more than 300 days from the last change in the store");
    public static readonly Option<string[]> Sandbox =
        Flag("--sandbox", "Serve tests: a store that is thrown away, a clock that can be moved, faults on demand");
    public static readonly Option<string[]> SandboxFaults =
        Value("--sandbox-faults", "FILE", "Faults that a sandbox begins with; JSON");

    /// <summary>In the order of the help.</summary>
    public static readonly IReadOnlyList<Option<string[]>> All =
    [
        Urls, Data, Store, PostgresFile, StorePoll, NodeId, RootKeyFile,
        TlsCert, TlsKey, TlsPasswordFile, InsecureHttp, AllowHost, AllowOrigin,
        RateLimit, GlobalRateLimit, AnonymousRateLimit, MaxStreamsPerKey,
        RetainLog, RetainDirectives, RetainKeys, RetainSessions, RetainAgents,
        MetricsAnonymous, MaxConnections, NoDashboard, AcceptClock, Sandbox, SandboxFaults,
    ];

    /// <summary>What means nothing to a store on SQLite.</summary>
    public static readonly IReadOnlyList<Option<string[]>> OfPostgres = [PostgresFile, StorePoll, RootKeyFile];

    /// <summary>For <see cref="NewRoot"/> alone: keys below the old root key stay valid.</summary>
    public static readonly Option<bool> KeepChildren = new("--keep-children") { Arity = ArgumentArity.Zero };

    private static readonly Option<bool> s_help = new("--help", "-h") { Arity = ArgumentArity.Zero };
    private static readonly ParserConfiguration s_parser = new() { ResponseFileTokenReplacer = null, EnablePosixBundling = false };

    /// <summary>A verb as the first word only. It is not a subcommand, because <c>--data new-root</c> names a directory.</summary>
    public static readonly Command NewRoot = new("new-root", "replace the root key of a mesh that is stopped")
    {
        Store,
        PostgresFile,
        RootKeyFile,
        Data,
        KeepChildren,
        AcceptClock,
        s_help,
    };

    /// <summary>For <see cref="Move"/> alone: where the mesh is, and where it is to be; <c>sqlite:DIR</c> or <c>postgres</c>.</summary>
    public static readonly Option<string> From = new("--from");

    /// <inheritdoc cref="From"/>
    public static readonly Option<string> To = new("--to");

    /// <summary>A verb as the first word, as <see cref="NewRoot"/> is.</summary>
    public static readonly Command Move = new("move", "take a mesh that no server runs to the other store")
    {
        From,
        To,
        PostgresFile,
        s_help,
    };

    private static readonly RootCommand s_server = Server();

    /// <summary>The environment variable that stands for an option where the command line leaves it out.</summary>
    public static string VariableOf(Option option) => "SESSION_MESH_" + option.Name[2..].Replace('-', '_').ToUpperInvariant();

    public static bool IsFlag(Option option) => option.HelpName is null;

    /// <summary>Parses the server's options.</summary>
    public static ParseResult Parse(IReadOnlyList<string> args) => s_server.Parse(args, s_parser);

    /// <summary>Parses what follows <see cref="NewRoot"/>.</summary>
    public static ParseResult ParseNewRoot(IReadOnlyList<string> args) => NewRoot.Parse(args, s_parser);

    /// <summary>Parses what follows <see cref="Move"/>.</summary>
    public static ParseResult ParseMove(IReadOnlyList<string> args) => Move.Parse(args, s_parser);

    /// <summary>The first word that is neither an option nor its value; null if there is none.</summary>
    public static string? Stray(ParseResult parse) => parse.UnmatchedTokens is [var unmatched, ..]
        ? unmatched
        : parse.Tokens.FirstOrDefault(token => token.Type is not (TokenType.Option or TokenType.Argument))?.Value;

    /// <summary>Writes the help if it is asked for.</summary>
    public static bool TryWriteHelp(IReadOnlyList<string> args, TextWriter output)
    {
        if (!args.Any(arg => arg is "--help" or "-h"))
        {
            return false;
        }

        IReadOnlyList<string> rest = [.. args.Skip(1)];
        var parse = args[0] == NewRoot.Name ? ParseNewRoot(rest) : args[0] == Move.Name ? ParseMove(rest) : Parse(args);
        if (parse.GetResult(s_help) is null)
        {
            return false;
        }

        output.WriteLine($"""
            Session Mesh server: the control plane for fleets of agents.

            {string.Join('\n', All.Select(option => $"  {$"{option.Name} {option.HelpName}",-30}{option.Description}"))}

              {NewRoot.Name} [--data DIR] [--store postgres] [--keep-children] [--accept-clock]   as the first word: {NewRoot.Description}
              {Move.Name} --from sqlite:DIR --to postgres [--postgres-file FILE], or back   as the first word: {Move.Description}

            Each option is also read from the environment: SESSION_MESH_URLS for --urls, and so on. The command line goes first.
            {PostgresOptions.Variable} has the connection string of --store postgres, which is no option: others can read arguments.
            """);
        return true;
    }

    private static RootCommand Server()
    {
        var server = new RootCommand();
        server.Options.Clear();
        server.Directives.Clear();
        foreach (var option in All)
        {
            server.Add(option);
        }

        server.Add(s_help);
        return server;
    }

    private static Option<string[]> Value(string name, string value, string help) =>
        new(name) { Description = help, HelpName = value, Arity = ArgumentArity.ZeroOrMore };

    private static Option<string[]> Flag(string name, string help) => new(name) { Description = help, Arity = ArgumentArity.ZeroOrMore };
}
