using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Crash;

/// <summary>An agent as the answers left it.</summary>
internal sealed class AgentEntry(string id)
{
    public string Id { get; } = id;

    /// <summary>0 until a registration was answered.</summary>
    public int Incarnation { get; set; }

    /// <summary><c>alive</c>, or <c>dead</c> once a kill or an exit was answered.</summary>
    public string Status { get; set; } = "alive";

    /// <summary>What an answered exit report said; null for another end.</summary>
    public int? ExitCode { get; set; }
    public List<string> Specializations { get; } = [];

    public bool IsAlive => Incarnation > 0 && Status == "alive";
}

/// <summary>A directive, and how far the answers say it came.</summary>
internal sealed class DirectiveEntry(string id, AgentEntry agent, long seq, string direction, string state)
{
    public string Id { get; } = id;
    public AgentEntry Agent { get; } = agent;
    public int Incarnation { get; } = agent.Incarnation;
    public long Seq { get; } = seq;
    public string Direction { get; } = direction;
    public string State { get; set; } = state;

    public static int Rank(string? state) => state switch
    {
        "queued" => 0,
        "delivered" => 1,
        "accepted" => 2,
        _ => 3,
    };
}

/// <summary>A key, and whether it should open the door.</summary>
internal sealed class KeyEntry(string id, string token, AgentEntry? boundTo)
{
    public string Id { get; } = id;
    public string Token { get; } = token;
    public AgentEntry? BoundTo { get; } = boundTo;
    public int Incarnation { get; } = boundTo?.Incarnation ?? 0;
    public bool Revoked { get; set; }

    public bool IsValid => !Revoked && (BoundTo is null || (BoundTo.IsAlive && BoundTo.Incarnation == Incarnation));
}

/// <summary>One mutation that a client sent. What its answer means is applied to the ledger when there is one.</summary>
/// <param name="About">The agent whose state is in doubt while there is none.</param>
/// <param name="IdempotencyKey">With one, the call is simply sent again; without, the server says what became of it.</param>
internal sealed record Call(
    HttpMethod Method, string Path, string? Body, AgentEntry? About, string? IdempotencyKey, Action<Answer> Answered)
{
    public Task<Answer> SendAsync(MeshHttp http) =>
        Method == HttpMethod.Delete ? http.DeleteAsync(Path, IdempotencyKey) : http.PostAsync(Path, Body, IdempotencyKey);

    public override string ToString() => $"{Method} {Path} {Body}";
}

/// <summary>What one client was answered, and what it sent without an answer. Only its client touches it while there is load.</summary>
internal sealed class Ledger
{
    public List<AgentEntry> Agents { get; } = [];
    public List<DirectiveEntry> Directives { get; } = [];
    public List<KeyEntry> Keys { get; } = [];

    /// <summary>The last call, where the server was killed before it answered.</summary>
    public Call? Unanswered { get; set; }

    /// <summary>Answers that no client should have got.</summary>
    public List<string> Surprises { get; } = [];
    public int Answers { get; set; }

    /// <summary>Settles the call that was not answered: again with the same idempotency key, or as the server has it.</summary>
    public async Task SettleAsync(MeshHttp http)
    {
        if (Unanswered is not { } call)
        {
            return;
        }

        Unanswered = null;
        if (call.IdempotencyKey is not null)
        {
            var answer = await call.SendAsync(http);
            if (answer.IsDone)
            {
                call.Answered(answer);
            }
            else if (answer.Text("code") != "secret_not_repeatable")
            {
                Surprises.Add($"{call} again -> {answer}");
            }
        }
        else if (call.About is { } agent)
        {
            await AdoptAsync(http, agent);
        }
    }

    private async Task AdoptAsync(MeshHttp http, AgentEntry agent)
    {
        var answer = await http.GetAsync($"agents/{agent.Id}");
        if (answer.Status == 404 && agent.Incarnation == 0)
        {
            Agents.Remove(agent);
            return;
        }

        var incarnation = answer.IsDone ? (int)answer.Number("incarnation") : -1;
        if (incarnation != agent.Incarnation && incarnation != agent.Incarnation + 1)
        {
            Surprises.Add($"agent {agent.Id} was incarnation {agent.Incarnation} and is {answer}");
        }

        agent.Incarnation = incarnation;
        agent.Status = answer.Text("status") ?? "";
        agent.ExitCode = null;
        agent.Specializations.Clear();
    }
}
