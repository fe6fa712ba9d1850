namespace SessionMesh.Client.Tests;

/// <summary>A client over a scripted server, on a hasty clock.</summary>
internal sealed class Mesh : IDisposable
{
    public Mesh(params Func<CancellationToken, Task<HttpResponseMessage>>[] script) : this(TimeSpan.FromMinutes(2), script)
    {
    }

    public Mesh(TimeSpan attemptTimeout, params Func<CancellationToken, Task<HttpResponseMessage>>[] script)
    {
        Server = new ScriptedServer(script);
        Client = new MeshClient(
            new MeshClientOptions
            {
                BaseUrl = new Uri("http://mesh.test:7420"),
                Token = "smk_abcdefghijkl_secret_check1",
                AttemptTimeout = attemptTimeout,
                TimeProvider = Time,
                Observer = Attempts.Add,
                Reauthenticate = (refused, cancellation) =>
                    Renew is { } renew ? renew(refused, cancellation) : ValueTask.FromResult<string?>(null),
            },
            Server);
    }

    public ScriptedServer Server { get; }

    public HastyTime Time { get; } = new();

    public List<MeshAttempt> Attempts { get; } = [];

    public MeshClient Client { get; }

    /// <summary>Where another token comes from; null for nowhere.</summary>
    public Func<string?, CancellationToken, ValueTask<string?>>? Renew { get; set; }

    public void Dispose()
    {
        Client.Dispose();
        Server.Dispose();
    }
}
