using System.Reflection;

namespace SessionMesh.Cli.Tests.Run.Process;

/// <summary>
/// Subreaping and waiting are matters of the whole test process, and a process tree is all that descends from it: these
/// tests run alone, one after the other, after all that run in parallel.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessCollection : ICollectionFixture<HostedServer>
{
    public const string Name = "child processes";
}

/// <summary>A test that starts a child beside one that pauses or kills all descendants makes that one fail now and then.</summary>
public sealed class ProcessCollectionTests
{
    [Fact]
    public void EveryTestThatRunsProcesses_IsInTheCollection()
    {
        var outside = typeof(ProcessCollection).Assembly.GetTypes()
            .Where(
                type =>
                    type.Namespace?.StartsWith("SessionMesh.Cli.Tests.Run", StringComparison.Ordinal) == true
                        && type != typeof(ProcessCollectionTests))
            .Where(type => type.GetMethods().Any(method => method.IsDefined(typeof(FactAttribute))))
            .Where(type => type.GetCustomAttributesData().All(attribute =>
                attribute.AttributeType != typeof(CollectionAttribute)
                    || attribute.ConstructorArguments[0].Value as string != ProcessCollection.Name));
        Assert.Empty(outside);
    }
}
