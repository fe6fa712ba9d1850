using System.Text.Json;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Simulate;

/// <summary>What happened so far. Thread-safe; a reading is not one instant.</summary>
internal sealed class Tally(int agents)
{
    private long _registered;
    private long _alive;
    private long _beats;
    private long _refused;
    private long _heard;
    private long _acknowledged;
    private long _rejected;
    private long _exited;
    private long _errors;
    private volatile string? _lastError;

    public long Alive => Interlocked.Read(ref _alive);

    public long Beats => Interlocked.Read(ref _beats);

    public long Registered => Interlocked.Read(ref _registered);

    public long Errors => Interlocked.Read(ref _errors);

    public string? LastError => _lastError;

    public void Register()
    {
        Interlocked.Increment(ref _registered);
        Interlocked.Increment(ref _alive);
    }

    /// <summary>An agent has ended, by itself or by the server's word.</summary>
    public void End() => Interlocked.Decrement(ref _alive);

    public void Beat(int count) => Interlocked.Add(ref _beats, count);

    public void Refuse(int count) => Interlocked.Add(ref _refused, count);

    public void Hear() => Interlocked.Increment(ref _heard);

    public void Answer(bool acknowledged) => Interlocked.Increment(ref acknowledged ? ref _acknowledged : ref _rejected);

    public void Exit() => Interlocked.Increment(ref _exited);

    public void Fail(string why)
    {
        Interlocked.Increment(ref _errors);
        _lastError = why;
    }

    /// <summary>One line for a person.</summary>
    public string Line(double beatsPerSecond)
    {
        var line = $"{_registered:N0} of {agents:N0} registered, {_alive:N0} alive, {beatsPerSecond:N0} beats/s, "
            + $"{_heard:N0} directives heard, {_acknowledged:N0} acknowledged, {_rejected:N0} rejected";
        return _errors == 0 ? line : $"{line}, {_errors:N0} errors (last: {_lastError})";
    }

    /// <param name="alive">How many lived when the play ended, before they left the stage.</param>
    public JsonElement ToJson(TimeSpan took, long alive) => Json.Build(json =>
    {
        json.WriteNumber("agents"u8, agents);
        json.WriteNumber("registered"u8, _registered);
        json.WriteNumber("alive_at_end"u8, alive);
        json.WriteNumber("seconds"u8, Math.Round(took.TotalSeconds, 1));
        json.WriteNumber("heartbeats"u8, _beats);
        json.WriteNumber("heartbeats_per_second"u8, took > TimeSpan.Zero ? Math.Round(_beats / took.TotalSeconds, 1) : 0);
        json.WriteNumber("heartbeats_refused"u8, _refused);
        json.WriteNumber("directives_heard"u8, _heard);
        json.WriteNumber("acknowledged"u8, _acknowledged);
        json.WriteNumber("rejected"u8, _rejected);
        json.WriteNumber("exits_reported"u8, _exited);
        json.WriteNumber("errors"u8, _errors);
        if (_lastError is { } last)
        {
            json.WriteString("last_error"u8, last);
        }
    });
}
