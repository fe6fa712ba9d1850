using SessionMesh.Server.Admin;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Hosting;

/// <summary>What the command line and the environment say. <c>--name value</c>, or <c>SESSION_MESH_NAME</c>.</summary>
public sealed record ServerOptions
{
    public const string DefaultUrl = "http://127.0.0.1:7420";

    /// <summary>Addresses to listen on, separated by semicolons.</summary>
    public required string Urls { get; init; }

    /// <summary>The data directory.</summary>
    public required string Data { get; init; }

    /// <summary>Host names to answer to beside loopback's.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Take an address beyond loopback without TLS.</summary>
    public bool AllowPlainHttp { get; init; }

    /// <summary>How long is kept what is over.</summary>
    public Retention Retention { get; init; } = new();

    public static ServerOptions From(IConfiguration configuration) => new()
    {
        Urls = configuration["urls"] ?? DefaultUrl,
        Data = configuration["data"] ?? DataDirectory.Default,
        AllowedHosts = configuration["allow-host"]?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [],
        AllowPlainHttp = configuration["allow-plain-http"] is "true" or "1" or "yes",
        Retention = Retention.From(configuration),
    };

    /// <exception cref="StartupException">An address is not one, or would send keys in the clear beyond this machine.</exception>
    public void Validate()
    {
        foreach (var url in Urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (!Uri.TryCreate(url.Replace("*", "any.invalid", StringComparison.Ordinal).Replace("+", "any.invalid", StringComparison.Ordinal), UriKind.Absolute, out var uri)
                || uri.Scheme is not ("http" or "https"))
            {
                throw new StartupException($"'{url}' is no address. Say for example --urls {DefaultUrl}.");
            }

            if (uri.Scheme == "http" && !uri.IsLoopback && !AllowPlainHttp)
            {
                throw new StartupException($"'{url}' is not a loopback address, and without TLS every key would cross the network in the clear. Put a TLS proxy in front, use https, or say --allow-plain-http true if the network itself is safe.");
            }
        }
    }
}
