using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using SessionMesh.Contracts;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Cli.Tests.Hooks;

/// <summary>One call of the tool, without what comes before the program's name.</summary>
internal sealed record HookCall(string Path, string Query, string Body);

/// <summary>
/// One session of a coding agent's program, whose hooks run the tool against the real server: over a wire that remembers what was said, and
/// by a clock of the tool's own, so that what the tool waits for and what the server waits for are told apart.
/// </summary>
internal sealed class HookedSession : IDisposable
{
    private readonly HookServer _server;
    private readonly string _program;
    private readonly Wire _wire;
    private readonly CountingClock _clock;
    private volatile int _timersAtCall;

    public HookedSession(HookServer server, string program = "claude-code")
    {
        (_server, _program) = (server, program);
        (_wire, _clock) = (new Wire(this), new CountingClock(Time));
        var name = server.NewSession();
        Id = program == "opencode" ? "ses_" + name : name;
        Agent = $"{program.Split('-')[0]}-{name[..8]}";
        Tool = new Tool { Clock = _clock };
        Tool.Env["SESSION_MESH_URL"] = server.Url.AbsoluteUri;
        Tool.Env["SESSION_API_KEY"] = server.RootKey;
    }

    public Tool Tool { get; }

    /// <summary>The tool's clock.</summary>
    public FakeTime Time { get; } = new();

    public string Id { get; }

    /// <summary>The id that its main agent gets.</summary>
    public string Agent { get; }

    /// <summary>What the tool sent, in order.</summary>
    public ConcurrentQueue<HookCall> Calls { get; } = new();

    /// <summary>Answers in the server's place; null where the server does.</summary>
    public volatile Func<CancellationToken, Task<HttpResponseMessage>>? Instead;

    /// <summary>Done before a call goes to the server.</summary>
    public Func<HookCall, Task>? Before { get; set; }

    public string Host { get; } = Environment.MachineName;

    /// <summary>The options that the program's query has at any event.</summary>
    public string Query => $"?receipt=true&host={Uri.EscapeDataString(Host)}";

    /// <summary>Runs the tool for an event.</summary>
    /// <param name="more">Members beside those that each event has.</param>
    /// <param name="options">After the program's name.</param>
    public Task<Ran> TakeAsync(string name, string more = "", string options = "") =>
        RunAsync(
            $$"""{"session_id":"{{Id}}","cwd":"/home/ann/tidy","hook_event_name":"{{name}}"{{(more.Length > 0 ? "," + more : "")}}}""",
            options);

    /// <summary>Runs the tool with that on stdin.</summary>
    public Task<Ran> RunAsync(string input, string options = "") => RunAsync(Encoding.UTF8.GetBytes(input), options);

    public async Task<Ran> RunAsync(byte[] input, string options = "")
    {
        Tool.PipedBytes = input;
        var ran = await Tool.RunAsync($"hook {_program} {options}", _wire);
        Assert.DoesNotContain(Secret, ran.Out + ran.Error, StringComparison.Ordinal);
        return ran;
    }

    /// <summary>An event that is answered with nothing.</summary>
    public async Task PassAsync(string name, string more = "") => Assert.Equal(new Ran(0, "", ""), await TakeAsync(name, more));

    /// <summary>Steers the agent; returns the directive's id.</summary>
    public async Task<string> SteerAsync(string more = """ "direction":"north","message":"go there" """) =>
        (await _server.CallAsync(HttpMethod.Post, "steer", $$"""{"agent_id":"{{Agent}}",{{more}}}"""))["directive_id"]!.GetValue<string>();

    public async Task<string> StateAsync(string directive) =>
        (await _server.CallAsync(HttpMethod.Get, "directives/" + directive))["state"]!.GetValue<string>();

    /// <summary>The server takes a receipt before it has noted what it was for.</summary>
    public Task IsAsync(string directive, string state) =>
        Eventually.True(async () => await StateAsync(directive) == state, () => $"{directive} is {state}");

    public Task<JsonNode> RowAsync() => _server.CallAsync(HttpMethod.Get, "agents/" + Agent);

    /// <summary>What an agent reads of a steer north that says "go there".</summary>
    public string Words(string directive) =>
        $"Session Mesh: a steer from the operator with key {_server.RootKey[4..16]}, sent at "
        + _server.Time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
        + $" to this agent, {Agent} (directive {directive}).\nDirection: north\nMessage: go there\n";

    public string LedgerPath => Path.Combine(Tool.Home, ".local", "state", "session-mesh", "hooks", _program + ".json");

    /// <summary>What the machine remembers of the program's hooks: outcome, why, and events, unheard, unreadable, too large.</summary>
    public (string Outcome, string? Detail, string Counts) Ledger()
    {
        var ledger = JsonNode.Parse(LedgerText)!;
        return (
            ledger["outcome"]!.GetValue<string>(), ledger["detail"]?.GetValue<string>(),
            $"{ledger["events"]} {ledger["unheard"]} {ledger["unreadable"]} {ledger["too_large"]}");
    }

    /// <summary>What the person is told where the mesh does not hear the session.</summary>
    public static string Notice(string why) =>
        $$"""{"systemMessage":"Session Mesh does not hear this session: {{why}}. Try: session-mesh hooks doctor"}""";

    /// <summary>
    /// Lets the tool ask in vain again, some time later each: until it has done so that often, or has ended. An attempt has a bound, so
    /// a pause is a timer that was made after the last call began.
    /// </summary>
    public async Task AskInVainAsync(Task<Ran> running, int times, int seconds = 1)
    {
        for (var i = 0; i < times && !running.IsCompleted; i++)
        {
            var calls = Calls.Count;
            await Eventually.True(() => running.IsCompleted || _clock.Timers > _timersAtCall, () => "the tool waits before it asks again");
            if (running.IsCompleted)
            {
                return;
            }

            Time.Advance(TimeSpan.FromSeconds(seconds));
            await Eventually.True(() => running.IsCompleted || Calls.Count > calls, () => "the tool asks again");
        }
    }

    /// <summary>Lets both clocks pass, when the server holds a call for so long.</summary>
    /// <param name="before">Done while it is held.</param>
    public async Task HoldAsync(int seconds, Action? before = null)
    {
        await _server.Time.ArmedAsync(TimeSpan.FromSeconds(seconds));
        before?.Invoke();
        Time.Advance(TimeSpan.FromSeconds(seconds));
        _server.Time.Advance(TimeSpan.FromSeconds(seconds));
    }

    /// <summary>Nobody is there.</summary>
    public static Func<CancellationToken, Task<HttpResponseMessage>> Away { get; } =
        _ => throw new HttpRequestException(HttpRequestError.ConnectionError, "connection refused");

    /// <summary>Somebody is there, who says nothing.</summary>
    public static Func<CancellationToken, Task<HttpResponseMessage>> Silent { get; } = async cancellation =>
    {
        await Task.Delay(Timeout.Infinite, cancellation);
        throw new InvalidOperationException("a silent server does not answer");
    };

    public static Func<CancellationToken, Task<HttpResponseMessage>> Answer(HttpStatusCode status, string body) => _ =>
        Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent(body, new MediaTypeHeaderValue("text/plain")) });

    /// <summary>Says at once that the agent is to be held, or is at rest, as a server does only after a while.</summary>
    public static Func<CancellationToken, Task<HttpResponseMessage>> AskAgain { get; } = _ =>
        Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StringContent("{}"), Headers = { { "X-Mesh-Again", "hold" } },
        });

    /// <summary>The ledger is looked at when nothing of the session runs any more: a run has it for itself while it writes.</summary>
    public void Dispose()
    {
        var ledger = LedgerText;
        _wire.Dispose();
        Tool.Dispose();
        Assert.DoesNotContain(Secret, ledger, StringComparison.Ordinal);
        Assert.DoesNotContain("THESECRET", ledger, StringComparison.Ordinal);
    }

    private string Secret => _server.RootKey.Split('_')[2];

    private string LedgerText => File.Exists(LedgerPath) ? File.ReadAllText(LedgerPath) : "";

    private sealed class Wire(HookedSession session) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var url = request.RequestUri!;
            var call = new HookCall(
                url.AbsolutePath[Routes.Prefix.Length..], url.Query, await request.Content!.ReadAsStringAsync(cancellationToken));
            session._timersAtCall = session._clock.Timers;
            session.Calls.Enqueue(call);
            if (session.Before is { } before)
            {
                await before(call);
            }

            return session.Instead is { } instead
                ? await instead(cancellationToken)
                : await base.SendAsync(request, cancellationToken);
        }
    }

    /// <summary>The clock, and how often somebody began to wait by it.</summary>
    private sealed class CountingClock(FakeTime time) : TimeProvider
    {
        private int _timers;

        public int Timers => Volatile.Read(ref _timers);

        public override long TimestampFrequency => time.TimestampFrequency;

        public override long GetTimestamp() => time.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => time.GetUtcNow();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = time.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref _timers);
            return timer;
        }
    }
}
