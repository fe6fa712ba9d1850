namespace SessionMesh.Core.Agents;

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
