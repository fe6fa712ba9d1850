using System.Globalization;
using Microsoft.AspNetCore.Components;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Agents;
using SessionMesh.Contracts.Events;
using SessionMesh.Contracts.Keys;
using SessionMesh.Contracts.Steering;
using SessionMesh.Dashboard.Live;
using SessionMesh.Dashboard.SignIn;
using SessionMesh.Dashboard.Steering;

namespace SessionMesh.Dashboard.Agents;

/// <summary>One agent: the evidence that it lives, where it stands, what it was told, and what a person can do.</summary>
public sealed partial class AgentDrawer : ComponentBase, IDisposable
{
    /// <summary>Directives and entries of the log that it shows.</summary>
    private const int Shown = 20;

    private readonly CancellationTokenSource _closed = new();
    private AgentDetail? _agent;
    private IReadOnlyList<Directive> _directives = [];
    private IReadOnlyDictionary<string, string> _meta = new Dictionary<string, string>();
    private string? _fault;
    private ElementReference _title;
    private ActBar? _acts;
    private bool _isLooking, _isAgain, _hasDraft;

    [Parameter, EditorRequired]
    public string AgentId { get; set; } = "";

    [Parameter]
    public EventCallback OnClose { get; set; }

    [Inject]
    private LiveMesh Live { get; set; } = null!;

    [Inject]
    private Viewer Viewer { get; set; } = null!;

    [Inject]
    private PageScript Script { get; set; } = null!;

    [CascadingParameter]
    private Address Address { get; set; } = null!;

    [CascadingParameter(Name = "Go")]
    private Action<Address> Go { get; set; } = null!;

    public void Dispose()
    {
        Live.Changed -= Look;
        Live.Heard -= Hear;
        _closed.Cancel();
        _closed.Dispose();
    }

    protected override async Task OnInitializedAsync()
    {
        Live.Changed += Look;
        Live.Heard += Hear;
        await LookAsync();
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            _hasDraft = await SteerDraft.OfTabAsync(Script) is { } draft && draft.Ids is [var id] && id == AgentId;
            await Script.CallAsync("enterDrawer", _title);
        }

        if (_hasDraft && _acts is not null)
        {
            _hasDraft = false;
            _acts.OpenSteer();
        }
    }

    private static string ExitWords(AgentExit exit)
    {
        var words = new[]
        {
            exit.ExitCode is { } code ? string.Create(CultureInfo.InvariantCulture, $"exit code {code}") : null,
            exit.Signal is { } signal ? "signal " + signal : null,
            exit.Reason is { } reason ? Controls.InertText.Of(reason) : null,
        }.Where(word => word is not null);
        return string.Join(", ", words);
    }

    private static string Start(string message) => message.Length <= 120 ? message : string.Concat(message.AsSpan(0, 120), "…");

    private void Hear(MeshEvent entry)
    {
        if (entry.Subject == AgentId)
        {
            Look();
        }
    }

    private void Look() => _ = InvokeAsync(LookAsync);

    /// <summary>Reads the agent anew; a call while one is under way is one more after it.</summary>
    private async Task LookAsync()
    {
        if (!MeshId.IsValid(AgentId))
        {
            _fault = "An address may say anything: this is no agent's id.";
            return;
        }

        if (_isLooking)
        {
            _isAgain = true;
            return;
        }

        _isLooking = true;
        do
        {
            _isAgain = false;
            try
            {
                var mesh = Viewer.Mesh;
                _agent = await mesh.AgentAsync(AgentId, Shown, _closed.Token);
                _directives = (await mesh.HistoryAsync(AgentId, Shown, cancellation: _closed.Token)).Directives;
                if (_agent.SessionId is { } session && Viewer.May(Scopes.SessionsRead))
                {
                    _meta = (await mesh.SessionAsync(session, _closed.Token)).Meta;
                }

                _fault = null;
            }
            catch (MeshException e)
            {
                _fault = e.Message;
            }
            catch (Exception e) when (e is OperationCanceledException or InvalidOperationException or ObjectDisposedException)
            {
                return; // closed, or signed out
            }

            StateHasChanged();
        }
        while (_isAgain);
        _isLooking = false;
    }
}
