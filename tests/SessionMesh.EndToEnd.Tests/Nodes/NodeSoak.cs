using System.Globalization;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>
/// How long the tests of several nodes run: a short round each, unless <c>SESSION_MESH_SOAK_NODES=1</c> (eng/soak.sh nodes).
/// <c>SESSION_MESH_NODES_SEED</c> plays the same choices again.
/// </summary>
internal static class NodeSoak
{
    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("SESSION_MESH_SOAK_NODES") is { Length: > 0 };

    public static int Seed { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("SESSION_MESH_NODES_SEED"), CultureInfo.InvariantCulture, out var seed)
            ? seed
            : Random.Shared.Next(1_000_000);

    public static int Times(int inShort, int inLong) => s_isLong ? inLong : inShort;

    public static TimeSpan Seconds(int inShort, int inLong) => TimeSpan.FromSeconds(Times(inShort, inLong));
}

/// <summary>
/// One after the other, and beside nothing else: each of these tests has three servers and a PostgreSQL, and the clocks in them want to be
/// kept.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class NodesCollection
{
    public const string Name = "Nodes";
}
