using System.CommandLine;
using System.Text;
using SessionMesh.Cli.Hosting;
using SessionMesh.Client;
using SessionMesh.Storage;

namespace SessionMesh.Cli.Settings;

/// <summary>
/// Where the server is and which key to show it. A flag comes first, then the environment, then the selected context,
/// then what is on this machine. A key is only ever shown to the server it belongs to: a context's key to that context's
/// URL, the local server's root key to the address that the server wrote beside it.
/// </summary>
internal sealed record MeshSettings
{
    public const string UrlVariable = "SESSION_MESH_URL";
    public const string KeyVariable = "SESSION_API_KEY";
    public const string AgentVariable = "SESSION_MESH_AGENT_ID";
    public const string IncarnationVariable = "SESSION_MESH_INCARNATION";
    public const string DataVariable = "SESSION_MESH_DATA";

    private const int MaxKeyFile = 4096;

    public required Uri Url { get; init; }

    /// <summary>What said so: a flag, a variable, a context, or nobody.</summary>
    public required string UrlOrigin { get; init; }

    /// <summary>The context that is named or selected; null without one.</summary>
    public string? Context { get; init; }

    /// <summary>The key, or null where none was found. Never printed.</summary>
    public string? Key { get; init; }

    /// <summary>Where the key was found, for messages.</summary>
    public string? KeySource { get; init; }

    /// <summary>What named that place: a flag, a variable, a context, or the local server.</summary>
    public string? KeyOrigin { get; init; }

    /// <summary>The file that the key was read from; null for one from the environment.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The local server's root key file, where there is one that was not written by the server at <see cref="Url"/>.</summary>
    public string? Withheld { get; init; }

    /// <summary>The cluster that the selected context names; null without one.</summary>
    public string? Cluster { get; init; }

    public static MeshSettings Resolve(CliHost host, ParseResult parse)
    {
        var contexts = ContextStore.Of(host).Load();
        var name = parse.GetValue(host.Globals.Context);
        var context = name is null ? contexts.Current
            : contexts.Find(name)
                ?? throw new CommandException(ExitCodes.NotFound, $"there is no context {name}", "session-mesh context list");
        var variables = name is null ? host.Env : NoVariable;
        var (url, urlOrigin) = ResolveUrl(variables, parse.GetValue(host.Globals.Url), context);
        var (key, source, file, keyOrigin) = ResolveKey(host, variables, parse.GetValue(host.Globals.KeyFile), context, url);
        return new MeshSettings
        {
            Url = url,
            UrlOrigin = urlOrigin,
            Context = context?.Name,
            Key = key,
            KeySource = source,
            KeyOrigin = keyOrigin,
            KeyFile = file,
            Withheld = key is null && LocalRootKey(host, url) is null ? LocalRootKey(host) : null,
            Cluster = context?.Cluster,
        };
    }

    /// <summary>Parses a URL as typed: http or https, with a host, without credentials.</summary>
    public static Uri ParseUrl(string text, string source) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url)
        && url.Scheme is "http" or "https"
        && url is { UserInfo: "", Query: "", Fragment: "" }
            ? url
            : throw CommandException.Usage(
                $"{source} is not the URL of a server, which is http://HOST:PORT or https://HOST", "--url " + MeshClientOptions.DefaultUrl);

    /// <summary>Reads the one line of a key file.</summary>
    public static string ReadKeyFile(string path, string source)
    {
        try
        {
            using var file = File.OpenRead(path);
            if (file.Length > MaxKeyFile)
            {
                throw CommandException.Usage($"{source} {path} is not a key file: it has more than {MaxKeyFile} bytes");
            }

            using var reader = new StreamReader(file);
            return CheckedKey(reader.ReadToEnd(), $"{source} {path}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandException.Usage(
                $"{source} cannot be read: {FileWords.Of(e, path)}", "a file that session-mesh keys create --out FILE wrote");
        }
    }

    /// <summary>Reads the one line of a stream to its end.</summary>
    private static string ReadKey(Stream stream, string source)
    {
        using (stream)
        {
            var bytes = new byte[MaxKeyFile + 1];
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length > MaxKeyFile
                ? throw CommandException.Usage($"{source} does not hold a key: it has more than {MaxKeyFile} bytes")
                : CheckedKey(Encoding.UTF8.GetString(bytes, 0, length), source);
        }
    }

    /// <summary>A context that is named on the command line comes before the environment.</summary>
    private static string? NoVariable(string name) => null;

    private static (Uri Url, string Origin) ResolveUrl(Func<string, string?> variables, string? flag, MeshContext? context)
    {
        if (flag is not null)
        {
            return (ParseUrl(flag, "--url"), "--url");
        }

        if (variables(UrlVariable) is { } variable)
        {
            return (ParseUrl(variable, UrlVariable), UrlVariable);
        }

        if (context?.Url is { } url)
        {
            return (ParseUrl(url, $"the url of context {context.Name}"), $"context {context.Name}");
        }

        return (new Uri(MeshClientOptions.DefaultUrl), "the default");
    }

    private static (string? Key, string? Source, string? File, string? Origin) ResolveKey(
        CliHost host, Func<string, string?> variables, string? flag, MeshContext? context, Uri url)
    {
        if (flag is not null)
        {
            // Whole, for whoever reads it again from another directory.
            return flag is "-"
                ? (ReadKey(host.OpenIn(), "stdin"), "stdin", null, "--key-file")
                : (ReadKeyFile(flag, "--key-file"), flag, Path.GetFullPath(flag), "--key-file");
        }

        if (variables(KeyVariable) is { } variable)
        {
            return (CheckedKey(variable, KeyVariable), KeyVariable, null, KeyVariable);
        }

        if (context?.KeyFile is { } file && (context.Url is null ? url.IsLoopback : SameServer(new Uri(context.Url), url)))
        {
            return (ReadKeyFile(file, $"the key file of context {context.Name}"), file, file, $"context {context.Name}");
        }

        return LocalRootKey(host, url) is { } root
            ? (ReadKeyFile(root, "the local server's key file"), root, root, "the local server")
            : (null, null, null, null);
    }

    /// <summary>
    /// The root key of the server at that address. Null for another one: any program may listen on a loopback port, and what the server
    /// itself wrote beside its key says where it does.
    /// </summary>
    internal static string? LocalRootKey(CliHost host, Uri url)
    {
        if (!url.IsLoopback || LocalRootKey(host) is not { } root)
        {
            return null;
        }

        var addresses = Path.Combine(Path.GetDirectoryName(root)!, "root.address");
        return File.Exists(addresses) && Array.Exists(File.ReadAllLines(addresses), line => IsAt(line, url)) ? root : null;
    }

    /// <summary>Null where there is none, or it is not ours to take: inside an agent the operator's key is not.</summary>
    private static string? LocalRootKey(CliHost host)
    {
        var root = Path.Combine(DataDirectory(host), "root.key");
        return host.Env(AgentVariable) is null && File.Exists(root) ? root : null;
    }

    /// <summary>
    /// Whether a server bound to one URL is found at the other, a loopback one. <c>localhost</c> means 127.0.0.1 and ::1: it finds a server
    /// on one of them only if nobody else is on the other.
    /// </summary>
    private static bool IsAt(string bound, Uri url) =>
        Uri.TryCreate(bound, UriKind.Absolute, out var own)
        && own.Scheme == url.Scheme
        && own.Port == url.Port
        && (own.Host == url.Host || own.Host is "localhost" or "[::]" or "0.0.0.0");

    private static string DataDirectory(CliHost host) =>
        host.Env(DataVariable)
        ?? Path.Combine(host.Env("XDG_DATA_HOME") ?? Path.Combine(host.Home, ".local", "share"), "session-mesh");

    private static bool SameServer(Uri a, Uri b) =>
        Uri.Compare(a, b, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) == 0;

    /// <summary>A key or a refresh token: one word of printable ASCII.</summary>
    public static string CheckedKey(string text, string source)
    {
        var key = text.Trim();
        return key.Length > 0 && !key.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? key
            : throw CommandException.Usage($"{source} does not hold a key");
    }
}
