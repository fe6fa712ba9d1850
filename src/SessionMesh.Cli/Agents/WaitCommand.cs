using System.CommandLine;
using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Cli.Targets;
using SessionMesh.Client;
using SessionMesh.Contracts.Agents;

namespace SessionMesh.Cli.Agents;

/// <summary><c>wait</c>: returns when an agent is as asked for, for scripts that go on from there.</summary>
internal sealed class WaitCommand : MeshCommand
{
    private const string Paused = "paused";
    private const int DefaultWait = 30;
    private const int LongestWait = 86_400;

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);

    private readonly AgentIdOption _agent;

    private readonly Option<string?> _for = Opt.Choice(
        "--for", "What to wait for", [AgentStatus.Alive, AgentStatus.Dead, AgentActivity.Idle, Paused]);

    private readonly Option<int?> _waitSeconds =
        Opt.Duration("--wait-seconds", $"How long, {DefaultWait}s by default", 1, LongestWait);

    public WaitCommand(CliHost host) : base(host, "wait", "Wait until an agent is alive, dead, idle or paused.")
    {
        _agent = new AgentIdOption(this, host);
        _for.Required = true;
        Add(_for);
        Add(_waitSeconds);
        Usage = "AGENT --for STATE [options]";
        Prints(AgentDetailView.All, json => json.AgentDetail);
        Examples = ["session-mesh wait 123 --for alive", "session-mesh wait 123 --for dead --wait-seconds 10m"];
        ExitNotes =
        [
            "0  it is so; the agent as it then was is printed",
            "3  no such agent; with --for alive one is waited for",
            "6  the server was never there, or is away when the time is up",
            "10 it was not so when the time was up",
        ];
    }

    protected override async Task<int> RunAsync(CommandContext context, CancellationToken cancellation)
    {
        var (id, wanted) = (_agent.Require(context), context.Get(_for)!);
        context.Doing = $"wait for agent {id}";
        var bound = context.Get(_waitSeconds) ?? DefaultWait;
        var began = context.Host.Time.GetTimestamp();
        using var progress = context.ShowProgress(
            () => $"waiting until agent {id} is {wanted}: {context.Host.Time.GetElapsedTime(began).TotalSeconds:0} of {bound} s");
        var last = "not known";
        var away = new Absence(context);
        while (true)
        {
            var isOver = context.Host.Time.GetElapsedTime(began) >= TimeSpan.FromSeconds(bound);
            if (await away.OverAsync(() => LookAsync(context, id, wanted, cancellation), isOver) is { } agent)
            {
                if (Is(agent, wanted))
                {
                    progress.Dispose();
                    context.Output.Write(agent, AgentDetailView.All);
                    return ExitCodes.Done;
                }

                last = Json.Text(agent, "status") ?? last;
            }

            if (isOver)
            {
                progress.Dispose();
                context.Note($"agent {id} was not {wanted} after {bound} s; it is {last}");
                return ExitCodes.TimedOut;
            }

            await Task.Delay(s_interval, context.Host.Time, cancellation);
        }
    }

    /// <summary>The agent, or null for one that is not known and may still come.</summary>
    private static async Task<JsonElement?> LookAsync(CommandContext context, string id, string wanted, CancellationToken cancellation)
    {
        try
        {
            return await context.Client.SendAsync(MeshCall.Agent(id), cancellation);
        }
        catch (MeshException e) when (e.Status == 404 && wanted == AgentStatus.Alive)
        {
            return null;
        }
    }

    private static bool Is(JsonElement agent, string wanted)
    {
        var status = Json.Text(agent, "status");
        return wanted switch
        {
            Paused => status == AgentStatus.Alive && Json.IsTrue(agent, "paused"),
            AgentActivity.Idle => status == AgentStatus.Alive && Json.Text(agent, "activity") == AgentActivity.Idle,
            _ => status == wanted,
        };
    }

    /// <summary>A server that was never there is an error; one that goes away is waited for, as long as there is time.</summary>
    private sealed class Absence(CommandContext context)
    {
        private bool _wasThere;
        private bool _isAway;

        /// <param name="isLast">Whether there is no time to wait any longer.</param>
        /// <returns>What the look found; null while the server is away.</returns>
        public async Task<JsonElement?> OverAsync(Func<Task<JsonElement?>> lookAsync, bool isLast)
        {
            try
            {
                var found = await lookAsync();
                _wasThere = true;
                Say(isAway: false, "connected again");
                return found;
            }
            catch (MeshException e) when (
                _wasThere && !isLast && (e.Failure is MeshFailure.Unreachable || e.Status is 408 or 429 or >= 500))
            {
                Say(isAway: true, "the server has gone; reconnecting");
                return null;
            }
        }

        private void Say(bool isAway, string words)
        {
            if (_isAway != isAway && context.Output.IsTable)
            {
                context.Note(words);
            }

            _isAway = isAway;
        }
    }
}
