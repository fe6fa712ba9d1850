using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SessionMesh.Contracts;
using SessionMesh.Server.Hosting;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Cli.Tests.Balance;

/// <summary>The real server with a clock that is moved by hand, and balancers that go by the same clock.</summary>
internal sealed class BalancedMesh : IAsyncDisposable
{
    /// <summary>Seconds.</summary>
    public const int Every = 17;

    private readonly string _directory = Directory.CreateTempSubdirectory("balanced-mesh-").FullName;
    private readonly HttpClient _http = new();
    private WebApplication? _app;
    private readonly List<Running> _running = [];
    private Uri _url = null!;

    public FakeTime Time { get; } = new();

    public string RootKey { get; private set; } = "";

    public static async Task<BalancedMesh> StartAsync()
    {
        var mesh = new BalancedMesh();
        await mesh.BootAsync();
        return mesh;
    }

    public async Task StopAsync()
    {
        var app = _app!;
        _app = null;
        await app.StopAsync();
        await app.DisposeAsync();
    }

    public async Task BootAsync()
    {
        var app = MeshServer.Build(["--urls", "http://127.0.0.1:0", "--data", _directory], builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(Time);
            builder.Logging.ClearProviders();
        });
        await app.StartAsync();
        _url = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        RootKey = (await File.ReadAllTextAsync(Path.Combine(_directory, "root.key"))).Trim();
        _app = app;
    }

    /// <summary>A call of the operator's. It must succeed.</summary>
    public async Task<JsonNode> CallAsync(HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(_url, "/api/session-mesh/" + path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", RootKey);
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await _http.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{method} {path}: {text}");
        return JsonNode.Parse(text)!;
    }

    /// <summary>Agents <c>a000</c>, <c>a001</c>…, alive for a day.</summary>
    public async Task FleetAsync(int count, string more = "")
    {
        for (var i = 0; i < count; i++)
        {
            await CallAsync(HttpMethod.Post, "agents", $$"""{"agent_id":"a{{i:000}}","ttl":86400{{more}}}""");
        }
    }

    public Task LoadAsync(double load, params IEnumerable<int> agents) => BeatAsync(
        FormattableString.Invariant($$""" "load":{{load}} """), agents);

    public async Task BeatAsync(string report, params IEnumerable<int> agents)
    {
        var beats = string.Join(',', agents.Select(i => $$"""{"agent_id":"a{{i:000}}",{{report}}}"""));
        var answer = await CallAsync(HttpMethod.Post, "heartbeats", $$"""{"agents":[{{beats}}]}""");
        Assert.Empty(answer["refused"]!.AsArray());
    }

    /// <summary>What was done under a rule's name, oldest first: operation and agent.</summary>
    public async Task<List<string>> ActsAsync(string rule)
    {
        var entries = (await CallAsync(HttpMethod.Get, "audit?limit=1000&outcome=done"))["entries"]!.AsArray();
        return [.. entries.Where(entry => entry!["reason"]?.GetValue<string>() == rule)
            .Select(entry => $"{entry!["operation"]} {entry["subject"]}").Reverse()];
    }

    /// <summary>Begins a balancer, and returns when it waits for the clock, or has ended.</summary>
    /// <param name="wire">Sets up its wire before anything goes over it.</param>
    public async Task<Running> BeginAsync(string rules, string more = "", string? key = null, Action<Wire>? wire = null)
    {
        var clock = new IdleClock(Time);
        var tool = new Tool { Clock = clock };
        tool.Env["SESSION_API_KEY"] = key ?? RootKey;
        var its = new Wire(this);
        wire?.Invoke(its);
        var path = tool.WriteFile("rules.yaml", rules);
        var ran = Task.Run(() => tool.RunAsync($"balance --rules {path} --every {Every}s {more}", its));
        var running = new Running(tool, its, clock, ran);
        _running.Add(running);
        await SettleAsync();
        return running;
    }

    /// <summary>
    /// Lets time pass, a second at a time; after each, the balancers have done what was due, and wait for the clock.
    /// </summary>
    public async Task PassAsync(int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await SettleAsync();
        }
    }

    private Task SettleAsync() => Eventually.True(
        () => _running.TrueForAll(one => one.IsWaiting), () => "the balancers wait for the clock");

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await StopAsync();
        }

        _http.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>A balancer under way.</summary>
    internal sealed record Running(Tool Tool, Wire Wire, IdleClock Clock, Task<Ran> Ran) : IDisposable
    {
        /// <summary>Whether it does nothing until time passes, or a call of it is held.</summary>
        public bool IsWaiting => Ran.IsCompleted || Wire.IsHolding || (!Wire.IsBusy && Clock.IsIdle);

        /// <summary>The end of it; it must come.</summary>
        public Task<Ran> EndAsync() => Ran.WaitAsync(Eventually.Bound);

        public void Dispose() => Tool.Dispose();
    }

    /// <summary>To the server, wherever it is by now; its dates are those of the clock. It can be cut and held.</summary>
    internal sealed class Wire(BalancedMesh mesh) : DelegatingHandler(new SocketsHttpHandler())
    {
        private readonly TaskCompletionSource _go = new();
        private int _underWay;
        private int _matching;
        private volatile bool _isHolding;

        /// <summary>While true, nobody answers.</summary>
        public volatile bool IsCut;

        /// <summary>While true, acts are done and nobody hears of it.</summary>
        public volatile bool LosesAnswers;

        /// <summary>Holds back the call of this path that comes after so many others of it.</summary>
        public (string Path, int After) Hold { get; set; } = ("", -1);

        /// <summary>What was held goes out late, whatever became of its caller: the process was stopped after its last look.</summary>
        public bool SendsLate { get; set; }

        public bool IsHolding => _isHolding;

        public bool IsBusy => Volatile.Read(ref _underWay) > 0;

        public ConcurrentQueue<string> Calls { get; } = new();

        public void LetGo()
        {
            _isHolding = false; // before it goes on: from here on it is busy, and time waits for it
            _go.SetResult();
        }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _underWay);
            try
            {
                var path = request.RequestUri!.PathAndQuery.Replace(Routes.Prefix, "", StringComparison.Ordinal);
                Calls.Enqueue($"{request.Method} {path}");
                if (path == Hold.Path && Interlocked.Increment(ref _matching) == Hold.After + 1)
                {
                    _isHolding = true;
                    await _go.Task; // whatever the caller wants: the process is stopped
                    cancellationToken = SendsLate ? CancellationToken.None : cancellationToken;
                    cancellationToken.ThrowIfCancellationRequested();
                }

                if (IsCut || mesh._app is null)
                {
                    throw new HttpRequestException("nobody is there");
                }

                request.RequestUri = new Uri(mesh._url, request.RequestUri!.PathAndQuery);
                var answer = await base.SendAsync(request, cancellationToken);
                await answer.Content.LoadIntoBufferAsync(cancellationToken);
                if (LosesAnswers && path == "/steers")
                {
                    answer.Dispose();
                    throw new HttpRequestException("the answer is lost");
                }

                answer.Headers.Date = mesh.Time.GetUtcNow();
                return answer;
            }
            finally
            {
                Interlocked.Decrement(ref _underWay);
            }
        }
    }

    /// <summary>A balancer's view of the clock, which knows whether it is waited on: by a pause, not by the bound of a call.</summary>
    internal sealed class IdleClock(TimeProvider time) : TimeProvider
    {
        /// <summary>Whatever takes as long is a bound.</summary>
        private static readonly TimeSpan s_bound = new Client.MeshClientOptions().AttemptTimeout;

        private readonly ConcurrentDictionary<Timer, bool> _pauses = new();

        public bool IsIdle => !_pauses.IsEmpty;

        public override long TimestampFrequency => time.TimestampFrequency;

        public override long GetTimestamp() => time.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => time.GetUtcNow();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            new Timer(this, callback, state, dueTime, period);

        private sealed class Timer : ITimer
        {
            private readonly IdleClock _clock;
            private readonly ITimer _inner;

            public Timer(IdleClock clock, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
            {
                _clock = clock;
                Note(dueTime);
                _inner = clock.Inner.CreateTimer(
                    _ =>
                    {
                        _clock._pauses.TryRemove(this, out var _);
                        callback(state);
                    },
                    null, dueTime, period);
            }

            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                Note(dueTime);
                return _inner.Change(dueTime, period);
            }

            public void Dispose()
            {
                _clock._pauses.TryRemove(this, out _);
                _inner.Dispose();
            }

            public ValueTask DisposeAsync()
            {
                Dispose();
                return ValueTask.CompletedTask;
            }

            private void Note(TimeSpan due)
            {
                if (due > TimeSpan.Zero && due < s_bound)
                {
                    _clock._pauses[this] = true;
                }
                else
                {
                    _clock._pauses.TryRemove(this, out _);
                }
            }
        }

        private TimeProvider Inner => time;
    }
}
