using SessionMesh.Cli.Output;
using SessionMesh.Contracts.Steering;

namespace SessionMesh.Cli.Steering;

/// <summary>How directives are shown.</summary>
internal static class DirectiveViews
{
    private static readonly Column[] s_table =
    [
        Column.Of("seq") with { StreamWidth = 5 },
        Column.Of("verb") with { StreamWidth = 6 },
        Column.Of("direction") with { StreamWidth = 16 },
        Column.Of("state", "state") with
        {
            StreamWidth = 12,
            Colour = row => Json.Text(row, "state") switch
            {
                DirectiveState.Acknowledged => "32",
                DirectiveState.Rejected or DirectiveState.Expired or DirectiveState.Undeliverable => "31",
                _ => null,
            },
        },
        Column.Of("issued", "issued_at") with { StreamWidth = 10 },
        Column.Of("expires", "expires_at") with { StreamWidth = 10 },
        Column.Of("message"),
    ];

    private static readonly Column[] s_more =
    [
        Column.Of("data"),
        Column.Of("directive", "directive_id"),
        Column.Of("issued by", "issued_by"),
        Column.Of("delivered", "delivered_at"),
        Column.Of("acknowledged", "acknowledged_at"),
        Column.Of("note"),
    ];

    /// <summary>One directive, as <c>steer</c> and <c>ack</c> answer.</summary>
    public static readonly View One = new()
    {
        Names = ["directive_id"],
        Table = [Column.Of("agent", "agent_id"), .. s_table, Column.Of("note")],
        More = s_more[..^1],
    };

    /// <summary>An inbox; by <c>name</c> its sequence numbers, which is what <c>ack</c> takes.</summary>
    public static readonly View Inbox = new() { RowsMember = "directives", Names = ["seq"], Table = s_table, More = s_more };

    /// <summary>What became of many: how far each directive has come, or <c>code</c> where there is none.</summary>
    public static readonly View Many = new()
    {
        RowsMember = "results",
        Names = ["agent_id"],
        Table = [Column.Of("agent", "agent_id"), s_table[0], s_table[3], Column.Of("code"), Column.Of("note")],
        More = [Column.Of("directive", "directive_id"), Column.Of("detail")],
    };

    /// <summary>Everything an agent was told, newest first.</summary>
    public static readonly View History = new()
    {
        RowsMember = "directives",
        Names = ["directive_id"],
        Table =
        [
            Column.Of("directive", "directive_id"),
            .. s_table[..^2],
            Column.Of("ended", "ended_at"),
            Column.Of("message"),
            Column.Of("note"),
        ],
        More = [Column.Of("expires", "expires_at"), s_more[0], .. s_more[2..^1]],
    };

    /// <summary>What came with the answer to a heartbeat.</summary>
    public static readonly View Heartbeat = Inbox;
}
