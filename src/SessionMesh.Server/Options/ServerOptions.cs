using System.Net;
using SessionMesh.Contracts;

namespace SessionMesh.Server.Options;

/// <summary>The command line and the environment, checked as a whole; <see cref="OptionTable"/> has each option.</summary>
public sealed record ServerOptions
{
    public const string DefaultUrl = "http://127.0.0.1:7420";

    /// <summary>
    /// Requests a second of one key: forty times what a runner with 50 agents that beat every second needs, a fortieth of what the server
    /// answers on two cores (docs/performance.md).
    /// </summary>
    public const int DefaultRateLimit = 2000;

    /// <summary>Requests a second without a valid key from one address: health checks and a page that loads need a few dozen.</summary>
    public const int DefaultAnonymousRateLimit = 1000;

    /// <summary>
    /// One runner's key may hold the streams of a large fleet; a stream costs 10 to 20 KB (docs/performance.md), so 400 MB at most.
    /// </summary>
    public const int DefaultMaxStreamsPerKey = 20_000;

    /// <summary>Two keys with all their streams, and room for everybody else; 1 GB at 20 KB each.</summary>
    public const int DefaultMaxConnections = 50_000;

    /// <summary>Addresses to listen on; at least one.</summary>
    public required IReadOnlyList<ListenAddress> Addresses { get; init; }

    /// <summary>The data directory unless told otherwise: <c>$XDG_DATA_HOME/session-mesh</c>.</summary>
    public static string DefaultData => Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
        "session-mesh");

    /// <summary>The data directory.</summary>
    public required string Data { get; init; }

    /// <summary>Where the mesh is kept instead of the data directory; null for SQLite.</summary>
    public PostgresOptions? Postgres { get; init; }

    /// <summary>
    /// The name of this node among those on one PostgreSQL: an id by <see cref="MeshId.Rule"/>. The host name by default; on SQLite that
    /// is taken as it is, and need not be an id.
    /// </summary>
    public string NodeId { get; init; } = Dns.GetHostName();

    /// <summary>Whether it asks PostgreSQL for what other nodes wrote, and does not listen.</summary>
    public bool PollsStore { get; init; }

    /// <summary>Whether this process wants no node beside it: it is no server, and changes the mesh of stopped ones.</summary>
    internal bool IsAlone { get; init; }

    /// <summary>Where a node on PostgreSQL keeps the root key; null for <c>root.key</c> in the data directory.</summary>
    public string? RootKeyFile { get; init; }

    /// <summary>Null unless the server is a sandbox.</summary>
    public SandboxOptions? Sandbox { get; init; }

    /// <summary>Host names to answer to beside those of loopback and of the addresses.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Web origins whose pages may call the API, beside the server's own.</summary>
    public IReadOnlyList<WebOrigin> AllowedOrigins { get; init; } = [];

    /// <summary>Not null when any address is https.</summary>
    public TlsCertificate? Tls { get; init; }

    /// <summary>How long what is over is kept.</summary>
    public Retention Retention { get; init; } = new();

    /// <summary>Requests a second of each key without the admin scope; 0 for no limit.</summary>
    public int RateLimit { get; init; } = DefaultRateLimit;

    /// <summary>
    /// Requests a second of all such keys together; 0, the default, for no limit: no key gets past its own limit, and a shared one could
    /// be used up by one key at the expense of the others.
    /// </summary>
    public int GlobalRateLimit { get; init; }

    /// <summary>Requests a second without a valid key, for each remote address; 0 for no limit.</summary>
    public int AnonymousRateLimit { get; init; } = DefaultAnonymousRateLimit;

    /// <summary>Open streams and held answers of one key.</summary>
    public int MaxStreamsPerKey { get; init; } = DefaultMaxStreamsPerKey;

    /// <summary>Open connections in all.</summary>
    public int MaxConnections { get; init; } = DefaultMaxConnections;

    /// <summary>Start with a clock that is far from the last change; see <see cref="Hosting.StartClock"/>.</summary>
    public bool AcceptClock { get; init; }

    /// <summary>Whether <c>/</c> is the live page in a browser.</summary>
    public bool HasDashboard { get; init; } = true;

    /// <summary>Whether <c>/metrics</c> answers without a key.</summary>
    public bool MetricsAnonymous { get; init; }

    /// <param name="environment">From the name of a variable to its value.</param>
    /// <param name="time">Says whether the certificate is valid now.</param>
    /// <exception cref="StartupException">
    /// Something is not understood, contradicts itself, or would send keys in the clear beyond this machine.
    /// </exception>
    public static ServerOptions Parse(IReadOnlyList<string> args, Func<string, string?> environment, TimeProvider time)
    {
        var settings = Settings.Read(args, environment);
        var addresses = (settings[OptionTable.Urls] ?? DefaultUrl)
            .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(ListenAddress.Parse)
            .ToList();
        if (addresses.Count == 0)
        {
            throw new StartupException($"{settings.SourceOf(OptionTable.Urls)} names no address. Say for example --urls {DefaultUrl}.");
        }

        var sandbox = SandboxOptions.From(settings);
        var postgres = PostgresOptions.From(settings);
        var options = new ServerOptions
        {
            Addresses = addresses,
            Data = settings[OptionTable.Data] ?? (sandbox is null ? DefaultData : SandboxOptions.NewDirectory()),
            Sandbox = sandbox,
            Postgres = postgres,
            PollsStore = settings.Flag(OptionTable.StorePoll),
            NodeId = Node(settings, isOneOfMany: postgres is not null),
            RootKeyFile = settings[OptionTable.RootKeyFile],
            AllowedHosts = [.. settings.List(OptionTable.AllowHost).Select(name => Host(name, settings))],
            AllowedOrigins = [.. settings.List(OptionTable.AllowOrigin).Select(origin => Origin(origin, settings))],
            RateLimit = settings.Number(OptionTable.RateLimit, DefaultRateLimit, 0, 1_000_000),
            GlobalRateLimit = settings.Number(OptionTable.GlobalRateLimit, 0, 0, 10_000_000),
            AnonymousRateLimit = settings.Number(OptionTable.AnonymousRateLimit, DefaultAnonymousRateLimit, 0, 1_000_000),
            MaxStreamsPerKey = settings.Number(OptionTable.MaxStreamsPerKey, DefaultMaxStreamsPerKey, 1, 1_000_000),
            Retention = Retention.From(settings),
            HasDashboard = !settings.Flag(OptionTable.NoDashboard),
            MetricsAnonymous = settings.Flag(OptionTable.MetricsAnonymous),
            MaxConnections = settings.Number(OptionTable.MaxConnections, DefaultMaxConnections, 1, 1_000_000),
            AcceptClock = settings.Flag(OptionTable.AcceptClock),
        };
        CheckPlain(addresses, settings);
        return options with { Tls = Certificate(addresses, settings, time) };
    }

    /// <summary>For a restart in the same process: on the addresses and the directory of the server before.</summary>
    internal ServerOptions After(ServerOptions before) => this with
    {
        Addresses = before.Addresses,
        Data = before.Data,
        Sandbox = Sandbox is null ? null : Sandbox with { IsContinued = true },
        AcceptClock = AcceptClock || Sandbox is not null, // its clock may have been moved by years
    };

    private static void CheckPlain(List<ListenAddress> addresses, Settings settings)
    {
        if (!settings.Flag(OptionTable.InsecureHttp) && addresses.Find(a => !a.IsTls && !a.IsLoopback) is { } open)
        {
            throw new StartupException($"'http://{open.Host ?? "*"}:{open.Port}' is not a loopback address, "
                + "and without TLS every key would cross the network in the clear. "
                + "Say https:// with --tls-cert FILE, put a TLS proxy in front, or say --insecure-http if the network itself is safe.");
        }
    }

    private static TlsCertificate? Certificate(List<ListenAddress> addresses, Settings settings, TimeProvider time)
    {
        var tls = addresses.Exists(a => a.IsTls);
        if (settings[OptionTable.TlsCert] is { } file)
        {
            return tls
                ? TlsCertificate.Load(file, settings[OptionTable.TlsKey], settings[OptionTable.TlsPasswordFile], time)
                : throw new StartupException($"{settings.SourceOf(OptionTable.TlsCert)} is given, and no address is https. "
                    + "Say for example --urls https://127.0.0.1:7420.");
        }

        foreach (var alone in new[] { OptionTable.TlsKey, OptionTable.TlsPasswordFile })
        {
            if (settings[alone] is not null)
            {
                throw new StartupException($"{settings.SourceOf(alone)} needs a certificate. Say --tls-cert FILE too.");
            }
        }

        return tls ? throw new StartupException("An https address needs a certificate. " + TlsCertificate.WhatToSay) : null;
    }

    /// <summary>By default the host name with its domain: the runtime's machine name ends at the first dot, and two may be alike.</summary>
    private static string Node(Settings settings, bool isOneOfMany)
    {
        var named = settings[OptionTable.NodeId];
        var id = named ?? Dns.GetHostName();
        if (MeshId.IsValid(id) || (named is null && !isOneOfMany))
        {
            return id;
        }

        var what = named is null ? $"The host name '{id}' cannot name this node" : $"{settings.SourceOf(OptionTable.NodeId)} is '{id}'";
        throw new StartupException($"{what}: {MeshId.Rule}. Say for example {OptionTable.NodeId.Name} node-1.");
    }

    private static string Host(string text, Settings settings) => HostName.Canonical(text)
        ?? throw new StartupException($"{settings.SourceOf(OptionTable.AllowHost)}: '{text}' is not a host name. "
            + "Say a name or an address alone, without scheme, port or wildcard: --allow-host mesh.example.");

    private static WebOrigin Origin(string text, Settings settings) => WebOrigin.TryParse(text, out var origin)
        ? origin
        : throw new StartupException($"{settings.SourceOf(OptionTable.AllowOrigin)}: '{text}' is not an origin. "
            + "Say scheme and host, with the port if it is not the usual one, and nothing after: --allow-origin https://console.example.");
}
