using System.Reflection;

namespace SessionMesh.Cli.Commands;

/// <summary>The version of this build.</summary>
internal static class ToolVersion
{
    /// <summary>As the assembly states it, without build metadata.</summary>
    public static string Current { get; } = Informational()?.Split('+')[0] ?? "0";

    private static string? Informational() =>
        typeof(ToolVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
}
