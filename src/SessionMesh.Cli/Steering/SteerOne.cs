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
    /// again and steers no agent twice. On the way to an acknowledgement it waits for <c>accepted</c> first, and says so: a handler that
    /// can do no more, such as a steer file, is no reason to wonder until the time is up.
    /// </summary>
    private static async Task<JsonElement> SendAsync(
        CommandContext context, SteerRequest request, int seconds, CancellationToken cancellation)
    {
        if (request.Wait is not { } wanted)
        {
            return await context.Client.SendAsync(MeshCall.Steer(request), cancellation);
        }

        var time = context.Host.Time;
        var began = time.GetTimestamp();
        double Left() => seconds - time.GetElapsedTime(began).TotalSeconds;
        using var progress = context.ShowProgress(
            () => $"waiting until agent {request.AgentId} has it {wanted}: {seconds - Left():0} of {seconds} s");
        try
        {
            var first = wanted is DirectiveState.Acknowledged ? DirectiveState.Accepted : wanted;
            var key = MeshCall.NewIdempotencyKey();
            var directive = await RoundsAsync(
                context, first, seconds,
                each => MeshCall.Steer(request with { Wait = first, WaitSeconds = each }) with { IdempotencyKey = key }, cancellation);
            if (first == wanted || Json.Text(directive, "state") is not DirectiveState.Accepted || Left() < 1)
            {
                return directive;
            }

            context.Note(Proof.Accepted(request.AgentId!, Json.Text(directive, "note")));
            var id = Json.Text(directive, "directive_id")!;
            return await RoundsAsync(
                context, wanted, (int)Math.Ceiling(Left()), each => MeshCall.Directive(id, wanted, each), cancellation);
        }
        catch (OperationCanceledException)
        {
            progress.Dispose();
            context.Note(Interrupted(request));
            throw;
        }
    }

    /// <summary>Sends a call until the directive is so far, or over; as often as its answer has to be held for so long.</summary>
    private static async Task<JsonElement> RoundsAsync(
        CommandContext context, string state, int seconds, Func<int, MeshCall> call, CancellationToken cancellation)
    {
        var rounds = (seconds + Limits.MaxWait - 1) / Limits.MaxWait;
        var each = (seconds + rounds - 1) / rounds;
        while (true)
        {
            var answer = await context.Client.SendAsync(call(each), cancellation);
            var now = Json.Text(answer, "state");
            if (--rounds <= 0 || Proof.Failed(now) || Proof.Reached(now, state))
            {
                return answer;
            }
        }
    }

    /// <summary>What is true when only the wait was ended, in the words of the command that was typed.</summary>
    private static string Interrupted(SteerRequest request) => request.Verb is DirectiveVerb.Pause or DirectiveVerb.Resume
        ? $"the {request.Verb} was sent, unless the server was never reached; 'session-mesh show {request.AgentId}' says whether the agent "
            + "is paused"
        : $"the directive was sent, unless the server was never reached; 'session-mesh history {request.AgentId}' shows what becomes of it";
}
