using System.Reflection;
using System.Runtime.InteropServices;

namespace SessionMesh.EndToEnd.Tests.Support;

/// <summary>What the build made, and the runtime to run it with.</summary>
internal static class Built
{
    /// <summary>The server's assembly, to be run with <see cref="Dotnet"/>.</summary>
    public static string Server { get; } = Existing("Server", Made("Server"));

    /// <summary>The core of a later version, whose log has a kind of change more; see SessionMesh.Core.csproj.</summary>
    public static string NextCore { get; } = Existing("NextCore", Made("NextCore"));

    /// <summary>
    /// The tool's executable: the installed one that <c>MESH_TEST_TOOL</c> names, as eng/test.sh does, else the one that was
    /// built beside these tests.
    /// </summary>
    public static string Tool { get; } = Existing("Tool", Environment.GetEnvironmentVariable("MESH_TEST_TOOL") ?? Made("Tool"));

    /// <summary>The root of the repository: its scripts and its documents.</summary>
    public static string Repository { get; } = Made("Repository");

    /// <summary>How these tests were built, and all that is built with them.</summary>
    public static string Configuration { get; } = Made("Configuration");

    /// <summary>The script that installs the tool.</summary>
    public static string Install { get; } = Path.Combine(Repository, "eng", "install.sh");

    /// <summary>
    /// The root of the runtime that runs these tests: DIR/shared/Microsoft.NETCore.App/VERSION/ is where the runtime itself lies.
    /// </summary>
    public static string DotnetRoot { get; } = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    public static string Dotnet { get; } = Path.Combine(DotnetRoot, "dotnet");

    private static string Made(string name) =>
        typeof(Built).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == name).Value!;

    private static string Existing(string name, string path) =>
        File.Exists(path) ? path : throw new FileNotFoundException($"the {name} has not been built", path);
}
