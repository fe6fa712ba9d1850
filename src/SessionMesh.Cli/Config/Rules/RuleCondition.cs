using System.Globalization;

namespace SessionMesh.Cli.Config.Rules;

/// <summary>What a rule can look at.</summary>
internal enum RuleMember
{
    Load,
    Inbox,
    Progress,

    /// <summary>Seconds since the last heartbeat.</summary>
    Silence,

    /// <summary>Seconds since the agent became known.</summary>
    Age,
    Activity,
}

/// <summary>What an agent was seen to be. What it has not said is null, and meets no condition.</summary>
internal readonly record struct Readings(
    double? Load = null, double? Inbox = null, double? Progress = null, double? Silence = null, double? Age = null, string? Activity = null)
{
    public double? Of(RuleMember member) => member switch
    {
        RuleMember.Load => Load,
        RuleMember.Inbox => Inbox,
        RuleMember.Progress => Progress,
        RuleMember.Silence => Silence,
        RuleMember.Age => Age,
        _ => null,
    };
}

/// <summary>One member between bounds, or an activity. The bounds themselves do not meet it.</summary>
internal sealed record RuleCondition(RuleMember Member)
{
    public double? Above { get; init; }
    public double? Below { get; init; }
    public string? Activity { get; init; }

    public bool IsTime => Member is RuleMember.Silence or RuleMember.Age;

    public bool Holds(in Readings readings) => Member is RuleMember.Activity
        ? readings.Activity == Activity
        : readings.Of(Member) is { } value && !(value <= Above) && !(value >= Below);

    /// <summary>How far past its bound it is; null for an activity.</summary>
    public double? Excess(in Readings readings) =>
        readings.Of(Member) is not { } value ? null : Above is { } above ? value - above : Below - value;

    /// <summary>Whether the two can never hold at once.</summary>
    public bool Excludes(RuleCondition other) => Member == other.Member && (Member is RuleMember.Activity
        ? Activity != other.Activity
        : IsEmpty(Max(Above, other.Above), Min(Below, other.Below)));

    /// <summary>Whether nothing is between the bounds. An inbox is counted in whole numbers.</summary>
    public bool IsEmpty(double? above, double? below) => above + (Member is RuleMember.Inbox ? 1 : 0) >= below;

    /// <summary><c>load 0.93 &gt; 0.8</c></summary>
    public string Say(in Readings readings)
    {
        var name = NameOf(Member);
        if (Member is RuleMember.Activity)
        {
            return $"{name} {Activity}";
        }

        var value = readings.Of(Member) is { } number ? Number(number) : "unknown";
        return (Above, Below) switch
        {
            ({ } above, { } below) => $"{name} {value} between {Number(above)} and {Number(below)}",
            ({ } above, null) => $"{name} {value} > {Number(above)}",
            (_, var below) => $"{name} {value} < {Number(below ?? 0)}",
        };
    }

    /// <summary>As a file names it.</summary>
    public static string NameOf(RuleMember member) => member.ToString().ToLowerInvariant();

    /// <summary><c>2m04s</c>, <c>1h00m05s</c>.</summary>
    public static string Time(double seconds)
    {
        var time = TimeSpan.FromSeconds(Math.Floor(seconds));
        return time switch
        {
            { TotalMinutes: < 1 } => $"{time.Seconds}s",
            { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}m{time.Seconds:00}s"),
            { TotalDays: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{time.Hours}h{time.Minutes:00}m{time.Seconds:00}s"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalDays}d{time.Hours:00}h{time.Minutes:00}m"),
        };
    }

    private string Number(double value) => IsTime ? Time(value) : value.ToString("0.###", CultureInfo.InvariantCulture);

    private static double? Max(double? one, double? other) => one is null ? other : other is null ? one : Math.Max(one.Value, other.Value);

    private static double? Min(double? one, double? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);
}
