using SessionMesh.Cli.Config.Rules;

namespace SessionMesh.Cli.Balance;

/// <summary>One agent as one look found it.</summary>
internal sealed record Sight(string AgentId, int Incarnation)
{
    /// <summary>Which life of the store the incarnation is of.</summary>
    public long? Epoch { get; init; }
    public string Status { get; init; } = "";
    public bool Paused { get; init; }
    public Readings Readings { get; init; }
}

/// <summary>One look at the fleet.</summary>
/// <param name="Now">The server's clock.</param>
/// <param name="Clock">
/// Time for which the fleet has been watched so far: that of the server, less the gaps in which nobody could look. By it is measured for
/// how long something has held.
/// </param>
internal readonly record struct Look(DateTimeOffset Now, TimeSpan Clock);

/// <summary>What a rule would do now.</summary>
/// <param name="Held">For how long the condition has held.</param>
internal sealed record Proposal(Rule Rule, Sight Agent, TimeSpan Held)
{
    /// <summary><c>load 0.93 &gt; 0.8 for 2m04s</c></summary>
    public string Why
    {
        get
        {
            var readings = Agent.Readings;
            var words = string.Join(", ", Rule.When.Select(condition => condition.Say(readings)));
            return Held > TimeSpan.Zero ? $"{words} for {RuleCondition.Time(Held.TotalSeconds)}" : words;
        }
    }
}
