using System.Reflection;

namespace SessionMesh.Server.Options;

/// <summary>Which version of the server this is.</summary>
internal static class Release
{
    /// <summary>The version alone, as in <c>0.1.0</c>.</summary>
    public static readonly string Version = typeof(Release).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
