using SessionMesh.Cli;
using SessionMesh.Cli.Hosting;

return await SessionMeshTool.RunAsync(args, CliHost.OfThisProcess());
