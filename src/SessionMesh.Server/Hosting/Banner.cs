using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using SessionMesh.Contracts;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Store;

namespace SessionMesh.Server.Hosting;

/// <summary>What the server says once it listens: where it is, and what to type next. Never a key.</summary>
internal static class Banner
{
    public static void Print(WebApplication app, TextWriter output)
    {
        var directory = app.Services.GetRequiredService<DataDirectory>();
        var state = app.Services.GetRequiredService<MeshEngine>().State;
        var url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        output.WriteLine($"""
            Session Mesh listens on {url}
              data      {directory.Path} ({state.Slots.Count} agents, revision {state.Revision})
              root key  {directory.RootKeyFile}
              API       {url}{Routes.Swagger}

            Next, in another terminal:
              ./eng/install.sh                                   put session-mesh on your PATH
              session-mesh run --agent-id demo -- sleep 600      a process under the mesh
              session-mesh list                                  who is alive
              session-mesh kill --agent-id demo                  stop it, and see the proof
            or with curl:
              export SESSION_API_KEY=$(cat {directory.RootKeyFile})
              curl -H "Authorization: Bearer $SESSION_API_KEY" {url}{Routes.Alive}
            Ctrl+C stops the server; agents keep running and come back to it.
            """);
    }
}
