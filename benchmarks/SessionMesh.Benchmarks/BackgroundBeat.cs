using SessionMesh.Contracts;

namespace SessionMesh.Benchmarks;

/// <summary>Beats for a fleet at a steady rate, in batches of 500, until it is ended from outside.</summary>
internal static class BackgroundBeat
{
    private const int Batch = 500;

    public static async Task<int> RunAsync(Mesh mesh, int agents, int perSecond)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds((double)Batch / perSecond));
        var random = new Random(1);
        while (await timer.WaitForNextTickAsync())
        {
            var beats = Enumerable.Range(0, Batch)
                .Select(_ => $$"""{"agent_id":"agent-{{random.Next(agents)}}","load":0.{{random.Next(10, 99)}}}""");
            await mesh.PostAsync(Routes.Heartbeats, $$"""{"agents":[{{string.Join(',', beats)}}]}""");
        }

        return 0;
    }
}
