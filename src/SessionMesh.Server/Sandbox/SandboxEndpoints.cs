using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Sandbox;
using SessionMesh.Core;
using SessionMesh.Core.Audit;
using SessionMesh.Core.State;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Sandbox;

/// <summary><c>/sandbox</c>: sets faults and moves the clock. Each call is in the log.</summary>
public sealed class SandboxEndpoints(
    Faults faults, SandboxClock clock, MeshEngine engine, Mutations mutations, ProblemWriter problems)
{
    public async Task SetFault(HttpContext http)
    {
        var target = default(FaultTarget);
        var request = await Mutations.ReadAsync(http, MeshJson.Default.FaultRequest);
        var note = request.Bind<string>((key, body) =>
        {
            var check = new Check();
            target = faults.Bind(body, ref check);
            return check.Error is { } error ? error : Note(key.Id, "sandbox-faults");
        });
        var noted = await mutations.ExecuteAsync(request, note, NotYet);
        if (noted.Value is null)
        {
            await mutations.AnswerAsync(noted);
            return;
        }

        var set = faults.Set(request.Body, target!);
        await (set.Succeeded
            ? mutations.AnswerAsync(noted, Answers.Of(StatusCodes.Status201Created, set.Value, MeshJson.Default.Fault))
            : problems.WriteAsync(http, set.Error));
    }

    public async Task ListFaults(HttpContext http)
    {
        var check = new Check();
        Query.Read(http, ref check);
        await (check.Error is { } error
            ? problems.WriteAsync(http, error)
            : Answers.WriteAsync(http, new FaultList { Faults = faults.List() }, MeshJson.Default.FaultList));
    }

    public async Task ClearFaults(HttpContext http)
    {
        var request = Mutations.Read(http);
        var noted = await mutations.ExecuteAsync(request, request.Bind<string>(key => Note(key.Id, "sandbox-faults")), NotYet);
        await mutations.AnswerAsync(noted, noted.Value is null ? null : Answers.Of(
            StatusCodes.Status200OK, new ClearedFaults { Cleared = faults.Clear() }, MeshJson.Default.ClearedFaults));
    }

    public async Task Advance(HttpContext http)
    {
        var request = await Mutations.ReadAsync(http, MeshJson.Default.AdvanceRequest);
        var note = request.Bind<string>((key, body) => Check(body) is { } error ? error : Note(key.Id, "sandbox-advance"));
        var noted = await mutations.ExecuteAsync(request, note, NotYet);
        if (noted.Value is null)
        {
            await mutations.AnswerAsync(noted);
            return;
        }

        var seconds = request.Body.Seconds!.Value;
        try
        {
            await clock.AdvanceAsync(TimeSpan.FromSeconds(seconds));
        }
        catch (OperationCanceledException)
        {
            await problems.WriteAsync(http, Refusals.GoingAway());
            return;
        }

        var advanced = new Advanced { Now = DateTimeOffset.FromUnixTimeMilliseconds(engine.Now.Wall), Seconds = seconds };
        await mutations.AnswerAsync(noted, Answers.Of(StatusCodes.Status200OK, advanced, MeshJson.Default.Advanced));
    }

    private MeshError? Check(AdvanceRequest body)
    {
        var check = new Check();
        if (body.Seconds is null)
        {
            check.Fail("/seconds", $"is missing; it is a number above 0 and up to {Limits.AdvanceSeconds}");
        }

        Faults.Above(body.Seconds, Limits.AdvanceSeconds, "/seconds", ref check);
        return check.Error ?? (clock.HasRoomFor(TimeSpan.FromSeconds(body.Seconds!.Value))
            ? null
            : new MeshError(ErrorKind.Invalid, ErrorCodes.InvalidRequest,
                $"This clock moves by {Limits.AdvanceDays} days in all, and that would be more. Start another sandbox."));
    }

    /// <summary>The answer is known when it is done, which is after the call is in the log.</summary>
    private static Answer? NotYet(string operation) => null;

    private static NoteSandbox Note(string key, string operation) => new() { Actor = key, Operation = operation };

    private sealed record NoteSandbox : Command<string>
    {
        public required string Operation { get; init; }

        public override Outcome<string> Decide(MeshDraft draft)
        {
            draft.Emit(new AdminRequested { Subject = Operation });
            return Operation;
        }
    }
}
