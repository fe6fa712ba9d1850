using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Cli.Keys;

/// <summary><c>keys revoke</c>: ends keys and every key minted under them, open streams included.</summary>
internal sealed class RevokeKeyCommand : MeshCommand
{
    /// <summary>A key a line: itself, and those that end with it.</summary>
    private static readonly View s_view = new()
    {
        RowsOf = Rows,
        Names = ["key_id"],
        Table = [Column.Of("revoked", "key_id")],
    };

    private readonly Argument<string[]> _keys = new("key-id")
    {
        Description = "The ids of the keys: what follows smk_",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly Option<bool> _yes = new("--yes", "-y") { Description = "Do not ask; a root key wants --confirm" };
    private readonly Option<string?> _confirm = new("--confirm")
    {
        Description = "Revoke this root key without asking: its id once more",
        HelpName = "KEY-ID",
    };

    public RevokeKeyCommand(CliHost host) : base(host, "revoke", "End keys at once, with every key minted under them.")
    {
        Add(_keys);
        Add(_yes);
        Add(_confirm);
        Prints(s_view, json => json.RevokedKey);
        Usage = "KEY-ID… [options]";
        Examples = ["session-mesh keys revoke 4fT9aB2kQ0xZ --yes", "session-mesh keys revoke 4fT9aB2kQ0xZ 8hU1cD4mR2yA"];
        ExitNotes =
        [
            "1  the answer to the question was no",
            "2  no terminal to ask on, and no --yes, or for a root key no --confirm",
            "7  some of many were not revoked",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        List<string> ids = [.. context.Get(_keys)!.Select(text => KeyViews.IdOf(text, "revoke")).Distinct()];
        if (ids.Count == 0)
        {
            throw CommandException.Usage("no key is named", "session-mesh keys revoke KEY_ID");
        }

        context.Doing = ids.Count == 1 ? $"revoke key {ids[0]}" : $"revoke {ids.Count} keys";
        var confirmed = context.Get(_confirm) is { } text ? KeyViews.IdOf(text, "revoke") : null;
        if (confirmed is not null && !ids.Contains(confirmed))
        {
            throw CommandException.Usage(
                $"--confirm names {confirmed}, and the {(ids.Count == 1 ? "key" : "keys")} to revoke {(ids.Count == 1 ? "is" : "are")} "
                + string.Join(", ", ids),
                "the same id in both places, if it is a root key; the others need no --confirm");
        }

        if (!await AgreedAsync(context, ids, confirmed, cancellation))
        {
            context.Note("nothing was revoked");
            return ExitCodes.Failed;
        }

        if (ids.Count > 1)
        {
            return await RevokeManyAsync(context, ids, cancellation);
        }

        context.Output.Write(await context.Client.SendAsync(MeshCall.RevokeKey(ids[0]), cancellation), s_view);
        return ExitCodes.Done;
    }

    /// <summary>One that is refused does not stop the others, and one that has ended with another is done.</summary>
    private static async Task<int> RevokeManyAsync(CommandContext context, List<string> ids, CancellationToken cancellation)
    {
        var (revoked, refused) = (new List<string>(), new List<(string Id, string Code)>());
        foreach (var id in ids.Where(id => !revoked.Contains(id)))
        {
            try
            {
                revoked.AddRange((await context.Client.RevokeKeyAsync(id, cancellation)).Revoked);
            }
            catch (MeshException e) when (e.Problem is { Status: 404 or 403 } problem)
            {
                refused.Add((id, problem.Code));
                context.Note($"key {id}: {ProblemText.Of(e)}");
            }
        }

        context.Output.Write(Json.Build(json =>
        {
            json.WriteStartArray("revoked"u8);
            foreach (var id in revoked)
            {
                json.WriteStringValue(id);
            }

            json.WriteEndArray();
            json.WriteStartArray("refused"u8);
            foreach (var (id, code) in refused)
            {
                json.WriteStartObject();
                json.WriteString("key_id"u8, id);
                json.WriteString("code"u8, code);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }), s_view);
        if (refused.Count == 0)
        {
            return ExitCodes.Done;
        }

        context.Note($"{ids.Count - refused.Count} of {ids.Count} keys revoked");
        return ExitCodes.Partly;
    }

    /// <summary>
    /// A root key wants its id once more, typed or as <c>--confirm</c>: without it nobody is left who may mint a key, and that is not what
    /// a script says by habit. Other keys want a yes; the question says how many keys end with them.
    /// </summary>
    private async Task<bool> AgreedAsync(CommandContext context, List<string> ids, string? confirmed, CancellationToken cancellation)
    {
        var rest = ids.FindAll(id => id != confirmed);
        if (rest.Count > 0 && !context.Get(_yes) && !context.CanAsk)
        {
            return context.Confirm(""); // refuses
        }

        if (context.Get(_yes) || rest.Count == 0)
        {
            foreach (var id in rest)
            {
                if (await IsRootAsync(context, id, isAlone: ids.Count == 1, cancellation) && !IsTyped(context, id, ""))
                {
                    return false;
                }
            }

            return true;
        }

        var keys = await AllAsync(context, cancellation);
        var below = Below(keys, ids);
        var others = below switch
        {
            0 => "",
            1 => " and 1 key minted under it",
            _ => $" and {below} keys minted under {(ids.Count == 1 ? "it" : "them")}",
        };
        var roots = keys.Where(key => key.ParentId is null && key.Scopes.Contains(Scopes.Admin)).Select(key => key.KeyId);
        foreach (var root in roots.Intersect(rest))
        {
            if (!IsTyped(context, root, others))
            {
                return false;
            }

            if (rest.Count == 1)
            {
                return true;
            }
        }

        var named = ids.Select(id => keys.Find(key => key.KeyId == id)?.SessionKey is { } name ? $"{id} ({name})" : id);
        return context.Confirm(
            $"Revoke key {string.Join(", ", named)}{others}? Streams that {(ids.Count == 1 ? "it" : "they")} opened are cut.");
    }

    private static bool IsTyped(CommandContext context, string id, string others)
    {
        if (context.CanAsk)
        {
            context.Note(
                $"{id} is the root key: without it nobody can mint keys, and only 'session-mesh admin new-root --data DIR' on the stopped "
                + "server makes another");
        }

        return context.Ask(
            $"Type its id to revoke it{others}",
            $"{id} is the root key: without it nobody can mint keys, and --yes alone does not revoke it",
            $"session-mesh keys revoke {id} --confirm {id}, or session-mesh admin new-root for another one in its place") == id;
    }

    /// <summary>Of several, one that is unknown is no root key: it is named when its turn comes, and does not keep the others.</summary>
    private static async Task<bool> IsRootAsync(CommandContext context, string id, bool isAlone, CancellationToken cancellation)
    {
        try
        {
            return IsRoot(await context.Client.SendAsync(MeshCall.Key(id), cancellation));
        }
        catch (MeshException e) when (!isAlone && e.Problem?.Status == 404)
        {
            return false;
        }
    }

    private static bool IsRoot(JsonElement key) =>
        Json.Text(key, "parent_id") is null && key.TryGetProperty("scopes", out var scopes) && scopes.ValueKind == JsonValueKind.Array
        && scopes.EnumerateArray().Any(scope => scope.ValueEquals(Scopes.Admin));

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

    /// <summary>How many keys were minted under these, those aside.</summary>
    private static int Below(List<KeyRow> keys, List<string> ids)
    {
        var children = keys.ToLookup(key => key.ParentId);
        var (found, next) = (new HashSet<string>(ids, StringComparer.Ordinal), new Stack<string>(ids));
        while (next.TryPop(out var parent))
        {
            foreach (var child in children[parent].Where(child => found.Add(child.KeyId)))
            {
                next.Push(child.KeyId);
            }
        }

        return found.Count - ids.Count;
    }

    private static IEnumerable<JsonElement> Rows(JsonElement answer) =>
        answer.TryGetProperty("revoked", out var revoked)
            ? revoked.EnumerateArray().Select(id => Json.Build(json => json.WriteString("key_id"u8, id.GetString())))
            : [];
}
