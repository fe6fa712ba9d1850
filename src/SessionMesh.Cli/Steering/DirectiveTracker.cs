using SessionMesh.Cli.Events;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts.Events;

namespace SessionMesh.Cli.Steering;

/// <summary>Many directives on their way to one state. Changed by one thread; <see cref="Progress"/> may be read by another.</summary>
internal sealed class DirectiveTracker : IFollowed
{
    private const string KindPrefix = "directive.";
    private const int LooksAtOnce = 8;

    private readonly string _wanted;
    private readonly int _total;
    private readonly Dictionary<(string Agent, long Seq), SentDirective> _open = [];
    private int _reached;
    private int _failed;

    public DirectiveTracker(IReadOnlyCollection<SentDirective> sent, string wanted)
    {
        _wanted = wanted;
        foreach (var one in sent.Where(one => one.State is not null))
        {
            _open[(one.AgentId, one.Seq)] = one;
            Settle(one);
        }

        _total = sent.Count(one => one.State is not null);
    }

    public bool IsSettled => _open.Count == 0;

    public string Progress
    {
        get
        {
            var failed = Volatile.Read(ref _failed);
            return $"{ProgressLine.Bar(Volatile.Read(ref _reached), _total)} {_wanted}{(failed > 0 ? $", {failed} never will be" : "")}";
        }
    }

    public void Take(MeshEvent entry)
    {
        if (!entry.Kind.StartsWith(KindPrefix, StringComparison.Ordinal)
            || entry.Details?.TryGetValue("seq", out var seq) != true
            || !_open.TryGetValue((entry.Subject, seq.GetInt64()), out var one))
        {
            return;
        }

        var state = entry.Kind[KindPrefix.Length..];
        if (state is "issued")
        {
            return;
        }

        one.Move(state, entry);
        Settle(one);
    }

    public async Task LookAsync(MeshClient client, CancellationToken cancellation)
    {
        var open = _open.Values.ToList();
        await Parallel.ForEachAsync(
            open,
            new ParallelOptions { MaxDegreeOfParallelism = LooksAtOnce, CancellationToken = cancellation },
            async (one, token) => one.Move(await client.SendAsync(MeshCall.Directive(one.Id!), token)));
        open.ForEach(Settle);
    }

    private void Settle(SentDirective one)
    {
        var reached = Proof.Reached(one.State, _wanted);
        if (!reached && !Proof.Failed(one.State))
        {
            return;
        }

        if (!_open.Remove((one.AgentId, one.Seq)))
        {
            return;
        }

        if (reached)
        {
            Volatile.Write(ref _reached, _reached + 1);
        }
        else
        {
            Volatile.Write(ref _failed, _failed + 1);
        }
    }
}
