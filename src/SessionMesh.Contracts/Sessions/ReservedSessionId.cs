namespace SessionMesh.Contracts.Sessions;

/// <summary>
/// Ids that no session has, because <c>GET /sessions/{id}</c> with one of them is another call. A tool that is asked for such a session
/// knows without asking that there is none.
/// </summary>
public static class ReservedSessionId
{
    public static bool Is(string id) => id is "stats" or "export";
}
