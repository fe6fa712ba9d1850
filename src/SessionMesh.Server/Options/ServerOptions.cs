namespace SessionMesh.Server.Options;

/// <summary>What the command line and the environment say, checked as a whole: see <see cref="OptionTable"/> for each.</summary>
public sealed record ServerOptions
{
    public const string DefaultUrl = "http://127.0.0.1:7420";

    /// <summary>Requests a second of one key: forty times what a runner with 50 agents that beat every second needs, a fortieth of what
    /// the server answers on two cores (docs/performance.md).</summary>
    public const int DefaultRateLimit = 2000;

    /// <summary>Requests a second without a valid key from one address: health checks and a page that loads need a few dozen.</summary>
    public const int DefaultAnonymousRateLimit = 1000;

    /// <summary>One runner's key may hold the streams of a large fleet; a stream costs 10 to 20 KB (docs/performance.md), so 400 MB at most.</summary>
    public const int DefaultMaxStreamsPerKey = 20_000;

    /// <summary>Two keys with all their streams and room for everybody else; a GB at 20 KB each.</summary>
    public const int DefaultMaxConnections = 50_000;

    /// <summary>Addresses to listen on; at least one.</summary>
    public required IReadOnlyList<ListenAddress> Addresses { get; init; }

    /// <summary>Where the data goes unless told otherwise: <c>$XDG_DATA_HOME/session-mesh</c>.</summary>
    public static string DefaultData => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "session-mesh");

    /// <summary>The data directory.</summary>
    public required string Data { get; init; }

    /// <summary>Host names to answer to beside loopback's and those in the addresses.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Web origins whose pages may call the API; the server's own always may.</summary>
    public IReadOnlyList<WebOrigin> AllowedOrigins { get; init; } = [];

    /// <summary>For the https addresses; there when there are any.</summary>
    public TlsCertificate? Tls { get; init; }

    /// <summary>How long is kept what is over.</summary>
    public Retention Retention { get; init; } = new();

    /// <summary>Requests a second of each key without the admin scope; 0 for no limit.</summary>
    public int RateLimit { get; init; } = DefaultRateLimit;

    /// <summary>
    /// Requests a second of all such keys together; 0, the default, for no limit: no single key gets past its own, and a shared one
    /// is something that one key can use up for the others.
    /// </summary>
    public int GlobalRateLimit { get; init; }

    /// <summary>Requests a second without a valid key, for each remote address; 0 for no limit.</summary>
    public int AnonymousRateLimit { get; init; } = DefaultAnonymousRateLimit;

    public int MaxStreamsPerKey { get; init; } = DefaultMaxStreamsPerKey;

    public int MaxConnections { get; init; } = DefaultMaxConnections;

    /// <summary>Start although the clock is far from the last change; see <see cref="Hosting.StartClock"/>.</summary>
    public bool AcceptClock { get; init; }

    /// <summary>Whether <c>/metrics</c> answers without a key.</summary>
    public bool MetricsAnonymous { get; init; }

    /// <param name="environment">From the name of a variable to its value.</param>
    /// <param name="time">Tells whether the certificate is valid now.</param>
    /// <exception cref="StartupException">Anything that is not understood, contradicts itself, or would send keys in the clear beyond this machine.</exception>
    public static ServerOptions Parse(IReadOnlyList<string> args, Func<string, string?> environment, TimeProvider time)
    {
        var settings = Settings.Read(args, environment);
        var addresses = (settings["urls"] ?? DefaultUrl).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(ListenAddress.Parse).ToList();
        if (addresses.Count == 0)
        {
            throw new StartupException($"{settings.SourceOf("urls")} names no address. Say for example --urls {DefaultUrl}.");
        }

        var options = new ServerOptions
        {
            Addresses = addresses,
            Data = settings["data"] ?? DefaultData,
            AllowedHosts = [.. settings.List("allow-host").Select(name => Host(name, settings.SourceOf("allow-host")))],
            AllowedOrigins = [.. settings.List("allow-origin").Select(origin => Origin(origin, settings.SourceOf("allow-origin")))],
            RateLimit = settings.Number("rate-limit", DefaultRateLimit, 0, 1_000_000),
            GlobalRateLimit = settings.Number("global-rate-limit", 0, 0, 10_000_000),
            AnonymousRateLimit = settings.Number("anonymous-rate-limit", DefaultAnonymousRateLimit, 0, 1_000_000),
            MaxStreamsPerKey = settings.Number("max-streams-per-key", DefaultMaxStreamsPerKey, 1, 1_000_000),
            Retention = Retention.From(settings),
            MetricsAnonymous = settings.Flag("metrics-anonymous"),
            MaxConnections = settings.Number("max-connections", DefaultMaxConnections, 1, 1_000_000),
            AcceptClock = settings.Flag("accept-clock"),
        };
        CheckPlain(addresses, settings);
        return options with { Tls = Certificate(addresses, settings, time) };
    }

    private static void CheckPlain(List<ListenAddress> addresses, Settings settings)
    {
        if (!settings.Flag("insecure-http") && addresses.Find(a => !a.IsTls && !a.IsLoopback) is { } open)
        {
            throw new StartupException($"'http://{open.Host ?? "*"}:{open.Port}' is not a loopback address, and without TLS every key would cross the network in the clear. "
                + "Say https:// with --tls-cert FILE, put a TLS proxy in front, or say --insecure-http if the network itself is safe.");
        }
    }

    private static TlsCertificate? Certificate(List<ListenAddress> addresses, Settings settings, TimeProvider time)
    {
        var tls = addresses.Exists(a => a.IsTls);
        if (settings["tls-cert"] is { } file)
        {
            return tls
                ? TlsCertificate.Load(file, settings["tls-key"], settings["tls-password-file"], time)
                : throw new StartupException($"{settings.SourceOf("tls-cert")} is given, and no address is https. Say for example --urls https://127.0.0.1:7420.");
        }

        foreach (var alone in new[] { "tls-key", "tls-password-file" })
        {
            if (settings[alone] is not null)
            {
                throw new StartupException($"{settings.SourceOf(alone)} goes with a certificate. Say --tls-cert FILE too.");
            }
        }

        return tls ? throw new StartupException("An https address needs a certificate. Say --tls-cert FILE --tls-key FILE for PEM, or --tls-cert FILE --tls-password-file FILE for PFX.") : null;
    }

    private static string Host(string text, string source) =>
        HostName.Canonical(text) ?? throw new StartupException($"{source}: '{text}' is no host name. Say a name or an address alone, without scheme, port or wildcard: --allow-host mesh.example.");

    private static WebOrigin Origin(string text, string source) => WebOrigin.TryParse(text, out var origin)
        ? origin
        : throw new StartupException($"{source}: '{text}' is no origin. Say scheme and host, with the port if it is not the usual one, and nothing after: --allow-origin https://console.example.");
}
