namespace SessionMesh.Contracts.Keys;

/// <summary>What a key may do. Every route names the scope it needs.</summary>
public static class Scopes
{
    public const string MeshRead = "mesh:read";
    public const string RegistryWrite = "registry:write";
    public const string Steer = "steer";
    public const string Kill = "kill";
    public const string SessionsRead = "sessions:read";
    public const string SessionsWrite = "sessions:write";
    public const string KeysMint = "keys:mint";
    public const string AuditRead = "audit:read";

    /// <summary>Everything.</summary>
    public const string Admin = "admin";

    /// <summary>Bound to one agent: register, beat, read and acknowledge its own directives.</summary>
    public const string AgentSelf = "agent:self";

    public static readonly IReadOnlyList<string> All =
        [MeshRead, RegistryWrite, Steer, Kill, SessionsRead, SessionsWrite, KeysMint, AuditRead, Admin, AgentSelf];
}
