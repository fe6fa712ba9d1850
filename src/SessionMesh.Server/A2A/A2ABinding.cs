using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SessionMesh.Contracts;
using SessionMesh.Core;
using SessionMesh.Core.Agents;
using SessionMesh.Core.Keys;
using SessionMesh.Core.State;
using SessionMesh.Core.Steering;
using SessionMesh.Server.Http;
using SessionMesh.Server.Json;

namespace SessionMesh.Server.A2A;

/// <summary>Makes commands of A2A requests: a steer of a message, a kill of a cancel.</summary>
internal static class A2ABinding
{
    public const string UserRole = "ROLE_USER";
    public const string AgentRole = "ROLE_AGENT";

    /// <summary>The direction of a message whose metadata names none.</summary>
    public const string NoDirection = "message";

    public static Outcome<Command<SteerOutcome>> Steer(MeshState state, Key key, string agentId, A2ASendRequest body)
    {
        var check = new Check();
        check.Range("/configuration/historyLength", body.Configuration?.HistoryLength, 0, int.MaxValue);
        if (body.Message is not { } message)
        {
            check.Fail("/message", "is missing");
            return check.Error!;
        }

        var id = message.MessageId is "" ? null : message.MessageId;
        check.Name("/message/messageId", id, required: true, length: Limits.IdempotencyKeyLength);
        if (message.Role != UserRole)
        {
            check.Fail("/message/role", $"is {UserRole}: a client sends messages of the user", [UserRole]);
        }

        if (message.ContextId is { Length: > 0 } context && context != agentId)
        {
            check.Fail("/message/contextId", "is the agent's id, or is left out: all tasks of an agent are one context");
        }

        var parts = new Parts();
        parts.Read(message.Parts, ref check);
        check.Text("/message/parts", parts.Text, Limits.MessageLength);
        var wishes = message.Metadata ?? new A2AMetadata();
        check.Name("/message/metadata/direction", wishes.Direction, length: Limits.DirectionLength);
        check.Range("/message/metadata/ttl", wishes.Ttl, 1, Limits.MaxDirectiveTtl);
        check.Text("/message/metadata/reason", wishes.Reason, Limits.NoteLength);
        var task = message.TaskId is { Length: > 0 } named ? named : null;
        var incarnation = task is null ? null : A2ATaskId.IncarnationOf(state, agentId, task);
        var error = check.Error
            ?? (parts.HasOthers ? A2AErrors.ContentTypeNotSupported() : null)
            ?? (IsGiven(body.Configuration?.TaskPushNotificationConfig) ? A2AErrors.PushNotificationNotSupported() : null)
            ?? (task is not null && incarnation is null ? A2AErrors.TaskNotFound() : null);
        return error is not null ? error : new SteerAgent
        {
            Actor = key.Id,
            AgentId = agentId,
            Incarnation = incarnation,
            Message = new Message
            {
                Verb = Verb.Steer,
                Direction = wishes.Direction ?? NoDirection,
                Text = parts.Text,
                Data = parts.Data,
                Reason = wishes.Reason,
                Ttl = wishes.Ttl ?? Limits.DefaultDirectiveTtl,
            },
        };
    }

    public static Outcome<Command<KillOutcome>> Kill(Key key, string agentId, int incarnation, A2ACancelRequest body)
    {
        var check = new Check();
        var reason = check.Text("/metadata/reason", body.Metadata?.Reason, Limits.NoteLength);
        var grace = check.Range("/metadata/grace", body.Metadata?.Grace, 0, Limits.MaxGrace);
        return check.Error is { } error ? error : new KillAgent
        {
            Actor = key.Id,
            AgentId = agentId,
            Incarnation = incarnation,
            Order = new StopOrder { Grace = grace ?? Limits.DefaultGrace, Cascade = true, Reason = reason },
        };
    }

    /// <summary>A hash of what a message asks for, to tell a repeated message from another one under the same id.</summary>
    public static UInt128 HashOf(SteerAgent steer)
    {
        var message = steer.Message;
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{steer.Incarnation}|{message.Ttl}|{message.Direction?.Length}|{message.Text?.Length}|{message.Data?.Length}|")
            + message.Direction + message.Text + message.Data + message.Reason;
        return BinaryPrimitives.ReadUInt128BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    private static bool IsGiven(JsonElement? value) => value is { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) };

    /// <summary>The parts of a message as a steer carries them: its texts line after line, its data as one JSON value.</summary>
    private struct Parts
    {
        private StringBuilder? _text;
        private List<string>? _data;

        /// <summary>Null without any.</summary>
        public readonly string? Text => _text?.ToString();

        /// <summary>The value of one part; an array of those of several.</summary>
        public readonly string? Data => _data switch
        {
            null => null,
            [var one] => one,
            var several => $"[{string.Join(',', several)}]",
        };

        /// <summary>Whether there are parts that no agent is sent.</summary>
        public bool HasOthers { get; private set; }

        public void Read(IReadOnlyList<A2APart?>? parts, ref Check check)
        {
            if (parts is not { Count: > 0 })
            {
                check.Fail("/message/parts", "has at least one part");
                return;
            }

            for (var i = 0; i < parts.Count; i++)
            {
                var part = parts[i];
                var isData = IsGiven(part?.Data);
                var given = (part?.Text is null ? 0 : 1) + (isData ? 1 : 0) + (part?.Raw is null ? 0 : 1) + (part?.Url is null ? 0 : 1);
                if (given != 1)
                {
                    check.Fail(string.Create(CultureInfo.InvariantCulture, $"/message/parts/{i}"), "has one of text and data");
                    return;
                }

                HasOthers |= part!.Raw is not null || part.Url is not null || !IsOf(part.MediaType, isData);
                if (isData)
                {
                    (_data ??= []).Add(JsonText.OnOneLine(part.Data!.Value.GetRawText()));
                }
                else if (part.Text is { } text)
                {
                    _text = _text is null ? new StringBuilder(text) : _text.Append('\n').Append(text);
                }
            }
        }

        private static bool IsOf(string? mediaType, bool isData) => mediaType is null or ""
            || (isData
                ? mediaType.StartsWith("application/json", StringComparison.OrdinalIgnoreCase)
                    || mediaType.Contains("+json", StringComparison.OrdinalIgnoreCase)
                : mediaType.StartsWith("text/", StringComparison.OrdinalIgnoreCase));
    }
}
