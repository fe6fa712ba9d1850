using System.CommandLine;

namespace SessionMesh.Cli.Commands;

/// <summary>Commands that belong together in the overview.</summary>
internal sealed record CommandGroup(string Title, IReadOnlyList<Command> Commands);
