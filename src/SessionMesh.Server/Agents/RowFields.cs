namespace SessionMesh.Server.Agents;

/// <summary>The members of a row, for <c>fields=</c>, in the order in which they are written.</summary>
[Flags]
public enum RowFields
{
    None = 0,
    AgentId = 1,
    SessionId = 1 << 1,
    Incarnation = 1 << 2,
    Status = 1 << 3,
    Paused = 1 << 4,
    Activity = 1 << 5,
    Load = 1 << 6,
    Progress = 1 << 7,
    ProgressInterval = 1 << 8,
    Note = 1 << 9,
    Specializations = 1 << 10,
    Labels = 1 << 11,
    Cluster = 1 << 12,
    ParentId = 1 << 13,
    User = 1 << 14,
    Direction = 1 << 15,
    Connected = 1 << 16,
    CreatedAt = 1 << 17,
    LastHeartbeatAt = 1 << 18,
    LastProgressAt = 1 << 19,
    ExpiresAt = 1 << 20,
    Epoch = 1 << 21,
    GoneAt = 1 << 22,
    Skills = 1 << 23,
    All = (Skills << 1) - 1,

    /// <summary>Only where it is asked for by name: a list that waits for a change does not wait for this one.</summary>
    Pending = 1 << 24,
}

/// <summary>The names of the members.</summary>
public static class RowFieldNames
{
    public static readonly IReadOnlyList<string> All =
        [.. Enum.GetValues<RowFields>().Where(f => f is not (RowFields.None or RowFields.All))
            .Select(f => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(f.ToString()))];

    /// <summary>Each member with its name.</summary>
    internal static readonly IReadOnlyList<(RowFields Field, string Name)> InOrder =
        [.. All.Select((name, at) => ((RowFields)(1 << at), name))];

    /// <summary>Parses <c>a,b,c</c>. <paramref name="unknown"/> is the first name that is not a member, or null.</summary>
    public static RowFields Parse(string text, out string? unknown)
    {
        unknown = null;
        var fields = RowFields.None;
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var at = All.ToList().IndexOf(name);
            if (at < 0)
            {
                unknown ??= name;
            }
            else
            {
                fields |= (RowFields)(1 << at);
            }
        }

        return fields;
    }
}
