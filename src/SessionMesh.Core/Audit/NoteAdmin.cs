using SessionMesh.Core.State;

namespace SessionMesh.Core.Audit;

/// <summary>Puts an <see cref="AdminRequested"/> into the log.</summary>
public sealed record NoteAdmin : Command<bool>
{
    public required string Operation { get; init; }

    public override Outcome<bool> Decide(MeshDraft draft)
    {
        draft.Emit(new AdminRequested { Subject = Operation });
#if NEXT_LOG_LEVEL
        if (draft.Level >= AdminNoted.OfNextLevel.Level)
        {
            draft.Emit(new AdminNoted { Subject = Operation });
        }
#endif
        return true;
    }
}
