using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;

namespace SessionMesh.Cli.Keys;

/// <summary><c>keys show</c>: keys, never their secrets; by default the one in use.</summary>
internal sealed class ShowKeyCommand : MeshCommand
{
    private const string Self = "self";

    private readonly Argument<string[]> _keys = new("key-id")
    {
        Description = $"The ids of the keys, or {Self}: the one in use (default)",
        Arity = ArgumentArity.ZeroOrMore,
    };

    public ShowKeyCommand(CliHost host) : base(host, "show", "Show keys: what they may do, to whom, and until when.")
    {
        Add(_keys);
        Prints(KeyViews.One, json => json.KeyRow);
        Examples = ["session-mesh keys show", "session-mesh keys show 4fT9aB2kQ0xZ -o json"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        List<string> ids = [.. context.Get(_keys)!.Select(text => text == Self ? Self : KeyViews.IdOf(text, "show")).Distinct()];
        if (ids is [] or [_])
        {
            var id = ids is [var one] && one != Self ? one : null;
            context.Doing = id is null ? "show the key in use" : $"show key {id}";
            context.Output.Write(await context.Client.SendAsync(CallOf(id ?? Self), cancellation), KeyViews.One);
            return ExitCodes.Done;
        }

        context.Doing = $"show {ids.Count} keys";
        var rows = new List<JsonElement>();
        foreach (var id in ids)
        {
            rows.Add(await context.Client.SendAsync(CallOf(id), cancellation));
        }

        context.Output.Write(Json.Build(json =>
        {
            json.WriteStartArray("keys"u8);
            foreach (var row in rows)
            {
                row.WriteTo(json);
            }

            json.WriteEndArray();
            json.WriteNumber("count"u8, rows.Count);
        }), KeyViews.List);
        return ExitCodes.Done;
    }

    private static MeshCall CallOf(string id) => id == Self ? MeshCall.OwnKey() : MeshCall.Key(id);
}
