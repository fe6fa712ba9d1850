namespace SessionMesh.EndToEnd.Tests.Support;

/// <summary>
/// A server that runs, and a shell whose PATH has the tool and whose environment has the server's key. One for a class of tests.
/// </summary>
public sealed class Mesh : IAsyncLifetime, IAsyncDisposable
{
    internal Scratch Scratch { get; } = new();

    internal ServerProcess Server { get; }

    /// <summary>With the root key.</summary>
    internal MeshHttp Http { get; private set; } = null!;

    public Mesh() => Server = new ServerProcess(Scratch);

    public async Task InitializeAsync()
    {
        SecretWatch.Start();
        await Server.StartAsync();
        Http = new MeshHttp(Server.Url, Server.RootKey);
    }

    /// <summary>For a test that needs one to itself.</summary>
    public static async Task<Mesh> StartAsync()
    {
        var mesh = new Mesh();
        await mesh.InitializeAsync();
        return mesh;
    }

    async ValueTask IAsyncDisposable.DisposeAsync() => await DisposeAsync();

    public Task DisposeAsync()
    {
        Http?.Dispose();
        var printed = Server.Printed;
        Server.Dispose();
        SecretWatch.Check(Server, printed);
        Scratch.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>Scratch's environment, and where the server is and its key.</summary>
    internal Dictionary<string, string> Environment() => new(Scratch.Environment())
    {
        ["SESSION_MESH_URL"] = Server.Url,
        ["SESSION_API_KEY"] = Server.RootKey,
    };

    /// <summary>Runs a script under bash to its end. Whatever it prints, it is neither the key nor a stack trace.</summary>
    internal async Task<Ran> BashAsync(string script, params (string Name, string Value)[] environment)
    {
        var all = Environment();
        foreach (var (name, value) in environment)
        {
            all[name] = value;
        }

        using var bash = new Started("bash", ["-c", script], all, Scratch.Root);
        var ran = await bash.EndAsync();
        Assert.DoesNotContain(Server.RootKey, ran.Out + ran.Error, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"(?m)^\s+at \S+\(|Unhandled exception", ran.Out + ran.Error);
        return ran;
    }

    /// <summary>Runs a script that must end with 0.</summary>
    internal async Task<Ran> DoneAsync(string script, params (string Name, string Value)[] environment)
    {
        var ran = await BashAsync(script, environment);
        Assert.True(ran.Code == 0, $"{script}\n{ran}");
        return ran;
    }

    /// <summary>Starts the tool and leaves it running.</summary>
    internal Started Start(params string[] arguments) =>
        new(Path.Combine(Scratch.Bin, "session-mesh"), arguments, Environment(), Scratch.Root);
}
