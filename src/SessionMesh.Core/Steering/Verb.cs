using System.Text.Json.Serialization;

namespace SessionMesh.Core.Steering;

/// <summary>What a directive asks for. Stored; append only.</summary>
public enum Verb : byte
{
    [JsonStringEnumMemberName("steer")]
    Steer,

    [JsonStringEnumMemberName("pause")]
    Pause,

    [JsonStringEnumMemberName("resume")]
    Resume,

    [JsonStringEnumMemberName("stop")]
    Stop,
}

/// <summary>Several of <see cref="Verb"/>: what one listener of an inbox hears. Never stored.</summary>
[Flags]
public enum VerbSet : byte
{
    None = 0,
    Steer = 1 << Verb.Steer,
    Pause = 1 << Verb.Pause,
    Resume = 1 << Verb.Resume,
    Stop = 1 << Verb.Stop,
    All = Steer | Pause | Resume | Stop,
}

/// <summary><see cref="VerbSet"/> and its members.</summary>
public static class VerbSets
{
    public static VerbSet Alone(this Verb verb) => (VerbSet)(1 << (int)verb);

    public static bool Has(this VerbSet verbs, Verb verb) => (verbs & verb.Alone()) != VerbSet.None;
}

/// <summary><see cref="Verb"/> as the words of the wire and the log. Allocates nothing.</summary>
public static class VerbWords
{
    private static readonly string[] s_words = ["steer", "pause", "resume", "stop"];

    public static string Word(this Verb value) => s_words[(int)value];

    /// <summary>The value of a word that was checked before; <see cref="Verb.Steer"/> for any other.</summary>
    public static Verb Parse(string? word) => Words.TryFind(s_words, word, out Verb value) ? value : default;
}
