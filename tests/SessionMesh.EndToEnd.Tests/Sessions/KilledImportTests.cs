using System.Net.Http.Headers;
using System.Text;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Sessions;

/// <summary>The server is killed in the middle of an import.</summary>
public sealed class KilledImportTests
{
    private const int Count = 60_000;
    private const int Chunk = 1000;

    [Fact]
    public async Task Import_ServerKilledInTheMiddle_KeepsWholeTransactions_AndTheSameAgainFinishes()
    {
        await using var mesh = await Mesh.StartAsync();
        var file = string.Concat(Enumerable.Range(0, Count).Select(i => $$$"""
            {"type":"session","id":"i{{{i}}}","ttl":60,"meta":{"n":"{{{i}}}"},"created_at":"2026-01-01T00:00:00Z"}{{{'\n'}}}
            """));
        using var http = Client(mesh);
        using var gate = new HeldContent(Encoding.UTF8.GetBytes(file));
        var cut = http.PostAsync(new Uri("sessions/import", UriKind.Relative), gate);
        await Eventually.True(async () => await TotalAsync(mesh) > 0, () => "the first thousand are in");
        gate.GoOn();
        await mesh.Server.KillAsync();
        await Assert.ThrowsAnyAsync<Exception>(async () => (await cut).EnsureSuccessStatusCode());
        await mesh.Server.StartAsync();

        var kept = await TotalAsync(mesh);
        Assert.True(kept is > 0 and <= Count && kept % Chunk == 0, $"{kept} sessions are there");
        Assert.Equal(200, (await mesh.Http.GetAsync($"sessions/i{kept - 1}")).Status);
        Assert.Equal(kept == Count ? 200 : 404, (await mesh.Http.GetAsync($"sessions/i{Math.Min(kept, Count - 1)}")).Status);
        using var again = Client(mesh);
        using var whole = new StringContent(file);
        using var answer = await again.PostAsync(new Uri("sessions/import", UriKind.Relative), whole);
        var report = Members.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal((Count, kept), (report.GetProperty("imported").GetInt64() + kept, report.GetProperty("existing").GetInt64()));
        Assert.Equal(Count, await TotalAsync(mesh));
        Assert.True((await mesh.Http.PostAsync("admin/check")).Json.GetProperty("ok").GetBoolean());
    }

    private static HttpClient Client(Mesh mesh) => new()
    {
        BaseAddress = new Uri(mesh.Server.Url + "/api/session-mesh/"),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", mesh.Server.RootKey) },
        Timeout = Eventually.Bound,
    };

    private static async Task<long> TotalAsync(Mesh mesh) => (await mesh.Http.GetAsync("sessions/stats")).Number("total_sessions");

    /// <summary>Sends half, and the rest when told: so that the kill comes in the middle however fast the machine is.</summary>
    private sealed class HeldContent(byte[] body) : HttpContent
    {
        private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void GoOn() => _go.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            await stream.WriteAsync(body.AsMemory(0, body.Length / 2));
            await stream.FlushAsync();
            await _go.Task;
            await stream.WriteAsync(body.AsMemory(body.Length / 2));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = body.Length;
            return true;
        }
    }
}
