namespace SessionMesh.Core.Audit;

/// <summary>A change that says why. Of a change's own members the audit shows this one alone.</summary>
public interface IHasReason
{
    /// <summary>Null when none was given.</summary>
    string? Reason { get; }
}
