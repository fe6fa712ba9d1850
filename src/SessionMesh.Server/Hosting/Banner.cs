using SessionMesh.Contracts;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Options;
using SessionMesh.Server.Store;
using SessionMesh.Storage;

namespace SessionMesh.Server.Hosting;

/// <summary>What the server prints once it listens: where it is, and what to type next. Never a key.</summary>
internal static class Banner
{
    private const string Refused = """{"endpoint": "POST /steer", "status": 503, "count": 2}""";
    private const string Minute = """{"seconds": 60}""";

    public static void Print(WebApplication app, TextWriter output)
    {
        var directory = app.Services.GetRequiredService<DataDirectory>();
        var state = app.Services.GetRequiredService<MeshEngine>().State;
        var options = app.Services.GetRequiredService<ServerOptions>();
        var url = Reachable(Listening.Urls(app).First(), options);
        if (directory.SetAside is { } kept)
        {
            output.WriteLine(Restored(app, directory, kept));
        }

        if (options.Sandbox is not null)
        {
            PrintSandbox(directory, url, output);
            return;
        }

        var holds = $"({state.AgentCount} agents, revision {state.Revision})";
        var store = options.Postgres is { } postgres
            ? $"store     PostgreSQL: {postgres} {holds}\n  data      {directory.Path}"
            : $"data      {directory.Path} {holds}";
        output.WriteLine($"""
            Session Mesh listens on {url}
              {store}
              root key  {RootKey(directory)}
              API       {url}{Routes.Swagger}

            Next, in another terminal:
            {Settings(directory, url)}  ./eng/install.sh                                   put session-mesh on your PATH
              session-mesh run --agent-id demo -- sleep 600      a process under the mesh
              session-mesh list                                  who is alive
              session-mesh kill --agent-id demo                  stop it, and see the proof
            or with curl:
              export {Key(directory)}
              curl -H "Authorization: Bearer $SESSION_API_KEY" {url}{Routes.Alive}
            Ctrl+C stops the server; agents keep running and come back to it.
            """);
    }

    private static void PrintSandbox(DataDirectory directory, string url, TextWriter output) => output.WriteLine($"""
        Session Mesh listens on {url}: a sandbox, which keeps nothing
          data      {directory.Path}, deleted when the server stops
          root key  {directory.RootKeyFile}
          API       {url}{Routes.Swagger}

        Next, in another terminal:
        {Settings(directory, url)}  session-mesh run --agent-id demo -- sleep 600      a process under the mesh
        the next two steers fail, and the clock moves by a minute:
          curl -H "Authorization: Bearer $SESSION_API_KEY" {url}{Routes.SandboxFaults} -d '{Refused}'
          curl -H "Authorization: Bearer $SESSION_API_KEY" {url}{Routes.SandboxAdvance} -d '{Minute}'
        docs/testing-your-agent.md has the rest. Ctrl+C stops the server and deletes its data.
        """);

    /// <summary>Replaces an address that means every interface by the name from the options, or else by this machine's own.</summary>
    private static string Reachable(string url, ServerOptions options)
    {
        var name = options.Addresses[0].Host ?? (options.AllowedHosts is [var first, ..] ? first : "localhost");
        return url
            .Replace("//[::]:", $"//{name}:", StringComparison.Ordinal)
            .Replace("//0.0.0.0:", $"//{name}:", StringComparison.Ordinal);
    }

    private static string Restored(WebApplication app, DataDirectory directory, string kept)
    {
        using var db = StoreFile.OpenReadOnly(directory.Database);
        var valid = File.Exists(directory.RootKeyFile) && StoreCheck.HasAdminKey(db, File.ReadAllText(directory.RootKeyFile).Trim());
        var state = app.Services.GetRequiredService<MeshEngine>().State;
        return $"A backup was restored, at revision {state.Revision}; this is epoch {state.Epoch}."
            + (kept.Length == 0 ? "" : $" The store before is kept as {Path.Combine(directory.Path, kept)}.")
            + (valid ? "" : $"\nThe key in {directory.RootKeyFile} is not valid in it: use a key from the time of the backup, "
                + $"or stop and session-mesh admin new-root --data {directory.Path}.");
    }

    /// <summary>Of several nodes, the one that started first has it, unless all are given one file.</summary>
    private static string RootKey(DataDirectory directory) => File.Exists(directory.RootKeyFile)
        ? directory.RootKeyFile
        : $"not here: with the node that started first (for {directory.RootKeyFile}, see --root-key-file)";

    /// <summary>What the tool cannot find by itself: an address or a directory that is not the default. A line each, or nothing.</summary>
    private static string Settings(DataDirectory directory, string url)
    {
        var address = url == ServerOptions.DefaultUrl ? "" : $"  export SESSION_MESH_URL={url}\n";
        var key = directory.Path == Path.GetFullPath(ServerOptions.DefaultData) ? "" : $"  export {Key(directory)}\n";
        return address + key;
    }

    private static string Key(DataDirectory directory) => $"SESSION_API_KEY=$(cat {Quoted(directory.RootKeyFile)})";

    /// <summary>As one word for a shell.</summary>
    private static string Quoted(string path) =>
        path.All(c => char.IsAsciiLetterOrDigit(c) || "/._-".Contains(c)) ? path : $"'{path.Replace("'", "'\\''")}'";
}
