using SessionMesh.Cli.Commands;
using SessionMesh.Contracts.Sessions;

namespace SessionMesh.Cli.Sessions;

/// <summary>Prints sessions. A version is no member of a record: a person sees it, and <c>--fields</c> can ask for it.</summary>
internal static class SessionOutput
{
    public static bool WithVersion(CommandContext context) => context.Output.IsTable || context.Output.Fields is not null;

    public static void Write(CommandContext context, SessionRow row) =>
        context.Output.Write(SessionShapes.OkSession(row, WithVersion(context)), SessionShapes.Session);
}
