using System.Text.Json;
using SessionMesh.Cli.Commands;
using SessionMesh.Cli.Config.Rules;
using SessionMesh.Cli.Output;

namespace SessionMesh.Cli.Balance;

/// <summary>How acts are shown: a sentence each for a person, an object a line for a program.</summary>
internal static class ActLines
{
    public static readonly View View = new()
    {
        Names = ["agent_id"],
        Table =
        [
            Column.Of("at"), Column.Of("rule"), Column.Of("agent", "agent_id"), Column.Of("act"), Column.Of("direction"),
            Column.Of("outcome"), Column.Of("why"),
        ],
        More = [Column.Of("code"), Column.Of("detail")],
    };

    /// <summary>Members that no column shows.</summary>
    public static readonly string[] Others = ["incarnation", "held_seconds", "values", "directive_id"];

    public static void Write(CommandContext context, ActResult result, DateTimeOffset now)
    {
        if (context.Output.IsTable && context.Output.Fields is null)
        {
            context.Output.WriteLine(Sentence(result));
        }
        else
        {
            context.Output.WriteRow(Row(result, now), View);
        }

        context.Output.Flush();
    }

    private static string Sentence(ActResult result)
    {
        var (rule, agent) = (result.Proposal.Rule, result.Proposal.Agent.AgentId);
        var line = $"{rule.Act.Word} → {agent}: {result.Proposal.Why} (rule {rule.Name})";
        return result.Outcome switch
        {
            ActResult.Planned => "would " + line,
            ActResult.Refused => $"{line}: refused: {result.Detail} ({result.Code})",
            _ => line,
        };
    }

    private static JsonElement Row(ActResult result, DateTimeOffset now) => Json.Build(json =>
    {
        var (rule, agent) = (result.Proposal.Rule, result.Proposal.Agent);
        json.WriteString("at"u8, now.UtcDateTime);
        json.WriteString("rule"u8, rule.Name);
        json.WriteString("agent_id"u8, agent.AgentId);
        json.WriteNumber("incarnation"u8, agent.Incarnation);
        json.WriteString("act"u8, rule.Act.Verb);
        json.WriteString("direction"u8, rule.Act.Direction);
        json.WriteString("outcome"u8, result.Outcome);
        json.WriteString("why"u8, result.Proposal.Why);
        json.WriteNumber("held_seconds"u8, (long)result.Proposal.Held.TotalSeconds);
        json.WriteStartObject("values"u8);
        foreach (var condition in rule.When)
        {
            if (condition.Member is RuleMember.Activity)
            {
                json.WriteString("activity"u8, agent.Readings.Activity);
            }
            else if (agent.Readings.Of(condition.Member) is { } value)
            {
                json.WriteNumber(RuleCondition.NameOf(condition.Member), condition.IsTime ? Math.Floor(value) : value);
            }
        }

        json.WriteEndObject();
        json.WriteString("directive_id"u8, result.DirectiveId);
        json.WriteString("code"u8, result.Code);
        json.WriteString("detail"u8, result.Detail);
    });
}
