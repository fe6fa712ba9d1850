using System.Security.Cryptography;

namespace SessionMesh.Server.Options;

/// <summary>What <c>--sandbox</c> was given.</summary>
public sealed record SandboxOptions
{
    /// <summary>Faults to begin with; null for none.</summary>
    public string? FaultFile { get; init; }

    /// <summary>The option or variable that named the directory, or could.</summary>
    public string DataSource { get; init; } = OptionTable.Data.Name;

    /// <summary>Whether it goes on with the directory of a sandbox in the same process, after a restore.</summary>
    public bool IsContinued { get; init; }

    /// <summary>Null without <c>--sandbox</c>.</summary>
    /// <exception cref="StartupException">Faults are given, and no sandbox.</exception>
    internal static SandboxOptions? From(Settings settings) =>
        settings.Flag(OptionTable.Sandbox) ? new SandboxOptions
        {
            FaultFile = settings[OptionTable.SandboxFaults],
            DataSource = settings.SourceOf(OptionTable.Data),
        }
        : settings[OptionTable.SandboxFaults] is null ? null
        : throw new StartupException($"{settings.SourceOf(OptionTable.SandboxFaults)} is given, and only a sandbox fails on demand. "
            + $"Say {OptionTable.Sandbox.Name} too.");

    /// <summary>A directory that is not there yet, and whose name nobody can guess.</summary>
    internal static string NewDirectory() =>
        Path.Combine(Path.GetTempPath(), "session-mesh-sandbox-" + RandomNumberGenerator.GetHexString(12, lowercase: true));
}
