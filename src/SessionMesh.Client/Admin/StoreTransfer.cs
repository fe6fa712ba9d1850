using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using SessionMesh.Client.Http;
using SessionMesh.Contracts;

namespace SessionMesh.Client.Admin;

/// <summary>A backup that was received.</summary>
/// <param name="Revision">The newest revision in it.</param>
public sealed record ReceivedBackup(long Revision, long Bytes);

/// <summary>
/// Whole stores over the wire, piece by piece. One attempt and no bound of time: what is cut off is not worth a second one unasked.
/// Throws <see cref="MeshException"/> as every call does.
/// </summary>
/// <param name="progress">Bytes so far, and of how many, where that is known. Called between pieces.</param>
public sealed class StoreTransfer(MeshClient client, Action<long, long?>? progress = null)
{
    private const int Piece = 128 * 1024;

    /// <summary>Writes a backup into <paramref name="target"/>. The server makes and checks it before the first byte comes.</summary>
    public async Task<ReceivedBackup> BackupAsync(Stream target, CancellationToken cancellation = default)
    {
        var url = client.Transport.Resolve(Routes.AdminBackup);
        using var request = MeshTransport.CreateRequest(HttpMethod.Post, url, client.Transport.Credentials.Token);
        using var response = await SendAsync(request, url, cancellation);
        if (response.Content.Headers.ContentLength is not { } length
            || !response.Headers.TryGetValues("X-Mesh-Revision", out var said)
            || !long.TryParse(said.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var revision))
        {
            throw MeshTransport.NotAMesh(url, "its answer is not a backup");
        }

        try
        {
            await using var source = await response.Content.ReadAsStreamAsync(cancellation);
            var received = await CopyAsync(source, target, length, cancellation);
            if (received != length)
            {
                throw new MeshException(
                    MeshFailure.Unreachable, url, $"the connection was cut in the middle of the backup: {received} of {length} bytes came");
            }
        }
        catch (Exception e) when (e is HttpRequestException or HttpIOException)
        {
            throw new MeshException(
                MeshFailure.Unreachable, url, "the connection was cut in the middle of the backup: " + MeshTransport.Words(e), inner: e);
        }

        return new ReceivedBackup(revision, length);
    }

    /// <summary>
    /// Sends a backup to take the place of the server's store, or, in a dry run, to be looked at. The answer as the server wrote it.
    /// </summary>
    /// <param name="source">From its position to its end.</param>
    public async Task<JsonElement> RestoreAsync(Stream source, bool dryRun = false, CancellationToken cancellation = default)
    {
        var url = client.Transport.Resolve(Routes.AdminRestore + (dryRun ? "?dry_run=true" : ""));
        using var request = MeshTransport.CreateRequest(HttpMethod.Post, url, client.Transport.Credentials.Token);
        request.Headers.ExpectContinue = true; // a refusal is heard before all of it is on its way
        request.Content = new Pieces(this, source);
        using var response = await SendAsync(request, url, cancellation);
        try
        {
            return JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(cancellation), ClientJson.Context.JsonElement);
        }
        catch (JsonException e)
        {
            throw MeshTransport.NotAMesh(url, "its answer is not the JSON that was expected", e);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, Uri url, CancellationToken cancellation)
    {
        var time = client.Options.TimeProvider;
        var began = time.GetTimestamp();
        HttpResponseMessage response;
        try
        {
            response = await client.Transport.OpenAsync(request, cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            client.Options.Observer?.Invoke(
                new MeshAttempt(1, request.Method, url, null, MeshTransport.Words(e), time.GetElapsedTime(began), null, null));
            throw new MeshException(MeshFailure.Unreachable, url, MeshTransport.Words(e), inner: e);
        }

        var requestId = response.Headers.TryGetValues("X-Request-Id", out var ids) ? ids.FirstOrDefault() : null;
        client.Options.Observer?.Invoke(
            new MeshAttempt(1, request.Method, url, (int)response.StatusCode, null, time.GetElapsedTime(began), null, requestId));
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            var problem = MeshTransport.ProblemOf((int)response.StatusCode, await response.Content.ReadAsByteArrayAsync(cancellation));
            throw new MeshException(MeshFailure.Refused, url, problem.Detail, problem);
        }
    }

    /// <summary>How many bytes it was.</summary>
    private async Task<long> CopyAsync(Stream source, Stream target, long? length, CancellationToken cancellation)
    {
        var buffer = new byte[Piece];
        long done = 0;
        for (int read; (read = await source.ReadAsync(buffer, cancellation)) > 0;)
        {
            await target.WriteAsync(buffer.AsMemory(0, read), cancellation);
            progress?.Invoke(done += read, length);
        }

        return done;
    }

    private sealed class Pieces : HttpContent
    {
        private readonly StoreTransfer _transfer;
        private readonly Stream _source;
        private readonly long _length;

        public Pieces(StoreTransfer transfer, Stream source)
        {
            (_transfer, _source, _length) = (transfer, source, source.Length - source.Position);
            Headers.ContentType = new MediaTypeHeaderValue("application/vnd.sqlite3");
        }

        protected override Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context) =>
            _transfer.CopyAsync(_source, stream, _length, default);

        protected override Task SerializeToStreamAsync(
            Stream stream, System.Net.TransportContext? context, CancellationToken cancellationToken) =>
            _transfer.CopyAsync(_source, stream, _length, cancellationToken);

        protected override bool TryComputeLength(out long length)
        {
            length = _length;
            return true;
        }
    }
}
