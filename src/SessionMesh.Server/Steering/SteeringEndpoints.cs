using System.Globalization;
using System.Text.Json;
using SessionMesh.Contracts;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Steering;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Auth.Limiting;
using SessionMesh.Server.Engine;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;
using SessionMesh.Server.Push;

namespace SessionMesh.Server.Steering;

/// <summary>Issues directives, takes their acks, looks them up and cancels them.</summary>
public sealed class SteeringEndpoints(
    Mutations mutations, MeshEngine engine, DirectiveWriter directives, DirectiveReader history, DirectiveWaits waits,
    Subscriptions subscriptions, Limiter limiter, ProblemWriter problems)
{
    private const int DefaultWaitSeconds = 30;

    /// <summary>Stop after this many errors: more would not be read.</summary>
    private const int MostErrors = 20;

    public async Task Steer(HttpContext http)
    {
        var request = await Mutations.ReadAsync(http, MeshJson.Default.SteerRequest);
        var steer = request.Bind(BindSteer);
        var executed = await mutations.ExecuteAsync(request, steer, RenderSteer);
        var waited = executed.Value is { One: { } directive }
            ? await WaitAsync(request.Body.Wait, request.Body.WaitSeconds, directive, http)
            : executed.Earlier is { } first ? await WaitAgainAsync(request.Body, first, http)
            : null;
        await mutations.AnswerAsync(executed, instead: waited);
    }

    public async Task SteerEach(HttpContext http)
    {
        var request = await Mutations.ReadAsync(http, MeshJson.Default.SteersRequest, Limits.SteersBytes);
        var steers = request.Bind((key, body) => BindSteers(http, key, body));
        await mutations.AnswerAsync(await mutations.ExecuteAsync(request, steers, RenderSteers));
    }

    public async Task Ack(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["id"]!;
        var seq = long.TryParse((string)http.Request.RouteValues["seq"]!, NumberStyles.None, null, out var number) ? number : 0;
        var request = await Mutations.ReadAsync(http, MeshJson.Default.AckRequest);
        var ack = request.Bind((key, body) => BindAck(key, id, seq, body));
        var executed = await mutations.ExecuteAsync(request, ack, RenderAck);
        var ended = executed.Value is { Over: true } over ? await AnswerEndedAsync(request.Body, seq, over.Agent) : null;
        await mutations.AnswerAsync(executed, instead: ended);
    }

    public async Task Get(HttpContext http)
    {
        var check = new Check();
        var query = Query.Read(http, ref check, "wait", "wait_seconds");
        check.OneOf("?wait", query["wait"], DirectiveState.Waits);
        var seconds = (int?)query.Number("wait_seconds", ref check, 0, Limits.MaxWait);
        if (check.Error is { } error)
        {
            await problems.WriteAsync(http, error);
            return;
        }

        var id = (string)http.Request.RouteValues["directive_id"]!;
        if (!DirectiveId.TryParse(id, out var revision) || await history.FindAsync(revision) is not { } directive
            || engine.State.SlotSince(directive.Agent, revision) is not { } slot || !engine.State.Reaches(http.GetKey(), slot.Agent))
        {
            await problems.WriteAsync(http, SteeringRules.NoSuchDirective());
            return;
        }

        await Answers.WriteAsync(http, await WaitAsync(query["wait"], seconds, directive, http) ?? Render(directive));
    }

    public async Task Cancel(HttpContext http)
    {
        var id = (string)http.Request.RouteValues["directive_id"]!;
        if (!DirectiveId.TryParse(id, out var revision) || await history.FindAsync(revision) is not { } directive
            || engine.State.SlotSince(directive.Agent, revision) is not { } slot || !engine.State.Reaches(http.GetKey(), slot.Agent))
        {
            await problems.WriteAsync(http, SteeringRules.NoSuchDirective());
            return;
        }

        // Held back first: a directive must not be handed out while its cancel is decided and committed.
        var holding = slot.HoldBack(directive);
        if (holding == Holding.HandedOut)
        {
            await problems.WriteAsync(http, CancelDirective.AlreadyDelivered());
            return;
        }

        try
        {
            var request = Mutations.Read(http);
            var cancel = request.Bind<DirectiveRecord>(key => new CancelDirective
            {
                Actor = key.Id,
                Number = directive.Agent,
                Seq = directive.Seq,
                Revision = revision,
            });
            await mutations.AnswerAsync(await mutations.ExecuteAsync(request, cancel, Render));
        }
        finally
        {
            if (holding == Holding.Held)
            {
                slot.LetGo(directive.Seq);
                subscriptions.SignalInbox(directive.Agent);
            }
        }
    }

    private Outcome<Command<SteerOutcome>> BindSteer(Key key, SteerRequest body)
    {
        var check = new Check();
        var selection = body.Selector is { } selector ? Selectors.Bind(selector, ref check) : null;
        var id = selection is null ? check.Id("/agent_id", body.AgentId) : "";
        var message = BindMessage(body, "", ref check);
        check.OneOf("/wait", body.Wait, DirectiveState.Waits);
        check.Range("/wait_seconds", body.WaitSeconds, 0, Limits.MaxWait);
        if (selection is not null)
        {
            return BindMany(key, body, selection, message, check);
        }

        if (body.Expect is not null || body.DryRun is not null)
        {
            check.Fail("/selector", "is missing: expect and dry_run go with it");
        }

        return check.Error is { } error ? error : new SteerAgent { Actor = key.Id, AgentId = id, Message = message };
    }

    private Outcome<Command<SteerOutcome>> BindMany(Key key, SteerRequest body, Selection selection, Message message, Check check)
    {
        if (body.AgentId is not null)
        {
            check.Fail("/agent_id", "cannot be combined with selector: leave out one of the two");
        }

        if (body.Wait is not null)
        {
            check.Fail("/wait", "waits for one agent; follow many with GET /api/session-mesh/events");
        }

        check.Range("/expect", body.Expect, 0, int.MaxValue);
        return check.Error is { } error
            ? error
            : new SteerMany
            {
                Actor = key.Id,
                Selection = selection,
                Message = message,
                Expect = body.Expect,
                DryRun = body.DryRun == true,
                Found = body.DryRun == true ? null : selection.Find(engine.State, key, SteerMany.Eligible(message.Hold)),
            };
    }

    /// <summary>Each steer counts as a request of the key; the call itself has already counted as one.</summary>
    private Outcome<Command<IReadOnlyList<Steered>>> BindSteers(HttpContext http, Key key, SteersRequest body)
    {
        var check = new Check();
        if (body.Steers is not { Count: > 0 and <= Limits.Steers } steers)
        {
            check.Fail("/steers", $"has 1 to {Limits.Steers} entries, each as POST {Routes.Steer} takes it for one agent");
            return check.Error!;
        }

        var bound = new List<(string AgentId, Message Message)>(steers.Count);
        for (var i = 0; i < steers.Count && check.Count < MostErrors; i++)
        {
            bound.Add(BindOne(steers[i], string.Create(CultureInfo.InvariantCulture, $"/steers/{i}"), ref check));
        }

        return (check.Error ?? (steers.Count > 1 ? limiter.OfKey(http, key, steers.Count - 1) : null)) is { } error
            ? error
            : new SteerEach { Actor = key.Id, Steers = bound };
    }

    private static (string AgentId, Message Message) BindOne(SteerRequest? steer, string at, ref Check check)
    {
        if (steer is null)
        {
            check.Fail(at, "expected an object, not null");
            return default;
        }

        foreach (var (name, isGiven) in (ReadOnlySpan<(string, bool)>)
            [("selector", steer.Selector is not null), ("expect", steer.Expect is not null), ("dry_run", steer.DryRun is not null),
             ("wait", steer.Wait is not null), ("wait_seconds", steer.WaitSeconds is not null)])
        {
            if (isGiven)
            {
                check.Fail($"{at}/{name}",
                    $"is not for POST {Routes.Steers}, where each entry names one agent and nothing is waited for: "
                    + $"use POST {Routes.Steer}");
            }
        }

        return (check.Id(at + "/agent_id", steer.AgentId), BindMessage(steer, at, ref check));
    }

    private static Message BindMessage(SteerRequest body, string at, ref Check check)
    {
        var verb = check.OneOf(at + "/verb", body.Verb ?? DirectiveVerb.Steer, DirectiveVerb.Steerable);
        check.Name(at + "/direction", body.Direction, required: verb == DirectiveVerb.Steer, length: Limits.DirectionLength);
        check.Text(at + "/message", body.Message, Limits.MessageLength);
        check.Text(at + "/reason", body.Reason, Limits.NoteLength);
        check.Range(at + "/ttl", body.Ttl, 1, Limits.MaxDirectiveTtl);
        return new Message
        {
            Verb = VerbWords.Parse(verb),
            Direction = body.Direction,
            Text = body.Message,
            Data = body.Data is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } data
                ? JsonText.OnOneLine(data.GetRawText())
                : null,
            Reason = body.Reason,
            Ttl = body.Ttl ?? Limits.DefaultDirectiveTtl,
            Hold = body.Hold == true,
        };
    }

    private Outcome<Command<AckOutcome>> BindAck(Key key, string id, long seq, AckRequest body)
    {
        var check = new Check();
        check.Id("/id", id);
        if (body.State is null)
        {
            check.Fail("/state", "is missing", DirectiveState.Acks);
        }

        check.OneOf("/state", body.State, DirectiveState.Acks);
        check.Text("/note", body.Note, Limits.NoteLength);
        check.Range("/incarnation", body.Incarnation, 1, int.MaxValue);
        if ((check.Error ?? key.CheckAgent(ScopeSet.RegistryWrite, id) ?? Fencing.CheckEpoch(engine.State, body.Epoch)) is { } error)
        {
            return error;
        }

        return new AckDirective
        {
            Actor = key.Id,
            AgentId = id,
            Seq = seq,
            State = DeliveryStateWords.Parse(body.State),
            Note = body.Note,
            Incarnation = body.Incarnation,
        };
    }

    private Answer RenderSteer(SteerOutcome outcome) =>
        outcome.One is { } directive ? Render(directive) : Answers.Of(StatusCodes.Status200OK, json => WriteMany(json, outcome.Many));

    private static Answer RenderSteers(IReadOnlyList<Steered> results) =>
        Answers.Of(StatusCodes.Status200OK, json => WriteResults(json, results));

    private static void WriteMany(Utf8Buffer json, IReadOnlyList<Steered> results)
    {
        json.Raw("{\"matched\":"u8);
        json.Number(results.Count);
        json.Raw(","u8);
        WriteMembers(json, results);
    }

    private static void WriteResults(Utf8Buffer json, IReadOnlyList<Steered> results)
    {
        json.Raw("{"u8);
        WriteMembers(json, results);
    }

    /// <summary>
    /// Leaves the messages out: the caller has them, and an answer for a thousand agents would repeat them a thousand times.
    /// </summary>
    private static void WriteMembers(Utf8Buffer json, IReadOnlyList<Steered> results)
    {
        json.Raw("\"results\":["u8);
        foreach (var result in results)
        {
            json.Raw("{\"agent_id\":\""u8);
            json.Raw(result.AgentId);
            json.Raw("\""u8);
            if (result.Directive is { } directive)
            {
                json.Raw(",\"directive_id\":\"d-"u8);
                json.Number(directive.Revision);
                json.Raw("\",\"seq\":"u8);
                json.Number(directive.Seq);
                json.Raw(",\"state\":\""u8);
                json.Raw(directive.State.Word());
                json.Raw("\""u8);
            }
            else if (result.Error is { } error)
            {
                json.Raw(",\"code\":"u8);
                json.String(error.Code);
                json.Raw(",\"detail\":"u8);
                json.String(error.Detail);
            }

            json.Raw("},"u8);
        }

        if (results.Count > 0)
        {
            json.Unwrite();
        }

        json.Raw("]}"u8);
    }

    private Answer Render(DirectiveRecord directive) => Answers.Of(StatusCodes.Status200OK, json => directives.Write(json, directive));

    /// <summary>Null for a directive that was already over: nothing changes, and its row is read after the commit.</summary>
    private Answer? RenderAck(AckOutcome outcome) => outcome.Directive is { } directive ? Render(directive) : null;

    /// <summary>Answers an ack of a directive that is over: an error only if it contradicts the outcome.</summary>
    private async Task<Answer> AnswerEndedAsync(AckRequest body, long seq, Agent agent)
    {
        if (await history.FindAsync(agent, seq) is not { } ended)
        {
            return problems.ToAnswer(new MeshError(
                ErrorKind.NotFound,
                ErrorCodes.DirectiveNotFound,
                $"Directive {seq} of agent '{agent.Id}' was over so long ago that it is kept no longer. Nothing is left to say of it."));
        }

        return ended.State.Word() == body.State || body.State == DirectiveState.Accepted
            ? Render(ended)
            : problems.ToAnswer(new MeshError(ErrorKind.Conflict, ErrorCodes.AckConflict,
                $"Directive {seq} of agent '{agent.Id}' is {ended.State.Word()} already."));
    }

    /// <summary>Waits for a repeated call too, on the directive in the first answer.</summary>
    private async Task<Answer?> WaitAgainAsync(SteerRequest body, Answer first, HttpContext http)
    {
        if (body is not { Wait: not null, Selector: null })
        {
            return null;
        }

        using var answer = JsonDocument.Parse(first.Json);
        return DirectiveId.TryParse(answer.RootElement.GetProperty("directive_id").GetString()!, out var revision)
            && await history.FindAsync(revision) is { } directive
            ? await WaitAsync(body.Wait, body.WaitSeconds, directive, http)
            : null;
    }

    /// <summary>Null for a caller that does not wait, or may hold no more answers: the directive is issued all the same.</summary>
    private async Task<Answer?> WaitAsync(string? wait, int? seconds, DirectiveRecord issued, HttpContext http) =>
        DeliveryStateWords.TryParse(wait, out var wanted)
        && await waits.UntilAsync(http, issued, wanted, TimeSpan.FromSeconds(seconds ?? DefaultWaitSeconds)) is { } directive
            ? Render(directive)
            : null;
}
