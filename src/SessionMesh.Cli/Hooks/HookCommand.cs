using System.CommandLine;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hooks.Openclaw;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Hooks;

/// <summary><c>hook</c>: what runs inside a coding agent, at each of its events. People have no use for it.</summary>
internal sealed class HookCommand : MeshCommand
{
    private const string Openclaw = "openclaw";

    private readonly Argument<string> _agent = new("AGENT") { Description = "Which agent runs it: openclaw" };

    private readonly Option<bool> _key = new("--key")
    {
        Description = "Print where the mesh is and a key for OpenClaw's plugin, as JSON",
    };

    public HookCommand(CliHost host) : base(host, "hook", "What a coding agent runs at its events.", output: false)
    {
        _agent.AcceptOnlyFromAmong(Openclaw);
        Add(_agent);
        Add(_key);
        Validators.Add(result =>
        {
            if (!result.GetValue(_key))
            {
                result.AddError("hook openclaw takes --key: OpenClaw's events are heard by its plugin");
            }
        });
        Usage = "AGENT --key";
        Examples = ["session-mesh hook openclaw --key"];
    }

    protected override Task<int> RunAsync(CommandContext context, CancellationToken cancellation) =>
        OpenclawKey.PrintAsync(context, cancellation);
}
