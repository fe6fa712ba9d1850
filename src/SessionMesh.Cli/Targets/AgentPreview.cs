using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Client;

namespace SessionMesh.Cli.Targets;

/// <summary>A dry run on one agent: shows it and does nothing.</summary>
internal static class AgentPreview
{
    public static async Task<int> ShowAsync(CommandContext context, string id, string undone, CancellationToken cancellation)
    {
        context.Output.Write(await context.Client.SendAsync(MeshCall.Agent(id), cancellation), AgentDetailView.All);
        context.Note($"dry run: {undone}");
        return ExitCodes.Done;
    }
}
