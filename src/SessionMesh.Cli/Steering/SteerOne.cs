using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Output;
using SessionMesh.Client;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Steering;

/// <summary>
/// One directive to one agent, and the wait for what became of it. Prints the directive; says why it is not where it was to be.
/// </summary>
internal static class SteerOne
{
    /// <param name="request">With <c>wait</c>; how long is <paramref name="seconds"/>.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(CommandContext context, SteerRequest request, int seconds, CancellationToken cancellation)
    {
        var id = request.AgentId!;
        var directive = await SendAsync(context, request, seconds, cancellation);
        context.Output.Write(directive, DirectiveViews.One);
        if (request.Wait is not { } wanted)
        {
            return ExitCodes.Done;
        }

        var state = Json.Text(directive, "state");
        var code = Proof.ExitCode(state, wanted);
        if (code != ExitCodes.Done)
        {
            context.Note(Proof.Words(id, state, wanted, seconds, Json.Text(directive, "note")));
        }

        return code;
    }

    /// <summary>
    /// The server holds an answer for a minute at most: for longer the same call is sent again, under the same key, which waits
    /// again and steers no agent twice.
    /// </summary>
    private static async Task<JsonElement> SendAsync(
        CommandContext context, SteerRequest request, int seconds, CancellationToken cancellation)
    {
        if (request.Wait is not { } wanted)
        {
            return await context.Client.SendAsync(MeshCall.Steer(request), cancellation);
        }

        var rounds = (seconds + Limits.MaxWait - 1) / Limits.MaxWait;
        var call = MeshCall.Steer(request with { WaitSeconds = (seconds + rounds - 1) / rounds }) with
        {
            IdempotencyKey = MeshCall.NewIdempotencyKey(),
        };
        var began = context.Host.Time.GetTimestamp();
        using var progress = context.ShowProgress(
            () =>
                $"waiting until agent {request.AgentId} has it {wanted}: {context.Host.Time.GetElapsedTime(began).TotalSeconds:0} "
                + $"of {seconds} s");
        try
        {
            while (true)
            {
                var directive = await context.Client.SendAsync(call, cancellation);
                var state = Json.Text(directive, "state");
                if (--rounds <= 0 || Proof.Failed(state) || Proof.Reached(state, wanted))
                {
                    return directive;
                }
            }
        }
        catch (OperationCanceledException)
        {
            progress.Dispose();
            context.Note(Interrupted(request));
            throw;
        }
    }

    /// <summary>What is true when only the wait was ended, in the words of the command that was typed.</summary>
    private static string Interrupted(SteerRequest request) => request.Verb is DirectiveVerb.Pause or DirectiveVerb.Resume
        ? $"the {request.Verb} was sent, unless the server was never reached; 'session-mesh show {request.AgentId}' says whether the agent "
            + "is paused"
        : $"the directive was sent, unless the server was never reached; 'session-mesh history {request.AgentId}' shows what becomes of it";
}
