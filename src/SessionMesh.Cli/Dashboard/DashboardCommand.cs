using System.CommandLine;
using System.Globalization;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Keys;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Contracts.Json;
using SessionMesh.Contracts.Keys;

namespace SessionMesh.Cli.Dashboard;

/// <summary>
/// <c>dashboard</c>: opens the live page, signed in. What travels is a code that works once and for a minute; the page trades it for a key
/// of its own, with less than the caller's. No key is part of an address.
/// </summary>
internal sealed class DashboardCommand : MeshCommand
{
    private static readonly View s_view = View.Single("url", ["url", "expires_at"]);

    private readonly Option<bool> _print = new("--print") { Description = "Print the address, and open nothing" };
    private readonly Option<int?> _ttl =
        Opt.Duration("--ttl", "How long the page's key is valid (default: 1h, and a day at most)", 1, int.MaxValue);

    private readonly Option<string[]> _scopes = KeyOptions.Scope(
        "What the page may do; may be repeated, or with commas (default: see everything, steer and kill, as far as the key in use may)");

    private readonly Option<string[]> _within = KeyOptions.Within("Which agents it is for; repeated, an agent must meet all");

    public DashboardCommand(CliHost host) : base(host, "dashboard", "Open the live page in a browser, signed in.")
    {
        Add(_print);
        Add(_ttl);
        Add(_scopes);
        Add(_within);
        Prints(s_view);
        Examples =
        [
            "session-mesh dashboard",
            "session-mesh dashboard --scope mesh:read --ttl 8h",
            "session-mesh dashboard --print",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        context.Doing = "open the page";
        var scopes = (context.Get(_scopes) ?? [])
            .SelectMany(text => text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries)).ToArray();
        var code = await context.Client.CreateSignInCodeAsync(
            new CreateKeyRequest
            {
                Ttl = context.Get(_ttl),
                Scopes = scopes is [] ? null : scopes,
                Within = context.Get(_within) is { Length: > 0 } within ? within : null,
            },
            cancellation);
        var url = $"{context.Settings.Url.AbsoluteUri.TrimEnd('/')}/#code={code.Code}";
        if (!context.Get(_print) && context.Output.IsTable && context.Host.OutIsTerminal)
        {
            using var file = BrowserFile.Create(context.Host, url);
            if (context.Host.OpenInBrowser(file.Path))
            {
                context.Note("The page opens in your browser, signed in.");
                await Task.Delay(BrowserFile.Life, context.Host.Time, cancellation); // the browser reads the file meanwhile
                return ExitCodes.Done;
            }

            context.Note("No browser could be opened. This address works once, for a minute:");
        }

        context.Output.Write(
            Json.Build(json =>
            {
                json.WriteString("url", url);
                json.WriteString("expires_at", code.ExpiresAt.UtcDateTime.ToString(UtcTimeConverter.Format, CultureInfo.InvariantCulture));
            }),
            s_view);
        return ExitCodes.Done;
    }
}
