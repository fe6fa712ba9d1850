using System.CommandLine;

namespace SessionMesh.Cli.Options;

/// <summary>
/// The options that stand on every command, before or after its name. A flag for the key itself does not exist: argument lists are
/// public.
/// </summary>
internal sealed class GlobalOptions
{
    public Option<string?> Url { get; } = new("--url")
    {
        Description = "Server to talk to (default: SESSION_MESH_URL, the selected context, http://127.0.0.1:7420)",
        HelpName = "URL",
        Recursive = true,
    };

    public Option<string?> KeyFile { get; } = new("--key-file")
    {
        Description = "File that holds the key, or - for stdin (default: SESSION_API_KEY, the selected context, the local server's own)",
        HelpName = "FILE",
        Recursive = true,
    };

    public Option<string?> Context { get; } = new("--context")
    {
        Description = "Context to use this once: its server, key and cluster, before those of the environment",
        HelpName = "NAME",
        Recursive = true,
    };

    public Option<int?> TimeoutSeconds { get; } =
        Opt.Duration("--timeout", "Bound of one attempt, 10s by default", 1, 3600, recursive: true);

    public Option<bool> Verbose { get; } = new("--verbose", "-v")
    {
        Description = "Show each attempt on stderr: method, URL, status, wait",
        Recursive = true,
    };

    public Option<bool> Renew { get; } = new("--renew")
    {
        Description = "Mint the key that is used again where it has expired, with the same rights",
        Recursive = true,
    };

    public Option<bool> NoInput { get; } = new("--no-input") { Description = "Never ask", Recursive = true };

    public void AddTo(Command root)
    {
        root.Add(Url);
        root.Add(KeyFile);
        root.Add(Context);
        root.Add(TimeoutSeconds);
        root.Add(Verbose);
        root.Add(Renew);
        root.Add(NoInput);
    }
}
