using Bunit;
using Microsoft.AspNetCore.Components;
using SessionMesh.Client;
using SessionMesh.Contracts.Keys;
using SessionMesh.Contracts.Steering;
using SessionMesh.Dashboard.Keys;
using SessionMesh.Dashboard.Steering;
using SessionMesh.Dashboard.Tests.Support;

namespace SessionMesh.Dashboard.Tests.Rights;

/// <summary>Something that a person can do on the page.</summary>
/// <param name="Calls">Where the page's code does it, see <see cref="CallsOfPage"/>.</param>
/// <param name="OpenAsync">Everything up to the last press.</param>
/// <param name="PressAsync">The last press.</param>
/// <param name="CallAsync">The same without the page; with the id of the key <c>victim</c>.</param>
internal sealed record PageAct(
    string Name, string[] Calls, Func<PageHost, Task<IRenderedComponent<IComponent>>> OpenAsync,
    Func<IRenderedComponent<IComponent>, Task> PressAsync, Func<MeshClient, string, Task> CallAsync)
{
    public override string ToString() => Name;
}

/// <summary>All that a person can do on the page to the mesh: a test finds a call that is in the page and not here.</summary>
internal static class PageActs
{
    /// <summary>Who is acted on: <c>a</c> and <c>b</c>, of the cluster <c>blue</c>.</summary>
    private static readonly (string Name, Targets Targets)[] s_targets =
    [
        ("one", new Targets(["a"])),
        ("many", new Targets(["a", "b"])),
        ("all that match", new Targets(new AgentSelector { Cluster = "blue" })),
    ];

    public static readonly IReadOnlyList<PageAct> All =
    [
        .. s_targets.SelectMany(meant => new[]
        {
            OnAgents("Steer", meant.Name, meant.Targets, "SteerDialog > Acts.SteerAsync"),
            OnAgents("Pause", meant.Name, meant.Targets, "HoldDialog > Acts.SteerAsync"),
            OnAgents("Resume", meant.Name, meant.Targets, "HoldDialog > Acts.SteerAsync"),
            OnAgents("Kill", meant.Name, meant.Targets, "KillDialog > Acts.KillAsync"),
        }),
        .. s_targets.Where(meant => !meant.Targets.IsOne)
            .SelectMany(meant => new[] { Count("Pause", meant.Targets), Count("Kill", meant.Targets) }),
        new PageAct("Mint a key", ["MintDialog > CreateKeyAsync"], OpenMintAsync, page => page.OnAsync("form", form => form.SubmitAsync()),
            (mesh, _) => mesh.CreateKeyAsync(new() { SessionKey = "more", Scopes = [Scopes.MeshRead, Scopes.RegistryWrite] })),
        new PageAct("Revoke a key", ["KeysTab > RevokeKeyAsync"], OpenRevokeAsync,
            page => page.PressAsync("Revoke", "dialog"), (mesh, victim) => mesh.RevokeKeyAsync(victim)),
    ];

    private static PageAct OnAgents(string act, string whom, Targets targets, string call) => new(
        $"{act} {whom}", [call, .. targets.IsOne ? (string[])[] : ["ActBar > Acts.CountAsync"]],
        async host =>
        {
            var bar = host.Page.Render<ActBar>(parameters => parameters.Add(bar => bar.Targets, targets));
            await bar.PressAsync(act, ".acts");
            bar.WaitForAssertion(() => Assert.NotEmpty(bar.FindAll("dialog")));
            if (act == "Steer")
            {
                await bar.OnAsync("#direction", direction => direction.InputAsync("north"));
            }

            return bar;
        },
        page => act == "Steer" ? page.OnAsync("dialog form", form => form.SubmitAsync()) : page.PressAsync(act, "dialog"),
        (mesh, _) => CallAsync(mesh, act, targets with { Expect = targets.IsOne ? null : 2 }));

    /// <summary>Many are counted before anybody is asked: that alone wants the right.</summary>
    private static PageAct Count(string act, Targets targets) => new(
        $"Count for {act}, {(targets.AreNamed ? "many" : "all that match")}", ["ActBar > Acts.CountAsync"],
        host => Task.FromResult<IRenderedComponent<IComponent>>(
            host.Page.Render<ActBar>(parameters => parameters.Add(bar => bar.Targets, targets))),
        page => page.PressAsync(act, ".acts"),
        async (mesh, _) =>
        {
            await CallAsync(mesh, act, targets, dryRun: true);
            throw new NobodyException();
        });

    private static async Task<IRenderedComponent<IComponent>> OpenMintAsync(PageHost host)
    {
        var dialog = host.Page.Render<MintDialog>();
        await dialog.OnAsync("#key-name", field => field.InputAsync("more"));
        await dialog.FindAll(".choice").Single(choice => choice.TextContent.Trim() == Scopes.RegistryWrite).QuerySelector("input")!
            .ChangeAsync(true);
        return dialog;
    }

    private static async Task<IRenderedComponent<IComponent>> OpenRevokeAsync(PageHost host)
    {
        var tab = host.Page.Render<KeysTab>();
        await tab.OnAsync("[aria-label='revoke victim']", revoke => revoke.ClickAsync());
        return tab;
    }

    private static async Task CallAsync(MeshClient mesh, string act, Targets targets, bool dryRun = false)
    {
        if (act == "Kill")
        {
            await (targets.IsOne
                ? mesh.KillAsync(targets.Ids[0])
                : (Task)mesh.KillManyAsync(targets.Selector, expect: targets.Expect, dryRun: dryRun));
            return;
        }

        var request = new SteerRequest
        {
            AgentId = targets.IsOne ? targets.Ids[0] : null,
            Selector = targets.IsOne ? null : targets.Selector,
            Expect = targets.Expect,
            DryRun = dryRun ? true : null,
            Verb = act.ToLowerInvariant(),
            Direction = act == "Steer" ? "north" : null,
        };
        await (targets.IsOne ? mesh.SteerAsync(request) : (Task)mesh.SteerManyAsync(request));
    }
}

/// <summary>The mesh counted, and for this key there is nobody: a dry run is no refusal.</summary>
internal sealed class NobodyException : Exception;
