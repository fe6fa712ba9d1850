using SessionMesh.Cli.Config;
using SessionMesh.Cli.Config.Rules;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Tests.Config;

public sealed class RuleTests : IDisposable
{
    private readonly Tool _tool = new();

    public void Dispose() => _tool.Dispose();

    [Fact]
    public void Rule_SaysAll()
    {
        var rule = Assert.Single(Read("""
            rules:
              - name: shed load
                select:
                  {filter: working, specialization: [ocr, sql], labels: "env=prod,tier!=free", cluster: c, user: u, parent: p, subtree: s}
                when: {load: {above: 0.8}, inbox: {below: 3}, silence: {above: 1m, below: 2m}, activity: Working, for: 2m}
                until: {load: {below: 0.6}, for: 30s}
                do: {steer: {direction: west, message: over there, ttl: 5m}}
                at_most: 5
                cool_down: 20m
            """));

        Assert.Equal(("shed load", 5, 1200, 120, 30), (
            rule.Name, rule.AtMost, (int)rule.CoolDown.TotalSeconds, (int)rule.For.TotalSeconds, (int)rule.UntilFor.TotalSeconds));
        Assert.Equal(new RuleAct("steer") { Direction = "west", Message = "over there", Ttl = 300 }, rule.Act);
        Assert.Equal(
            "/api/session-mesh/agents?filter=working&specialization=ocr&specialization=sql&cluster=c&user=u"
            + "&label=env%3Dprod%2Ctier%21%3Dfree&parent=p&subtree=s",
            Client.MeshCall.Agents(rule.Select).Path);
        Assert.Equal(
            [
                new(RuleMember.Load) { Above = 0.8 }, new(RuleMember.Inbox) { Below = 3 },
                new(RuleMember.Silence) { Above = 60, Below = 120 }, new(RuleMember.Activity) { Activity = "working" },
            ],
            rule.When);
        Assert.Equal([new(RuleMember.Load) { Below = 0.6 }], rule.Until);
    }

    [Theory]
    [InlineData("pause", "pause", null, null)]
    [InlineData("{resume: }", "resume", null, null)]
    [InlineData("kill", "kill", null, null)]
    [InlineData("{kill: {grace: 30s, cascade: none}}", "kill", 30, "none")]
    [InlineData("{kill: {grace: 0}}", "kill", 0, null)]
    public void Shortest_HasDefaults(string act, string verb, int? grace, string? cascade)
    {
        var rule = Assert.Single(Read($$"""rules: [{name: a, select: all, when: {age: {above: 1d} }, do: {{act}}, at_most: 1}]"""));

        Assert.Equal(new RuleAct(verb) { Grace = grace, Cascade = cascade }, rule.Act);
        Assert.Equal((TimeSpan.Zero, TimeSpan.FromMinutes(10), null), (rule.For, rule.CoolDown, rule.Until));
        Assert.Equal("/api/session-mesh/agents?filter=alive", Client.MeshCall.Agents(rule.Select).Path);
    }

    [Fact]
    public async Task Faults_AreAllNamed_WithTheirPlaces()
    {
        var path = _tool.WriteFile("rules.yaml", """
            rules:
              - name: a
                select: {}
                when: {load: {above: 1.2}, silence: {above: 9d}}
                do: kill
              - name: a
                select: {filter: dead}
                when: {load: {above: 0.5, below: 0.2}}
                do: {steer: {}}
                at_most: 0
              - name: b
                select: all
                when: {load: {above: 0.5}}
                until: {load: {below: 0.9}}
                do: jump
                at_mst: 3
                cool_down: 2d
              - loose
            agents: [{id: ../x}]
            """);

        string[] faults =
        [
            "19, column 15: '../x' is not an id; an id has 1 to 128 characters, letters, digits or . _ : -, and starts with a letter "
            + "or digit",
            "3, column 13: 'select' selects nothing; 'select: all' means every agent that is alive",
            "4, column 26: this can never hold: a load is from 0 to 1",
            "4, column 49: this can never hold: agents that are 'alive' are silent for 7d00h00m at most",
            "2, column 5: 'at_most' is missing: how many agents an interval: a rule has a bound",
            "6, column 11: rule 'a' appears twice, first at line 2",
            "9, column 17: a steer needs a direction: steer: {direction: TOKEN}",
            "7, column 22: 'do' cannot reach agents that are 'dead'; allowed: active, alive, suspect, stalled, idle, working, waiting, "
            + "paused, orphaned, lost",
            "8, column 38: this can never hold: nothing is between 'above' and 'below'",
            "10, column 14: 'at_most' should be a whole number from 1 to 1000",
            "16, column 13: 'at_mst' is not a known member; allowed: name, select, when, until, do, at_most, cool_down",
            "15, column 9: 'jump' is none; 'do' should be steer: {direction: TOKEN}, pause, resume or kill: {grace: TIME}",
            "14, column 12: 'until' can hold while 'when' does, so the rule would flap: give one member of both bounds that exclude each "
            + "other",
            "11, column 5: 'at_most' is missing: how many agents an interval: a rule has a bound",
            "17, column 16: 'cool_down' should be a time from 1 to 86400 seconds, such as 90, 90s or 1h30m",
            "18, column 5: an entry of 'rules' is one value, and should be {name, select, when, do, at_most}",
        ];
        Assert.Equal(
            new Ran(
                2,
                "",
                $"error: cannot load the config\n  why: {path} has 16 faults, and nothing of it was done\n"
                + string.Concat(faults.Select(fault => $"       {path}, line {fault}\n"))),
            await _tool.RunAsync($"load-config {path}"));
    }

    [Theory]
    [InlineData("", "1 rule checked; 'session-mesh balance --rules {0}' runs it\n")]
    [InlineData("cluster: blue\n", "1 rule checked; 'session-mesh balance --rules {0}' runs it\nthe file declares nothing; "
        + "'session-mesh context add NAME --cluster blue --select' makes its cluster the default\n")]
    public async Task LoadConfig_ChecksRules_AndSaysWhoRunsThem(string more, string said)
    {
        var path = _tool.WriteFile(
            "rules.yaml", more + "rules: [{name: a, select: all, when: {load: {above: 0.5}}, do: pause, at_most: 1}]");

        Assert.Equal(new Ran(0, "", said.Replace("{0}", path)), await _tool.RunAsync($"load-config {path} --check"));
        Assert.Empty(_tool.Calls);
    }

    /// <summary>Of conditions: what can never hold, always holds, or is no bound.</summary>
    [Theory]
    [InlineData("load: {above: 1}", "this can never hold: a load is from 0 to 1")]
    [InlineData("load: {below: 0}", "this can never hold: a load is from 0 to 1")]
    [InlineData("load: {above: -0.1}", "this always holds: a load is from 0 to 1")]
    [InlineData("load: {below: 1.1}", "this always holds: a load is from 0 to 1")]
    [InlineData("load: {above: NaN}", "'above' should be a number")]
    [InlineData("load: {above: 1e999}", "'above' should be a number")]
    [InlineData("load: {}", "'load' has no bound; write {above: …} or {below: …}")]
    [InlineData("load: 0.8", "'load' is one value, and should be {above: …} or {below: …}")]
    [InlineData("load: {over: 0.8}", "'over' is not a known member; allowed: above, below")]
    [InlineData("inbox: {above: 1000}", "this can never hold: an inbox has 0 to 1000 directives")]
    [InlineData("inbox: {above: 3, below: 4}", "this can never hold: nothing is between 'above' and 'below'")]
    [InlineData("progress: {above: 3, below: 3}", "this can never hold: nothing is between 'above' and 'below'")]
    [InlineData("silence: {above: 7d}", "this can never hold: agents that are 'alive' are silent for 7d00h00m at most")]
    [InlineData("silence: {below: 0}", "this can never hold: agents that are 'alive' are silent for 7d00h00m at most")]
    [InlineData("silence: {above: soon}", "'above' is 'soon', and should be a time such as 90, 90s or 1h30m")]
    [InlineData("age: {below: 5m}, for: 5m", "nobody stays that young for so long: 'for' should be shorter than the age")]
    [InlineData("activity: asleep", "'asleep' is not an activity; allowed: working, waiting, idle")]
    [InlineData("for: 2m", "'when' has no condition; it takes load, inbox, progress, silence, age, activity")]
    [InlineData("load: {above: 0.5}, for: 25h", "'for' should be a time from 0 to 86400 seconds, such as 90, 90s or 1h30m")]
    public void Condition_ThatIsNone_IsRefused(string when, string why) =>
        Assert.EndsWith(
            ": " + why,
            Refusal($$"""rules: [{name: a, select: all, when: { {{when}} }, do: pause, at_most: 1}]"""),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("{filter: idle}", "activity: working", "pause", "this can never hold: the rule selects agents that are 'idle'")]
    [InlineData("{filter: stalled}", "activity: idle", "pause", "this can never hold: the rule selects agents that are 'stalled'")]
    [InlineData("{filter: suspect}", "silence: {above: 14d}", "pause",
        "this can never hold: agents that are 'suspect' are silent for 14d00h00m at most")]
    [InlineData("{filter: paused}", "load: {above: 0.5}", "pause", "this rule can never act: who is paused is not paused again")]
    [InlineData("{filter: lost}", "load: {above: 0.5}", "pause",
        "'pause' cannot reach agents that are 'lost'; allowed: active, alive, suspect, stalled, idle, working, waiting, paused, orphaned")]
    [InlineData("{filter: asleep}", "load: {above: 0.5}", "pause",
        "'asleep' is not a filter; allowed: active, alive, suspect, stalled, idle, working, waiting, paused, lost, stopping, dead, "
        + "declared, orphaned, all")]
    [InlineData("{label: prod}", "load: {above: 0.5}", "pause",
        "'prod' is no label; write KEY=VALUE or KEY!=VALUE, and no comma in a value")]
    [InlineData("{label: a=b, labels: a=b}", "load: {above: 0.5}", "pause", "'label' and 'labels' mean the same; leave one of them out")]
    [InlineData("{cluster: }", "load: {above: 0.5}", "pause", "'cluster' is empty; leave it out for any")]
    [InlineData("everyone", "load: {above: 0.5}", "pause",
        "'select' is one value, and should be a map such as {specialization: ocr}, or 'all'")]
    [InlineData("all", "load: {above: 0.5}", "{kill: {grace: 2h}}",
        "'grace' should be a time from 0 to 3600 seconds, such as 90, 90s or 1h30m")]
    [InlineData("all", "load: {above: 0.5}", "{kill: {cascade: all}}", "'cascade' is descendants or none, not 'all'")]
    [InlineData("all", "load: {above: 0.5}", "steer", "a steer needs a direction: steer: {direction: TOKEN}")]
    [InlineData("all", "load: {above: 0.5}", "{pause: {direction: x}}", "'direction' is not a known member; allowed: message, ttl")]
    [InlineData("all", "load: {above: 0.5}", "{pause: , kill: }",
        "'do' should be steer: {direction: TOKEN}, pause, resume or kill: {grace: TIME}, and one of them")]
    public void SelectAndDo_ThatCannotBe_AreRefused(string select, string when, string act, string why) =>
        Assert.EndsWith(
            ": " + why,
            Refusal($$"""rules: [{name: a, select: {{select}}, when: { {{when}} }, do: {{act}}, at_most: 1}]"""),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("load: {above: 0.8}", "load: {below: 0.8}", null)]
    [InlineData("load: {above: 0.8}, activity: working", "activity: idle", null)]
    [InlineData("inbox: {above: 5}", "inbox: {below: 6}", null)]
    [InlineData("inbox: {above: 5}", "inbox: {below: 7}", "flap")]
    [InlineData("load: {above: 0.8}", "load: {below: 0.81}", "flap")]
    [InlineData("load: {above: 0.8}", "activity: idle", "flap")]
    [InlineData("age: {above: 1h}", "age: {below: 1m}", "nobody gets younger")]
    public void Until_IsApartFromWhen(string when, string until, string? why)
    {
        var file = $$"""rules: [{name: a, select: all, when: { {{when}} }, until: { {{until}} }, do: pause, at_most: 1}]""";
        if (why is null)
        {
            Assert.Single(Read(file));
        }
        else
        {
            Assert.Contains(why, Refusal(file), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void MoreRulesThanALimit_AreRefused()
    {
        static string File(int count) => "rules:\n" + string.Concat(Enumerable.Range(0, count).Select(i =>
            $"  - {{name: r{i}, select: all, when: {{load: {{above: 0.5}}}}, do: pause, at_most: 1}}\n"));

        Assert.Equal(1000, Read(File(1000)).Count);
        Assert.EndsWith("1001 rules; a file has at most 1000, so split it", Refusal(File(1001)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "'name' is missing: it is the reason in the audit")]
    [InlineData("name: \"a\\nb\", ", "a rule's name has 1 to 128 characters, on one line")]
    public void Name_IsAReason(string name, string why) => Assert.EndsWith(
        why,
        Refusal($$"""rules: [{ {{name}} select: all, when: {load: {above: 0.5} }, do: pause, at_most: 1}]"""),
        StringComparison.Ordinal);

    private IReadOnlyList<Rule> Read(string content) => FleetConfig.Read(_tool.WriteFile("rules.yaml", content), Host()).Rules;

    private string Refusal(string content) => Assert.Throws<CommandException>(() => Read(content)).Message;

    private CliHost Host() => new()
    {
        In = TextReader.Null, Out = TextWriter.Null, Error = TextWriter.Null, Env = _ => null, Home = _tool.Home,
    };
}
