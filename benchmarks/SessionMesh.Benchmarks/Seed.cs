namespace SessionMesh.Benchmarks;

/// <summary>Registers agents <c>agent-FIRST</c>… with one of 16 specializations and one of 100 users each, on 64 connections.</summary>
internal static class Seed
{
    public static async Task<int> RunAsync(Mesh mesh, int first, int count)
    {
        await Parallel.ForEachAsync(Enumerable.Range(first, count), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) =>
            await mesh.RegisterAsync($"agent-{i}", $$"""
                {"agent_id":"agent-{{i}}","ttl":86400,"specializations":["spec-{{i % 16}}"],"user":"user-{{i % 100}}"}
                """));
        return 0;
    }
}
