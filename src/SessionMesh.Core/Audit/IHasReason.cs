namespace SessionMesh.Core.Audit;

/// <summary>A change that may have a reason, which is the only one of its own members that the audit shows.</summary>
public interface IHasReason
{
    /// <summary>Null when none was given.</summary>
    string? Reason { get; }
}
