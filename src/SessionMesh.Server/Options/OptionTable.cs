namespace SessionMesh.Server.Options;

/// <summary>Every option of the server: the one list that parsing, <c>--help</c> and a test over docs/operations.md share.</summary>
internal static class OptionTable
{
    /// <param name="Value">What stands for its value in the help; empty for a flag.</param>
    internal sealed record Option(string Name, string Value, string Help)
    {
        public bool IsFlag => Value.Length == 0;

        public string Variable => "SESSION_MESH_" + Name.Replace('-', '_').ToUpperInvariant();
    }

    public static readonly Option[] All =
    [
        new("urls", "URL;…", $"addresses to listen on; {ServerOptions.DefaultUrl}"),
        new("data", "DIR", "the data directory; $XDG_DATA_HOME/session-mesh"),
        new("tls-cert", "FILE", "certificate for the https addresses: PEM (with --tls-key) or PFX"),
        new("tls-key", "FILE", "private key of a PEM certificate, PEM"),
        new("tls-password-file", "FILE", "file with the password of a PFX, on its first line"),
        new("insecure-http", "", "take an address beyond this machine without TLS: keys cross the network in the clear"),
        new("allow-host", "NAME,…", "more host names to answer to, on whatever port they are asked for"),
        new("allow-origin", "ORIGIN,…", "web origins whose pages may call the API, such as https://console.example"),
        new("rate-limit", "N", $"requests a second for each key without the admin scope; {ServerOptions.DefaultRateLimit}; 0 for no limit"),
        new("global-rate-limit", "N", "requests a second for all those keys together; 0, no limit"),
        new("anonymous-rate-limit", "N", $"requests a second without a valid key for each remote address; {ServerOptions.DefaultAnonymousRateLimit}; 0 for no limit"),
        new("max-streams-per-key", "N", $"open streams and held answers of one key; {ServerOptions.DefaultMaxStreamsPerKey}"),
        new("retain-log", "TIME", "how long entries of the log are kept: 30d, 12h or none, for ever; 30d"),
        new("retain-directives", "TIME", "the same for directives that are over; 30d"),
        new("retain-keys", "TIME", "the same for keys that are over; 30d"),
        new("retain-sessions", "TIME", "the same for plain sessions that have expired; 30d"),
        new("retain-agents", "TIME", "how long an agent is kept that is dead or lost, before it is forgotten; 30d"),
        new("metrics-anonymous", "", "answer GET /metrics without a key; else it needs one with mesh:read"),
        new("max-connections", "N", $"open connections in all; {ServerOptions.DefaultMaxConnections}"),
        new("accept-clock", "", "start although the system clock is more than 300 days from the last change in the store"),
    ];

    public static string Help =>
        $"""
        session-mesh server: the control plane for fleets of agents.

        {string.Join('\n', All.Select(o => $"  {$"--{o.Name} {o.Value}",-30}{o.Help}"))}

          new-root [--data DIR] [--keep-children]   as the first word: replace the root key of a mesh that is stopped

        Each is also read from the environment: SESSION_MESH_URLS for --urls, and so on. The command line goes first.
        """;
}
