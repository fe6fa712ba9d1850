using System.Text.Json.Serialization;
using SessionMesh.Core.State;

namespace SessionMesh.Core.Audit;

/// <summary>
/// Somebody asked for what touches the store as a whole. Subject: <c>backup</c>, <c>restore</c>, <c>compact</c> or <c>check</c>. It changes no
/// record; it is in the log for the audit, written before the work begins, so that it says what was asked and not what came of it.
/// </summary>
public sealed record AdminRequested : Change
{
    public const string Name = "admin.requested";

    [JsonIgnore]
    public override string Kind => Name;
}

/// <summary>Puts an <see cref="AdminRequested"/> into the log.</summary>
public sealed record NoteAdmin : Command<bool>
{
    public required string Operation { get; init; }

    public override Outcome<bool> Decide(MeshDraft draft)
    {
        draft.Emit(new AdminRequested { Subject = Operation });
        return true;
    }
}
