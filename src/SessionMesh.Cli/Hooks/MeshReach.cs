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
    public static async Task<MeshReach> AskAsync(CommandContext context, CancellationToken cancellation)
    {
        try
        {
            var (url, source) = (context.Settings.Url.AbsoluteUri.TrimEnd('/'), context.Settings.KeySource);
            var (why, mend) = await WhyNotAsync(context, cancellation);
            return new(url, source, why, mend);
        }
        catch (CommandException e)
        {
            return new(null, null, e.Message, e.Next);
        }
    }

    private static async Task<(string? Why, string? Mend)> WhyNotAsync(CommandContext context, CancellationToken cancellation)
    {
        try
        {
            var key = await context.Client.SendAsync(MeshCall.OwnKey(), cancellation);
            return key.GetProperty("scopes").EnumerateArray().Any(scope => scope.GetString() is Scopes.RegistryWrite or Scopes.Admin)
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
