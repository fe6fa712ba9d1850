using SessionMesh.Cli.Run.Process;

namespace SessionMesh.Cli.Tests.Run.Process;

/// <summary>A shell script as a supervised tree, killed to the last process at the end of the test.</summary>
internal sealed class Sh : IAsyncDisposable
{
    private readonly IDisposable _adoption = ChildReaper.Shared.AdoptOrphans();

    public Sh(string script, IReadOnlyDictionary<string, string?>? environment = null)
        : this(
            new SpawnRequest
            {
                File = "/bin/sh",
                Arguments = ["-c", script],
                Environment = environment ?? new Dictionary<string, string?>(),
            })
    {
    }

    public Sh(SpawnRequest request)
    {
        Child = ChildReaper.Shared.Start(request);
        Tree = new ProcessTree(ChildReaper.Shared, Child, TimeProvider.System);
    }

    public ChildProcess Child { get; }

    public ProcessTree Tree { get; }

    public Task<ExitStatus> Exit => Child.Exited.WaitAsync(Eventually.Bound);

    public async ValueTask DisposeAsync()
    {
        await Tree.KillAsync().WaitAsync(Eventually.Bound);
        _adoption.Dispose();
    }
}
