using System.Collections.Concurrent;
using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Nodes;

/// <summary>The calls of a <see cref="Load"/>: to any node, and again to any other until one has answered.</summary>
internal sealed class LoadCalls(Cluster cluster, string name) : IDisposable
{
    /// <summary>For how long a call is repeated. Longer than PostgreSQL is ever away.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);

    /// <summary>Of one try: a node that hangs is left for another.</summary>
    private static readonly TimeSpan s_try = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<string, MeshHttp> _https = new();
    private readonly CancellationTokenSource _givenUp = new();
    private int _answers;

    public ConcurrentQueue<Write> Writes { get; } = new();
    public ConcurrentQueue<string> Surprises { get; } = new();
    public ConcurrentQueue<(Node Node, double Milliseconds)> Latencies { get; } = new();
    public int Answers => Volatile.Read(ref _answers);
    public string RootKey => cluster.RootKey;
    public string LastFailure { get; private set; } = "";

    public void GiveUp() => _givenUp.Cancel();

    /// <summary>Mostly one that is known to be well, as to a balancer; sometimes any.</summary>
    public Node Any(Random random) => random.Next(20) > 0 && cluster.Up is { Count: > 0 } up
        ? up[random.Next(up.Count)] : cluster.Nodes[random.Next(cluster.Nodes.Count)];

    /// <summary>Sends a write and notes how it ended.</summary>
    /// <param name="mark">As <see cref="Write.MarkOf"/> finds it in the log.</param>
    /// <param name="keyed">With an idempotency key it is sent until it is answered, otherwise once.</param>
    /// <returns>Its answer if it was done; null otherwise, and if its secret cannot be shown again.</returns>
    public async Task<Answer?> WriteAsync(Random random, string mark, HttpMethod method, string path, string? body, bool keyed = true)
    {
        var key = keyed ? $"{name}{random.NextInt64():x}" : null;
        var (answer, tries) = await SendAsync(random, method, path, body, key, again: keyed);
        if (answer is null)
        {
            Writes.Enqueue(new Write(mark, WriteOutcome.InDoubt, null));
            return null;
        }

        if (answer.IsDone)
        {
            Writes.Enqueue(new Write(mark, WriteOutcome.Done, answer.Revision));
            return answer;
        }

        if (answer.Status is 503 or 429)
        {
            Writes.Enqueue(new Write(
                mark, answer.Text("code") == "outcome_unknown" ? WriteOutcome.InDoubt : WriteOutcome.Refused, null));
        }
        else if (answer.Text("code") == "secret_not_repeatable" && tries > 1)
        {
            Writes.Enqueue(new Write(mark, WriteOutcome.Done, answer.Revision));
        }
        else
        {
            Surprise($"{method} {path} {body} (try {tries}) -> {answer}");
        }

        return null;
    }

    /// <summary>Sends what is no entry of the log, or is checked by the caller; until it is answered.</summary>
    public async Task<Answer?> CallAsync(Random random, HttpMethod method, string path, string? body = null, string? token = null)
    {
        var (answer, tries) = await SendAsync(random, method, path, body, null, again: true, token);
        if (answer is { IsDone: false })
        {
            Surprise($"{method} {path} {body} (try {tries}) -> {answer}");
            return null;
        }

        return answer;
    }

    /// <summary>Beats for an agent until a node has heard it, unless the agent is over.</summary>
    public async Task<Answer?> BeatAsync(Random random, LoadAgent agent, string body) =>
        (await SendAsync(random, HttpMethod.Post, $"agents/{agent.Id}/heartbeat", body, null, again: !agent.IsOver)).Answer;

    public void Surprise(string what) => Surprises.Enqueue(what);

    public void Dispose()
    {
        foreach (var http in _https.Values)
        {
            http.Dispose();
        }

        _givenUp.Dispose();
    }

    /// <returns>The last answer; null when there was none.</returns>
    private async Task<(Answer? Answer, int Tries)> SendAsync(
        Random random, HttpMethod method, string path, string? body, string? idempotencyKey, bool again, string? token = null)
    {
        var began = TimeProvider.System.GetTimestamp();
        Answer? answer = null;
        for (var tries = 1; ; tries++)
        {
            var node = Any(random);
            try
            {
                var sent = TimeProvider.System.GetTimestamp();
                using var own = token is null ? null : new MeshHttp(node.Url, token, s_try);
                answer = await (own ?? Http(node)).SendAsync(method, path, body, idempotencyKey);
                if (answer.Status is not (503 or 429))
                {
                    Interlocked.Increment(ref _answers);
                    Latencies.Enqueue((node, TimeProvider.System.GetElapsedTime(sent).TotalMilliseconds));
                    return (answer, tries);
                }

                LastFailure = $"{node.Id}: {method} {path} -> {answer}";
            }
            catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
            {
                answer = null;
                LastFailure = $"{node.Id}: {method} {path} -> {e.Message}";
            }

            if (!again || _givenUp.IsCancellationRequested || TimeProvider.System.GetElapsedTime(began) > Patience)
            {
                return (answer, tries);
            }

            await Task.Delay(random.Next(20, 120));
        }
    }

    private MeshHttp Http(Node node) => _https.GetOrAdd(node.Url, url => new MeshHttp(url, cluster.RootKey, s_try));
}
