using System.Text.Json.Serialization;
using SessionMesh.Contracts;

namespace SessionMesh.Core.State;

/// <summary>One specialization of one agent.</summary>
public sealed record Skill
{
    /// <summary>In the form of <see cref="SpecializationName"/>.</summary>
    public required string Name { get; init; }

    /// <summary>Of what it is done with, as the agent says it; null for none.</summary>
    public string? Version { get; init; }

    /// <summary>How good it is at it: 0 to 100.</summary>
    public int Level { get; init; } = Limits.DefaultSkillLevel;

    /// <summary>How many jobs it takes at once: 1 to 10,000.</summary>
    public int Capacity { get; init; } = 1;

    /// <summary>Whether nothing was said of it but its name.</summary>
    [JsonIgnore]
    public bool IsPlain => Version is null && Level == Limits.DefaultSkillLevel && Capacity == 1;
}

/// <summary>What is said of a specialization; null keeps what is known, or the default.</summary>
/// <param name="Name">In the form of <see cref="SpecializationName"/>.</param>
public sealed record SkillProfile(string Name, string? Version = null, int? Level = null, int? Capacity = null)
{
    /// <summary>Characters of what can be long.</summary>
    internal int Length => Name.Length + (Version?.Length ?? 0);

    internal static SkillProfile Of(Skill skill) => new(skill.Name, skill.Version, skill.Level, skill.Capacity);

    internal Skill Onto(Skill? known) => new()
    {
        Name = Name,
        Version = Version ?? known?.Version,
        Level = Level ?? known?.Level ?? Limits.DefaultSkillLevel,
        Capacity = Capacity ?? known?.Capacity ?? 1,
    };
}
