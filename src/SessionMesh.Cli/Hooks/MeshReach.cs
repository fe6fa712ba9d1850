using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Client;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Cli.Hooks;

/// <summary>Whether the hook command reaches the mesh from here: one real call, with the key that it would show.</summary>
/// <param name="Url">Null where settings do not even say which server.</param>
/// <param name="Why">Why not; null where it does.</param>
/// <param name="Mend">What to type then.</param>
internal sealed record MeshReach(string? Url, string? KeySource, string? Why, string? Mend)
{
    /// <summary>Whether the key gets another, for a plugin that speaks to the mesh itself. False where the mesh is not reached.</summary>
    public bool MintsKeys { get; private init; }

    public static async Task<MeshReach> AskAsync(CommandContext context, CancellationToken cancellation)
    {
        try
        {
            var (url, source) = (context.Settings.Url.AbsoluteUri.TrimEnd('/'), context.Settings.KeySource);
            var scopes = new HashSet<string?>();
            var (why, mend) = await WhyNotAsync(context, scopes, cancellation);
            return new(url, source, why, mend) { MintsKeys = scopes.Overlaps([Scopes.KeysMint, Scopes.Admin]) };
        }
        catch (CommandException e)
        {
            return new(null, null, e.Message, e.Next);
        }
    }

    private static async Task<(string? Why, string? Mend)> WhyNotAsync(
        CommandContext context, HashSet<string?> scopes, CancellationToken cancellation)
    {
        try
        {
            var key = await context.Client.SendAsync(MeshCall.OwnKey(), cancellation);
            scopes.UnionWith(key.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()));
            return scopes.Overlaps([Scopes.RegistryWrite, Scopes.Admin])
                ? (null, null)
                : ($"the key from {context.Settings.KeySource} lacks {Scopes.RegistryWrite}",
                    $"session-mesh keys create --scope {Scopes.MeshRead},{Scopes.RegistryWrite}");
        }
        catch (MeshException e)
        {
            var (_, problem, next) = Errors.Explain(e, context);
            return (problem.Detail, next);
        }
    }
}
