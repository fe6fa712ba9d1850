namespace SessionMesh.Cli.Tests.Run.Process;

/// <summary>
/// Subreaping and waiting are matters of the whole test process: these tests run alone, after all that run in parallel.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessCollection
{
    public const string Name = "child processes";
}
