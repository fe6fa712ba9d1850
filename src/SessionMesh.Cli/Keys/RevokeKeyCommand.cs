using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Cli.Keys;

/// <summary><c>keys revoke</c>: ends a key and every key minted under it, open streams included.</summary>
internal sealed class RevokeKeyCommand : MeshCommand
{
    /// <summary>A key a line: itself, and those that end with it.</summary>
    private static readonly View s_view = new()
    {
        RowsOf = Rows,
        Names = ["key_id"],
        Table = [Column.Of("revoked", "key_id")],
    };

    private readonly Argument<string?> _key = new("key-id")
    {
        Description = "The id of the key: what follows smk_",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<bool> _yes = new("--yes", "-y") { Description = "Do not ask" };

    public RevokeKeyCommand(CliHost host) : base(host, "revoke", "End a key at once, with every key minted under it.")
    {
        Add(_key);
        Add(_yes);
        Examples = ["session-mesh keys revoke 4fT9aB2kQ0xZ --yes"];
        ExitNotes = ["2  no terminal to ask on, and no --yes"];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var id = KeyViews.IdOf(
            context.Get(_key) ?? throw CommandException.Usage("no key is named", "session-mesh keys revoke KEY_ID"), "revoke");
        context.Doing = $"revoke key {id}";
        if (!context.Get(_yes) && !await AgreedAsync(context, id, cancellation))
        {
            context.Note("nothing was revoked");
            return ExitCodes.Failed;
        }

        context.Output.Write(await context.Client.SendAsync(MeshCall.RevokeKey(id), cancellation), s_view);
        return ExitCodes.Done;
    }

    /// <summary>
    /// The question says how many keys end with it. With the root key nobody is left who may mint one: its id has to be typed.
    /// </summary>
    private static async Task<bool> AgreedAsync(CommandContext context, string id, CancellationToken cancellation)
    {
        if (!context.CanAsk)
        {
            return context.Confirm(""); // refuses
        }

        var keys = await AllAsync(context, cancellation);
        var key = keys.FirstOrDefault(one => one.KeyId == id);
        var below = Below(keys, id).Count;
        var others = below switch
        {
            0 => "",
            1 => " and 1 key minted under it",
            _ => $" and {below} keys minted under it",
        };
        if (key is null || key.ParentId is not null || !key.Scopes.Contains(Scopes.Admin))
        {
            var named = key?.SessionKey is { } name ? $" ({name})" : "";
            return context.Confirm($"Revoke key {id}{named}{others}? Streams that it opened are cut.");
        }

        context.Note(
            $"{id} is the root key: without it nobody can mint keys, and only 'session-mesh admin new-root --data DIR' on the stopped "
            + "server makes another");
        return context.Ask($"Type its id to revoke it{others}", "", "") == id;
    }

    private static async Task<List<KeyRow>> AllAsync(CommandContext context, CancellationToken cancellation)
    {
        var keys = new List<KeyRow>();
        for (string? cursor = null; ;)
        {
            var page = await context.Client.KeysAsync(Limits.MaxPage, cursor, cancellation: cancellation);
            keys.AddRange(page.Keys);
            if ((cursor = page.NextCursor) is null)
            {
                return keys;
            }
        }
    }

    private static HashSet<string> Below(List<KeyRow> keys, string id)
    {
        var children = keys.ToLookup(key => key.ParentId);
        var (found, next) = (new HashSet<string>(StringComparer.Ordinal), new Stack<string>([id]));
        while (next.TryPop(out var parent))
        {
            foreach (var child in children[parent].Where(child => found.Add(child.KeyId)))
            {
                next.Push(child.KeyId);
            }
        }

        return found;
    }

    private static IEnumerable<JsonElement> Rows(JsonElement answer) =>
        answer.TryGetProperty("revoked", out var revoked)
            ? revoked.EnumerateArray().Select(id => Json.Build(json => json.WriteString("key_id"u8, id.GetString())))
            : [];
}
