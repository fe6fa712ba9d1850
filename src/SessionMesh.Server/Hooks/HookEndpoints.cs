using Microsoft.AspNetCore.Http.Features;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Hooks;
using SessionMesh.Core;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.Hooks;

/// <summary>
/// <c>POST /hooks/{program}</c>: takes an event of a coding agent's hook as the program writes it, and answers as the program reads it. An
/// event that is not understood is counted and answered with nothing: an error would be shown to the agent.
/// </summary>
internal sealed class HookEndpoints(MeshEngine engine, HookTurns turns, ProblemWriter problems, MeshMetrics metrics)
{
    /// <summary>
    /// Seconds for which a paused agent is held within one event that asks for no other: a little less than the time-out of 600 s that the
    /// hooks are installed with.
    /// </summary>
    public const int LongestHold = 570;

    private static readonly ReadOnlyMemory<byte> s_nothing = "{}"u8.ToArray();

    public async Task Take(HttpContext http)
    {
        var check = new Check();
        var query = Query.Read(http, ref check, "host", "parent", "detail", "hold", "deny", "wake", "receipt");
        var hold = query.Number("hold", ref check, 0, LongestHold);
        var wake = query.Number("wake", ref check, 0, Limits.MaxWait);
        if (query["parent"] is { } parent)
        {
            check.Id("?parent", parent);
        }

        var program = HookDialect.Find((string)http.Request.RouteValues["program"]!);
        if ((check.Error ?? IdempotencyHeader.Check(http) ?? (program is null ? NoSuchProgram() : null)) is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        var happening = await ReadAsync(http, withDetail: query["detail"] is "true");
        var moment = happening?.Name switch
        {
            HookEvent.WrittenName => HookMoment.Written,
            HookEvent.InterruptedName => HookMoment.Failure,
            var name => program!.MomentOf(name),
        };
        var outcome = happening is null ? HookEventOutcome.Unreadable
            : !MeshId.IsValid(happening.SessionId) || (happening.SubAgentId is { } sub && !MeshId.IsValid(sub))
                ? HookEventOutcome.WithoutId
            : moment == HookMoment.Other ? HookEventOutcome.Unknown
            : HookEventOutcome.Taken;
        metrics.Hooked(program!.Name, outcome);
        if (outcome != HookEventOutcome.Taken)
        {
            await Answers.WriteAsync(http, StatusCodes.Status200OK, s_nothing);
            return;
        }

        await engine.CatchUpAsync(); // the event before it may have gone to another node
        var request = new HookRequest
        {
            Http = http,
            Key = http.GetKey(),
            Program = program,
            Event = happening!,
            Moment = moment,
            Host = query["host"],
            Parent = query["parent"],
            Hold = TimeSpan.FromSeconds(hold ?? LongestHold),
            AsksAgain = hold is not null && query["deny"] is not "true",
            SendsReceipt = query["receipt"] is "true",
            Wake = wake is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        };
        await AnswerAsync(http, request, await turns.TakeAsync(request));
    }

    private async Task AnswerAsync(HttpContext http, HookRequest request, HookAnswer answer)
    {
        var headers = http.Response.Headers;
        if (answer.Agent is { } agent)
        {
            headers[HookHeader.Agent] = agent.Id;
            headers[HookHeader.Incarnation] = agent.Incarnation.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (answer.HasRegistered)
        {
            headers[HookHeader.Registered] = "true";
        }

        if (answer.Again is { } again)
        {
            headers[HookHeader.Again] = again;
        }

        if (answer.Receipt > 0)
        {
            headers[HookHeader.Receipt] = answer.Receipt.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        await Answers.WriteAsync(http, StatusCodes.Status200OK, answer.Json ?? s_nothing);
        if (answer.Receipt > 0 && !request.SendsReceipt)
        {
            await turns.WrittenAsync(request, answer.Receipt);
        }
    }

    private static MeshError NoSuchProgram() =>
        new(ErrorKind.NotFound, ErrorCodes.NotFound, $"There are hooks for {string.Join(", ", HookDialect.Names)}.");

    /// <summary>Null for what is no event, is larger than one may be, or was cut off.</summary>
    private static async Task<HookEvent?> ReadAsync(HttpContext http, bool withDetail)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = HookEvent.MostBytes * 2L; // includes the framing of chunks
        }

        http.RunOnce();
        var reader = new HookEventReader(withDetail);
        var body = http.Request.BodyReader;
        var length = 0L;
        try
        {
            while (true)
            {
                var read = await body.ReadAsync(http.RequestAborted);
                foreach (var piece in read.Buffer)
                {
                    reader.Read(piece.Span);
                }

                length += read.Buffer.Length;
                body.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return length > HookEvent.MostBytes ? null : reader.Finish();
                }
            }
        }
        catch (BadHttpRequestException)
        {
            return null;
        }
    }
}
