using SessionMesh.EndToEnd.Tests.Support;

namespace SessionMesh.EndToEnd.Tests.Crash;

/// <summary>
/// One client that registers, steers, beats, acknowledges, mints, revokes and kills until the server is gone. It alone
/// speaks for its agents, so that it knows what each answer must have left behind; one agent, the hub, everybody steers.
/// </summary>
internal sealed class LoadClient(int index, AgentEntry hub)
{
    private readonly List<DirectiveEntry> _pending = [];
    private int _counter;

    public Ledger Ledger { get; } = new();

    /// <summary>Runs until a call finds no server.</summary>
    /// <param name="answered">Called after each answer.</param>
    public async Task RunAsync(string url, string rootKey, Random random, Action answered)
    {
        using var http = new MeshHttp(url, rootKey);
        while (true)
        {
            var call = Next(random);
            try
            {
                var answer = await call.SendAsync(http);
                Ledger.Answers++;
                if (answer.IsDone)
                {
                    call.Answered(answer);
                }
                else if (answer.Text("code") != "inbox_full")
                {
                    Ledger.Surprises.Add($"{call} -> {answer}");
                }

                answered();
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                Ledger.Unanswered = call;
                return;
            }
        }
    }

    private Call Next(Random random)
    {
        var alive = Ledger.Agents.Where(agent => agent.IsAlive).ToList();
        if (alive.Count < 3)
        {
            return Register(random, Fresh());
        }

        var agent = alive[random.Next(alive.Count)];
        return random.Next(100) switch
        {
            < 12 => Register(random, Fresh()),
            < 16 => Register(random, agent),
            < 24 => Specialize(random, agent),
            < 50 => Steer(random, agent),
            < 60 => Steer(random, hub),
            < 70 => Beat(random, agent),
            < 86 => Ack(random) ?? Steer(random, agent),
            < 92 => Mint(random, random.Next(2) == 0 ? agent : null),
            < 95 => Revoke(random) ?? Mint(random, null),
            < 97 => Kill(random, agent),
            _ => Exit(random, agent),
        };
    }

    private AgentEntry Fresh()
    {
        var agent = new AgentEntry($"c{index}-{++_counter}");
        Ledger.Agents.Add(agent);
        return agent;
    }

    /// <summary>A new agent, or the next incarnation of one that is alive.</summary>
    private static Call Register(Random random, AgentEntry agent) => Post(
        random, "agents", $$"""{"agent_id":"{{agent.Id}}","ttl":{{(random.Next(2) == 0 ? 60 : 3600)}},"takeover":true}""", agent, answer =>
        {
            agent.Incarnation = (int)answer.Number("incarnation");
        });

    private Call Specialize(Random random, AgentEntry agent)
    {
        var specialization = $"s{++_counter}";
        return Post(
            random,
            "registry",
            $$"""{"specialization":"{{specialization}}","agent_id":"{{agent.Id}}"}""",
            agent,
            _ => agent.Specializations.Add(specialization));
    }

    private Call Steer(Random random, AgentEntry agent)
    {
        var direction = $"c{index}-d{++_counter}";
        return Post(random, "steer", $$"""{"agent_id":"{{agent.Id}}","direction":"{{direction}}"}""", agent == hub ? null : agent, answer =>
        {
            var directive = new DirectiveEntry(answer.Text("directive_id")!, agent, answer.Number("seq"), direction, answer.Text("state")!);
            Ledger.Directives.Add(directive);
            _pending.Add(directive);
        });
    }

    /// <summary>With an ack or two in it, as an agent of ten lines does.</summary>
    private Call Beat(Random random, AgentEntry agent)
    {
        var acks = _pending.Where(directive => directive.Agent == agent && directive.Incarnation == agent.Incarnation).Take(2).ToList();
        _pending.RemoveAll(acks.Contains);
        var body = $$"""
            {"activity":"working","incarnation":{{agent.Incarnation}},
             "acks":[{{string.Join(',', acks.Select(ack => $$"""{"seq":{{ack.Seq}},"state":"acknowledged"}"""))}}]}
            """;
        return new Call(HttpMethod.Post, $"agents/{agent.Id}/heartbeat", body, agent, null, answer =>
        {
            foreach (var ack in acks)
            {
                ack.State = "acknowledged";
            }

            if (answer.Text("refused_acks") is { } refused and not "null")
            {
                Ledger.Surprises.Add($"{agent.Id}: acks were refused: {refused}");
            }

            NoteDeliveries(agent, answer);
        });
    }

    private Call? Ack(Random random)
    {
        _pending.RemoveAll(directive => !directive.Agent.IsAlive || directive.Incarnation != directive.Agent.Incarnation);
        if (_pending.Count == 0)
        {
            return null;
        }

        var directive = _pending[random.Next(_pending.Count)];
        var state = new[] { "accepted", "acknowledged", "acknowledged", "rejected" }[directive.State == "accepted" ? 1 : random.Next(4)];
        if (state != "accepted")
        {
            _pending.Remove(directive);
        }

        return Post(
            random,
            $"agents/{directive.Agent.Id}/directives/{directive.Seq}/ack",
            $$"""{"state":"{{state}}"}""",
            null,
            answer => directive.State = answer.Text("state")!);
    }

    private Call Mint(Random random, AgentEntry? boundTo)
    {
        var body = boundTo is null ? $$"""{"session_key":"c{{index}}-k{{++_counter}}"}""" : $$"""{"agent_id":"{{boundTo.Id}}"}""";
        return Post(
            random, "keys", body, null, answer => Ledger.Keys.Add(new KeyEntry(answer.Text("key_id")!, answer.Text("token")!, boundTo)));
    }

    private Call? Revoke(Random random)
    {
        if (Ledger.Keys.Find(key => key.IsValid && key.BoundTo is null) is not { } key)
        {
            return null;
        }

        // Sent is as good as done here: without an answer nothing can be said of this key.
        Ledger.Keys.Remove(key);
        return new Call(HttpMethod.Delete, $"keys/{key.Id}", null, null, KeyOf(random), _ =>
        {
            key.Revoked = true;
            Ledger.Keys.Add(key);
        });
    }

    private static Call Kill(Random random, AgentEntry agent) => new(
        HttpMethod.Delete, $"agents/{agent.Id}?force=true", null, agent, KeyOf(random), _ => agent.Status = "dead");

    private static Call Exit(Random random, AgentEntry agent)
    {
        var code = random.Next(100);
        return Post(
            random,
            $"agents/{agent.Id}/exit",
            $$"""{"incarnation":{{agent.Incarnation}},"exit_code":{{code}}}""",
            agent,
            _ => (agent.Status, agent.ExitCode) = ("dead", code));
    }

    private void NoteDeliveries(AgentEntry agent, Answer answer)
    {
        foreach (var heard in answer.Json.GetProperty("directives").EnumerateArray())
        {
            var known = Ledger.Directives.Find(directive => directive.Id == heard.Text("directive_id"));
            if (known is null)
            {
                continue;
            }

            if (known.Agent != agent || DirectiveEntry.Rank(heard.Text("state")) < DirectiveEntry.Rank(known.State))
            {
                Ledger.Surprises.Add($"{known.Id} was {known.State} for {known.Agent.Id} and came to {agent.Id} as {heard.GetRawText()}");
            }
            else
            {
                known.State = heard.Text("state")!;
            }
        }
    }

    private static Call Post(Random random, string path, string body, AgentEntry? about, Action<Answer> answered) =>
        new(HttpMethod.Post, path, body, about, KeyOf(random), answered);

    /// <summary>Half of the calls can be repeated safely.</summary>
    private static string? KeyOf(Random random) => random.Next(2) == 0 ? null : $"i{random.NextInt64():x}";
}
