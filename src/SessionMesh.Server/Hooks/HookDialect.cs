using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;

namespace SessionMesh.Server.Hooks;

/// <summary>
/// A coding agent's program as its hooks are: what its events mean, and the shapes of the answers that it understands. What each claims was
/// seen with the real program, in the version that docs/agents.md names. Immutable.
/// </summary>
internal abstract class HookDialect
{
    private static readonly FrozenDictionary<string, HookDialect> s_all =
        new HookDialect[] { new ClaudeCodeDialect(), new CodexDialect(), new GeminiDialect(), new OpencodeDialect() }
            .ToFrozenDictionary(program => program.Name);

    public static IEnumerable<string> Names => s_all.Keys.Order(StringComparer.Ordinal);

    /// <summary>The name in routes, commands and the label <c>agent</c>.</summary>
    public abstract string Name { get; }

    /// <summary>What the ids of its agents begin with.</summary>
    public abstract string Prefix { get; }

    /// <summary>Whether <see cref="HookMoment.ModelCall"/> tells of every request, so that nothing else proves what was in one.</summary>
    public virtual bool TellsEachCall => false;

    /// <summary>Stops in a row at which the program goes on when it is told to; later words are for whoever wakes it.</summary>
    public virtual int MostStopsInARow => int.MaxValue;

    public static HookDialect? Find(string name) => s_all.GetValueOrDefault(name);

    public abstract HookMoment MomentOf(string? eventName);

    /// <summary>Whether words that are given at this moment reach the model.</summary>
    public abstract bool Carries(HookMoment moment);

    /// <summary>The answer that brings words to the model; at a stop, by going on.</summary>
    public abstract byte[] Tell(HookMoment moment, string eventName, string words);

    /// <summary>The answer that keeps the tool from running, and the agent going.</summary>
    public abstract byte[] Deny(string eventName, string reason);

    /// <summary>The answer that ends the agent as far as this moment can; null where it cannot.</summary>
    public abstract byte[]? End(HookMoment moment, string eventName, string reason);

    /// <summary>Whether that tool starts a sub-agent.</summary>
    public virtual bool StartsSubAgents(string? tool) => false;

    /// <summary>Whether that tool ends one.</summary>
    public virtual bool EndsSubAgents(string? tool) => false;

    /// <summary>
    /// Whether that tool runs a sub-agent whose events look like those of the agent above it: until the tool ends, what is said would reach
    /// the wrong model.
    /// </summary>
    public virtual bool RunsUnnamed(string? tool) => false;

    /// <summary>What tells a session's id, or a sub-agent's, from others: ids of agents are made of it.</summary>
    public virtual string Short(string id) => id;

    /// <summary>Words to a session at rest, which the tool brings to the program in the program's own way.</summary>
    public static byte[] WordsAlone(string words) => Json(json => json.WriteString("words", words));

    protected static byte[] Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary><c>hookSpecificOutput</c>, as Claude Code has it and others after it.</summary>
    protected static void Specific(Utf8JsonWriter json, string eventName, params ReadOnlySpan<(string Name, string Value)> members)
    {
        json.WriteStartObject("hookSpecificOutput");
        json.WriteString("hookEventName", eventName);
        foreach (var (name, value) in members)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
    }

    protected static void Halt(Utf8JsonWriter json, string reason)
    {
        json.WriteBoolean("continue", false);
        json.WriteString("stopReason", reason);
    }
}
