using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Mcp;

/// <summary><c>mcp</c>: the mesh's MCP server over stdio, for the clients that start one.</summary>
internal sealed class McpCommand : MeshCommand
{
    public McpCommand(CliHost host)
        : base(host, "mcp", "Serve the mesh's tools over stdio, to an MCP client that starts this command.", output: false)
    {
        Examples = ["session-mesh mcp", "session-mesh mcp --key-file ~/.config/mesh/claude.key"];
        ExitNotes = ["0  the client has closed its end", "130  interrupted"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "serve MCP";
        if (context.Host.InIsTerminal)
        {
            context.Note("session-mesh mcp speaks JSON-RPC with the program that starts it; docs/mcp.md says how to add it to one.");
        }

        using var server = new McpServerLink(context);
        await new McpBridge(context, server).RunAsync(cancellation);
        return ExitCodes.Done;
    }
}
