using System.Text.Json.Serialization;

namespace SessionMesh.Core;

/// <summary>Where an agent stands. Order and names are stored; append only.</summary>
public enum Liveness : byte
{
    /// <summary>Known, never had a session.</summary>
    Declared,
    Alive,

    /// <summary>Lease lapsed by less than one TTL.</summary>
    Suspect,
    Lost,

    /// <summary>A stop directive is out and its grace runs.</summary>
    Stopping,
    Dead,
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

/// <summary>How far a directive has come. The first three are pending, the others final. Stored; append only.</summary>
public enum DeliveryState : byte
{
    Queued,

    /// <summary>Written to a socket.</summary>
    Delivered,

    /// <summary>Taken over by a go-between.</summary>
    Accepted,
    Acknowledged,
    Rejected,
    Expired,
    Cancelled,
    Undeliverable,
}

/// <summary>The enums above as the lower-case words of the wire and the log. Allocates nothing.</summary>
public static class Words
{
    private static readonly string[] s_liveness = ["declared", "alive", "suspect", "lost", "stopping", "dead"];
    private static readonly string?[] s_activity = [null, "working", "waiting", "idle"];
    private static readonly string[] s_verbs = ["steer", "pause", "resume", "stop"];

    private static readonly string[] s_states =
        ["queued", "delivered", "accepted", "acknowledged", "rejected", "expired", "cancelled", "undeliverable"];

    private static readonly string[] s_directiveKinds = Array.ConvertAll(s_states, s => "directive." + s);

    public static string Word(this Liveness value) => s_liveness[(int)value];
    public static string? Word(this Activity value) => s_activity[(int)value];
    public static string Word(this Verb value) => s_verbs[(int)value];
    public static string Word(this DeliveryState value) => s_states[(int)value];

    /// <summary><c>directive.STATE</c>: the kind of the change that moved a directive there.</summary>
    public static string ChangeKind(this DeliveryState value) => s_directiveKinds[(int)value];

    public static bool IsPending(this DeliveryState value) => value <= DeliveryState.Accepted;

    public static bool TryParse(string? word, out Liveness value) => TryFind(s_liveness, word, out value);
    public static bool TryParse(string? word, out Activity value) => TryFind(s_activity, word, out value) && value != Activity.Unknown;
    public static bool TryParse(string? word, out Verb value) => TryFind(s_verbs, word, out value);
    public static bool TryParse(string? word, out DeliveryState value) => TryFind(s_states, word, out value);

    /// <summary>The value of a word that was checked before; the first value for any other.</summary>
    public static Activity ToActivity(string? word) => TryParse(word, out Activity value) ? value : default;

    /// <inheritdoc cref="ToActivity"/>
    public static Verb ToVerb(string? word) => TryParse(word, out Verb value) ? value : default;

    /// <inheritdoc cref="ToActivity"/>
    public static DeliveryState ToDeliveryState(string? word) => TryParse(word, out DeliveryState value) ? value : default;

    private static bool TryFind<T>(string?[] words, string? word, out T value) where T : struct, Enum
    {
        var at = word is null ? -1 : Array.IndexOf(words, word);
        value = at < 0 ? default : (T)Enum.ToObject(typeof(T), (byte)at);
        return at >= 0;
    }
}
