using SessionMesh.Client;

namespace SessionMesh.Cli.Config.Rules;

/// <summary>One rule of a file: whom it is about, when it acts, what it does, and its bounds. It is checked when it is read.</summary>
/// <param name="Name">Unique in its file. The reason of what it does, in the audit.</param>
internal sealed record Rule(string Name)
{
    /// <summary>Rules of one file.</summary>
    public const int MaxRules = 1_000;

    /// <summary>Agents an interval that one rule may act on: what one person could still look at.</summary>
    public const int MaxAtMost = 1_000;

    /// <summary>Seconds.</summary>
    public const int DefaultCoolDown = 600;

    /// <summary>Seconds: as long as the mesh remembers an <c>Idempotency-Key</c>.</summary>
    public const int MaxCoolDown = Contracts.Limits.IdempotencyHours * 3600;

    /// <summary>Without fields, limit and cursor.</summary>
    public required AgentQuery Select { get; init; }

    /// <summary>All of them must hold.</summary>
    public required IReadOnlyList<RuleCondition> When { get; init; }

    /// <summary>For how long they must have held.</summary>
    public TimeSpan For { get; init; }

    /// <summary>What must hold before the rule acts on the same agent again; null for: <see cref="When"/> no longer holds.</summary>
    public IReadOnlyList<RuleCondition>? Until { get; init; }

    /// <summary>For how long that must have held.</summary>
    public TimeSpan UntilFor { get; init; }
    public required RuleAct Act { get; init; }

    /// <summary>Agents that it acts on in one interval.</summary>
    public required int AtMost { get; init; }

    /// <summary>Between two acts on one agent.</summary>
    public required TimeSpan CoolDown { get; init; }

    /// <summary>What of an agent it looks at.</summary>
    public IEnumerable<RuleMember> Members => When.Concat(Until ?? []).Select(condition => condition.Member).Distinct();
}

/// <summary>What a rule does to an agent.</summary>
/// <param name="Verb">A word of <see cref="Verbs"/>.</param>
internal sealed record RuleAct(string Verb)
{
    public const string Kill = "kill";

    public static readonly IReadOnlyList<string> Verbs = [.. Contracts.Steering.DirectiveVerb.Steerable, Kill];

    /// <summary>Of a steer.</summary>
    public string? Direction { get; init; }
    public string? Message { get; init; }

    /// <summary>Seconds for which a directive may be delivered; null for the server's default.</summary>
    public int? Ttl { get; init; }

    /// <summary>Seconds, of a kill; null for the server's default.</summary>
    public int? Grace { get; init; }

    /// <summary>Of a kill: <c>descendants</c> or <c>none</c>; null for the server's default.</summary>
    public string? Cascade { get; init; }

    /// <summary>The direction, or the verb: <c>west</c>, <c>pause</c>.</summary>
    public string Word => Direction ?? Verb;
}
