namespace SessionMesh.Core.Agents;

/// <summary>
/// What one heartbeat reports; <see cref="double.NaN"/>, <see cref="Activity.Unknown"/> and null keep what was said before.
/// </summary>
/// <param name="ProgressInterval">Seconds; 0 withdraws it.</param>
public readonly record struct Beat(Activity Activity, double Load, double Progress, int? ProgressInterval, string? Note)
{
    /// <summary>"I am here", and nothing else.</summary>
    public static readonly Beat Empty = new(Activity.Unknown, double.NaN, double.NaN, null, null);
}

/// <summary>What is known only from heartbeats; times are on the lease clock.</summary>
/// <param name="ProgressInterval">Seconds; 0 for none.</param>
/// <param name="Moved">Whether it moved again since it stalled, and the log does not say so yet.</param>
/// <param name="HeardThrough">The node that took the last heartbeat; 0 for this one, or for a change of the log.</param>
/// <param name="GrantedTtl">Seconds of the lease that the last heartbeat was granted; 0 for the agent's own TTL.</param>
public readonly record struct Vitals(
    Activity Activity,
    float Load,
    double Progress,
    int ProgressInterval,
    string? Note,
    long TouchedAt,
    long ProgressAt,
    int GrantedTtl,
    bool Connected,
    bool Moved,
    byte HeardThrough)
{
    /// <summary>The vitals of an agent that was never heard.</summary>
    public static readonly Vitals Unheard = new()
    {
        Load = float.NaN,
        Progress = double.NaN,
        TouchedAt = AgentSlot.Never,
        ProgressAt = AgentSlot.Never,
    };

    /// <summary>Whether it was heard, and not what it does.</summary>
    public bool SaysNothing =>
        Activity == Activity.Unknown && float.IsNaN(Load) && double.IsNaN(Progress) && ProgressInterval == 0 && Note is null && !Moved;

    /// <summary>Whether it works, and said how long a step takes at most.</summary>
    public bool HasPromised => Activity == Activity.Working && ProgressInterval > 0 && ProgressAt != AgentSlot.Never;
}

/// <summary>What an agent says it is doing.</summary>
public enum Activity : byte
{
    /// <summary>Not heard yet.</summary>
    Unknown,
    Working,
    Waiting,
    Idle,
}

/// <summary><see cref="Activity"/> as the words of the wire. Allocates nothing.</summary>
public static class ActivityWords
{
    private static readonly string?[] s_words = [null, "working", "waiting", "idle"];

    public static string? Word(this Activity value) => s_words[(int)value];

    /// <summary>The value of a word that was checked before; <see cref="Activity.Unknown"/> for any other.</summary>
    public static Activity Parse(string? word) => Words.TryFind(s_words, word, out Activity value) ? value : default;
}
