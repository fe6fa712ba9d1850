using System.Text.Json;
using SessionMesh.Contracts.Errors;
using SessionMesh.Contracts.Events;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Audit;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Json;
using SessionMesh.Server.Store;
using SessionMesh.Server.Streams;
using SessionMesh.Server.Telemetry;

namespace SessionMesh.Server.A2A;

/// <summary>
/// A task as a stream: the task as it is, then each entry of the log about its agent as a status update, until the life is proven to be
/// over. The stream ends with an error of A2A where the task is gone without such a proof: another life began, the agent was forgotten or
/// moved out of the key's reach. Not thread-safe.
/// </summary>
internal sealed class A2ATaskView : LogView
{
    private readonly MeshState _state;
    private readonly Key _key;
    private readonly AgentSlot _slot;
    private readonly Agent _agent;
    private readonly string _task;
    private readonly byte[] _first;

    /// <summary>The only directive that is shown; 0 for all.</summary>
    private readonly long _only;

    /// <summary>Pending directives, by sequence number: a later entry says no more than that number.</summary>
    private readonly Dictionary<long, (long Revision, Verb Verb, string? Direction)> _pending = [];

    private bool _isAsked;
    private bool _isOver;

    /// <param name="first">The task, as JSON.</param>
    /// <param name="own">The directive that the caller sent; null for none.</param>
    public A2ATaskView(MeshState state, Key key, A2ATask task, byte[] first, DirectiveRecord? own)
    {
        (_state, _key, _slot, _agent, _first) = (state, key, task.Slot, task.Agent, first);
        _task = A2ATaskId.Of(state, _agent);
        _only = key.Has(ScopeSet.MeshRead) ? 0 : own?.Seq ?? -1;
        _isAsked = _agent.Stop is not null;
        foreach (var directive in task.Slot.Inbox.Pending)
        {
            _pending[directive.Seq] = (directive.Revision, directive.Verb, directive.Direction);
        }

        if (own is not null)
        {
            _pending[own.Seq] = (own.Revision, own.Verb, own.Direction);
        }
    }

    public override string Kind => StreamKind.Events;

    public override bool IsOver => _isOver;

    public override void WriteFirst(Utf8Buffer text)
    {
        OpenFrame(text);
        text.Raw("{\"task\":"u8);
        text.Raw(_first);
        text.Raw("}"u8);
        Sse.CloseFrame(text);
    }

    public override void Write(Utf8Buffer text, ChangeRow row)
    {
        if (row.Subject == _agent.Id && !IsBookkeeping(row.Kind))
        {
            Write(text, ChangeCodec.Read(row.Revision, row.At, row.Actor, Origin.Mesh, row.Kind, row.Subject, row.Payload));
        }
    }

    public override void Write(Utf8Buffer text, Change change)
    {
        if (_isOver || change.Subject != _agent.Id)
        {
            return;
        }

        switch (change)
        {
            case AgentRegistered registered when registered.Incarnation != _agent.Incarnation:
            case AgentForgotten:
                Fail(text, A2AErrors.TaskNotFound());
                break;
            case AgentDied died when died.Incarnation == _agent.Incarnation:
                Write(text, died);
                break;
            case AgentLivenessChanged moved:
                WriteStatus(text, moved, moved.Liveness.Word());
                break;
            case AgentStopping:
                _isAsked = true;
                WriteStatus(text, change, Liveness.Stopping.Word());
                break;
            case DirectiveIssued issued:
                Write(text, issued.Kept is { } kept ? issued.Saying(kept.Text, kept.Data) : issued);
                break;
            case DirectiveMoved moved:
                Write(text, moved);
                break;
        }
    }

    /// <summary>Looks after each page whether the task is still there for this key: a change of another agent may end its reach.</summary>
    public override bool WriteMore(Utf8Buffer text)
    {
        if (!_isOver && (_slot.IsForgotten || !_state.Reaches(_key, _slot.Agent)))
        {
            Fail(text, A2AErrors.TaskNotFound());
        }

        return false;
    }

    /// <summary>Whatever the stream has to say of itself ends it: a client of A2A knows its events and an error.</summary>
    public override void WriteNotice(Utf8Buffer text, string name, StreamNotice notice) => Fail(text, new MeshError(
        notice.Code is ErrorCodes.KeyExpired or ErrorCodes.KeyRevoked ? ErrorKind.Unauthenticated : ErrorKind.Unavailable,
        notice.Code, notice.Detail));

    private void Fail(Utf8Buffer text, MeshError error)
    {
        _isOver = true;
        text.Raw("event: error\n"u8);
        OpenFrame(text);
        text.Raw(A2AErrors.Form.Write(error, requestId: null));
        Sse.CloseFrame(text);
    }

    private void Write(Utf8Buffer text, AgentDied died)
    {
        if (!died.Confirmed)
        {
            _isAsked = true;
            WriteStatus(text, died, Liveness.Dead.Word());
            return;
        }

        _isOver = true;
        var words = A2ATaskState.Words(died.ExitCode, died.Signal, died.Reason);
        WriteUpdate(
            text, died.At, A2ATaskState.Ended(_isAsked, died.ExitCode, died.Signal), A2ASaid.OfEnd(words, died.At),
            json => json.WriteString("status", Liveness.Dead.Word()));
    }

    private void Write(Utf8Buffer text, DirectiveIssued issued)
    {
        if (_only == 0)
        {
            _pending[issued.Seq] = (issued.Revision, issued.Verb, issued.Direction);
            var said = A2ASaid.OfDirective(issued.Revision, issued.Verb, issued.Direction, issued.Message, issued.Data);
            WriteDirective(text, issued.At, issued.Seq, DeliveryState.Queued, null, said);
        }
    }

    private void Write(Utf8Buffer text, DirectiveMoved moved)
    {
        if ((_only != 0 && moved.Seq != _only) || !_pending.TryGetValue(moved.Seq, out var directive))
        {
            return; // the task as it was first shown has it already
        }

        var said = moved.Note is { } note ? A2ASaid.OfNote(directive.Revision, moved.State, note) : null;
        WriteDirective(text, moved.At, moved.Seq, moved.State, moved.Note, said);
        if (!moved.State.IsPending())
        {
            _pending.Remove(moved.Seq);
        }
    }

    private void WriteDirective(Utf8Buffer text, long at, long seq, DeliveryState state, string? note, A2ASaid? said)
    {
        var (revision, verb, direction) = _pending[seq];
        WriteUpdate(text, at, A2ATaskState.Working, said, json =>
            A2ATaskWriter.WriteDirective(json, revision, seq, verb, direction, state, note));
    }

    private void WriteStatus(Utf8Buffer text, Change change, string status) =>
        WriteUpdate(text, change.At, A2ATaskState.Working, null, json => json.WriteString("status", status));

    private void WriteUpdate(Utf8Buffer text, long at, string state, A2ASaid? said, Action<Utf8JsonWriter> writeMetadata)
    {
        OpenFrame(text);
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            json.WriteStartObject("statusUpdate");
            json.WriteString("taskId", _task);
            json.WriteString("contextId", _agent.Id);
            json.WriteStartObject("status");
            json.WriteString("state", state);
            if (said is not null)
            {
                json.WritePropertyName("message");
                A2ATaskWriter.Write(json, _agent.Id, _task, said);
            }

            json.WriteString("timestamp", A2ATaskWriter.Time(at));
            json.WriteEndObject();
            json.WriteStartObject("metadata");
            writeMetadata(json);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        Sse.CloseFrame(text);
    }

    /// <summary>Without a name or an id: the specification knows data alone, and a reader begins anew with the task.</summary>
    private static void OpenFrame(Utf8Buffer text) => text.Raw("data: "u8);
}
