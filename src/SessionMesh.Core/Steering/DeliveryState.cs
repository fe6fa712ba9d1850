namespace SessionMesh.Core.Steering;

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

/// <summary><see cref="DeliveryState"/> as the words of the wire and the log. Allocates nothing.</summary>
public static class DeliveryStateWords
{
    private static readonly string[] s_words =
        ["queued", "delivered", "accepted", "acknowledged", "rejected", "expired", "cancelled", "undeliverable"];

    private static readonly string[] s_kinds = Array.ConvertAll(s_words, word => "directive." + word);

    public static string Word(this DeliveryState value) => s_words[(int)value];

    /// <summary><c>directive.STATE</c>: the kind of the change that moved a directive there.</summary>
    public static string Kind(this DeliveryState value) => s_kinds[(int)value];

    public static bool IsPending(this DeliveryState value) => value <= DeliveryState.Accepted;

    public static bool TryParse(string? word, out DeliveryState value) => Words.TryFind(s_words, word, out value);

    /// <summary>The value of a word that was checked before; <see cref="DeliveryState.Queued"/> for any other.</summary>
    public static DeliveryState Parse(string? word) => TryParse(word, out var value) ? value : default;
}
