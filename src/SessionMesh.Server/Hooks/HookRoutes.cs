using System.Text.Json;
using SessionMesh.Contracts;
using SessionMesh.Core.Keys;
using SessionMesh.Server.Auth;
using SessionMesh.Server.OpenApi;

namespace SessionMesh.Server.Hooks;

internal static class HookRoutes
{
    private const string Tag = "Hooks";

    private static readonly RequiredScope s_write = new(ScopeSet.RegistryWrite);

    public static IServiceCollection AddHooks(this IServiceCollection services) => services
        .AddSingleton<HookSessions>()
        .AddSingleton<HookRegistrar>()
        .AddSingleton<HookTurns>()
        .AddSingleton<HookEndpoints>();

    public static void MapHooks(this IEndpointRouteBuilder routes)
    {
        var hooks = routes.ServiceProvider.GetRequiredService<HookEndpoints>();
        routes.MapPost(Routes.Hooks + "/{program}", hooks.Take)
            .Describe(hooks.Take, "takeHookEvent", Tag, s_write, "An event of a coding agent's hook",
                "Takes the event as the program writes it (`claude-code`, `codex`, `gemini`, `opencode`), up to 16 MiB, and answers as the "
                + "program reads it; `{}` is nothing to say. An event that is not understood is answered so too. The first event of a "
                + "session registers its agent; a steer rides out with the answer to the next event that can carry one.")
            .WithQuery("host", "For the label `host` of a new agent.")
            .WithQuery("parent", "The agent above a new one.")
            .WithFlag("detail", "Report the beginning of the tool's arguments too.")
            .WithQuery("hold", "Seconds to hold a tool of a paused agent, 0 to 570; then `X-Mesh-Again: hold` asks for the same event "
                + "again. Without it the tool is held for 570 s, and then denied.")
            .WithFlag("deny", "With `hold`: deny the tool when it was held in vain, and do not ask again.")
            .WithQuery("wake", "Seconds to wait for words to a session at rest, 0 to 60: the answer is `{\"words\"}`, or nothing once the "
                + "session is over or another waits; `X-Mesh-Again: wake` asks for another call.")
            .WithFlag("receipt", "The caller says when it has written the answer, by an event `session-mesh:written` with the number in "
                + "`X-Mesh-Receipt`. Otherwise an answer counts as written when it is on the connection.")
            .Takes<JsonElement>().Answers<JsonElement>(200, 404).Mutates();
    }
}
