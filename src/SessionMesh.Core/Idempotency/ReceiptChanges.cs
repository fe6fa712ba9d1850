using System.Globalization;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Idempotency;

/// <summary>A call's receipt was kept. Subject: the scope, 32 hex digits. The answer is in the table of receipts alone.</summary>
public sealed record ReceiptKept : Change
{
    public const string Name = "receipt.kept";

    /// <summary>32 hex digits.</summary>
    public required string Request { get; init; }
    public required int Status { get; init; }
    public string? KeyId { get; init; }
    public string? Owner { get; init; }
    public int Size { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => ReceiptChangesJson.Default.ReceiptKept;

    internal override void Apply(MeshDraft draft) =>
        draft.Put(new Receipt(
            Revision,
            UInt128.Parse(Subject, NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            UInt128.Parse(Request, NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            At,
            Status,
            KeyId,
            Owner,
            Size));
}

/// <summary>Receipts below a revision were dropped: their time was over. Subject: <c>receipts</c>.</summary>
public sealed record ReceiptsTrimmed : Change
{
    public const string Name = "receipts.trimmed";
    public required long Below { get; init; }

    [JsonIgnore]
    public override string Kind => Name;

    internal override JsonTypeInfo PayloadType => ReceiptChangesJson.Default.ReceiptsTrimmed;

    internal override void Apply(MeshDraft draft) => draft.TrimReceiptsBelow = Below;
}

/// <summary>The kinds of change of receipts.</summary>
internal static class ReceiptChanges
{
    public static IReadOnlyList<ChangeKind> Kinds { get; } =
    [
        ChangeKind.Of(ReceiptKept.Name, ReceiptChangesJson.Default.ReceiptKept),
        ChangeKind.Of(ReceiptsTrimmed.Name, ReceiptChangesJson.Default.ReceiptsTrimmed),
    ];
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(ReceiptKept))]
[JsonSerializable(typeof(ReceiptsTrimmed))]
internal sealed partial class ReceiptChangesJson : JsonSerializerContext;
