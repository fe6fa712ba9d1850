using System.IO.Pipelines;
using System.Net;
using System.Text;

namespace SessionMesh.Cli.Tests.Watch;

/// <summary>
/// A server whose list is another one each time that it is read. After each read the log says that something happened, and after the last
/// that the key is over, which ends a watch. A read without an answer finds no server.
/// </summary>
internal sealed class ChangingServer(params string?[] reads) : HttpMessageHandler
{
    private readonly Lock _gate = new();
    private readonly List<string> _calls = [];
    private PipeWriter? _events;
    private int _read;

    public IReadOnlyList<string> Calls => _calls;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.PathAndQuery.Replace("/api/session-mesh", "", StringComparison.Ordinal);
        lock (_gate)
        {
            if (!_calls.Contains(path))
            {
                _calls.Add(path);
            }
        }

        if (path.StartsWith("/events", StringComparison.Ordinal))
        {
            var pipe = new Pipe();
            _events = pipe.Writer;
            var content = new StreamContent(pipe.Reader.AsStream());
            content.Headers.ContentType = new("text/event-stream");
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = content };
        }

        var number = Interlocked.Increment(ref _read);
        var answer = reads[Math.Min(number, reads.Length) - 1];
        if (number <= reads.Length && answer is not null)
        {
            await _events!.WriteAsync(
                Encoding.UTF8.GetBytes(number == reads.Length
                    ? "event: end\ndata: {\"code\":\"key_revoked\",\"detail\":\"it was revoked\"}\n\n"
                    : $"id: {number}\nevent: agent.updated\ndata: {{}}\n\n"),
                cancellationToken);
        }

        return answer is null
            ? throw new HttpRequestException(HttpRequestError.ConnectionError, "connection refused")
            : answer.StartsWith("404", StringComparison.Ordinal)
                ? Reply(HttpStatusCode.NotFound, """{"type":"t","title":"t","status":404,"detail":"no such","code":"agent_not_found"}""")
                : Reply(HttpStatusCode.OK, answer);
    }

    private static HttpResponseMessage Reply(HttpStatusCode status, string body) =>
        new(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
}
