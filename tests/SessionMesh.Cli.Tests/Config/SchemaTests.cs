extern alias schema;

using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using schema::Json.Schema;
using SessionMesh.Cli.Config;
using SessionMesh.Cli.Hosting;

namespace SessionMesh.Cli.Tests.Config;

/// <summary>The schema that editors use says what the tool takes.</summary>
public sealed class SchemaTests : IDisposable
{
    private static readonly JsonSchema s_schema = JsonSchema.FromText(File.ReadAllText(Docs("config.schema.json")));

    private readonly Tool _tool = new();

    public void Dispose() => _tool.Dispose();

    [Theory]
    [InlineData("config.md")]
    [InlineData("balancing.md")]
    public void ExampleOfTheDocs_IsTakenByBoth(string page)
    {
        var blocks = File.ReadAllText(Docs(page)).Split("```yaml\n").Skip(1).Select(text => text.Split("```")[0]).ToList();
        Assert.NotEmpty(blocks);
        Assert.All(blocks, block => Assert.Equal((true, true), (IsRead(block), IsValid(block))));
    }

    [Theory]
    [InlineData("sessions: [{id: 123, filter: alive}]", true)]
    [InlineData("sessions:\n  - id: 0123\n  - filter: dead", true)]
    [InlineData("sessions:", true)]
    [InlineData("cluster: x", true)]
    [InlineData("agents: [{agent_id: a, parent_id: b, spec: x, labels: }]", true)]
    [InlineData("agents: [{id: a, parent: , specs: [x, {name: y, level: 0, capacity: 10000}]}]", true)]
    [InlineData("agents: [{id: a, skills: }]", true)]
    [InlineData("skills: [session-mesh]", false)]
    [InlineData("agents: {}", false)]
    [InlineData("agents: [a]", false)]
    [InlineData("agents: [{user: ann}]", false)]
    [InlineData("agents: [{id: a, filter: awake}]", false)]
    [InlineData("agents: [{id: ../a}]", false)]
    [InlineData("agents: [{id: a, specializations: [{name: x, capacity: 0}]}]", false)]
    [InlineData("agents: [{id: a, specializations: [{name: x, capacity: 10001}]}]", false)]
    [InlineData("agents: [{id: a, specializations: [{name: x, level: 101}]}]", false)]
    [InlineData("agents: [{id: a, specializations: [{capacity: 1}]}]", false)]
    [InlineData("agents: [{id: a, specializations: [x], skills: [y]}]", false)]
    [InlineData("agents: [{id: a, labels: [x]}]", false)]
    [InlineData("agents: [{id: a, labels: {'a b': x}}]", false)]
    [InlineData("agents: [{id: a, parent: ''}]", true)]
    [InlineData("agents: [{id: a, labls: {}}]", false)]
    [InlineData("sessions: [{id: a, parent: b}]", false)]
    [InlineData("links: [{from: a, to: 7}, {from: a, to: b, kind: uses, weight: 0}]", true)]
    [InlineData("links: [{from: a, to: b, kind: , weight: }]", true)]
    [InlineData("links:", true)]
    [InlineData("links: [{from: a}]", false)]
    [InlineData("links: [{to: a}]", false)]
    [InlineData("links: [{from: a, to: b, weight: x}]", false)]
    [InlineData("links: [{from: a, to: b, weight: 1000000001}]", false)]
    [InlineData("links: [{from: a, to: b, kind: ''}]", false)]
    [InlineData("links: [{from: a, to: ../b}]", false)]
    [InlineData("links: [{from: a, to: , kind: k}]", false)]
    [InlineData("links: [{from: a, to: b, colour: red}]", false)]
    [InlineData("links: {}", false)]
    [InlineData("agentz: []", false)]
    [InlineData("rules:", true)]
    [InlineData("rules: {}", false)]
    [InlineData("rules: [a]", false)]
    [InlineData("rules: [{name: a, select: all, when: {load: {above: 0.5}}, do: pause, at_most: 1}]", true)]
    [InlineData("rules: [{name: 1, select: {status: lost, label: {a: 1}}, when: {age: {above: 1h30m}, for: 90}, do: {kill: }, at_most: 9}]",
        true)]
    [InlineData("rules: [{name: a, select: {spec: [x, y], labels: [a=b]}, when: {activity: idle}, until: , do: kill, at_most: 1}]",
        true)]
    [InlineData("rules: [{name: a, select: all, when: {inbox: {above: 5, below: 9}}, do: {steer: {direction: 1, ttl: 5m}}, at_most: 1000}]",
        true)]
    [InlineData("rules: [{name: a, select: all, when: {load: {above: 0.5}}, do: kill, at_most: 1, cool_down: 1d}]", true)]
    [InlineData("rules: [{name: a, select: all, when: {load: {above: 0.5}}, do: pause}]", false)]
    [InlineData("rules: [{name: a, select: all, when: {load: {above: 0.5}}, do: pause, at_most: 0}]", false)]
    [InlineData("rules: [{name: a, select: all, when: {load: {above: 0.5}}, do: pause, at_most: 1001}]", false)]
    [InlineData("rules: [{name: a, select: all, when: {for: 2m}, do: pause, at_most: 1}]", false)]
    [InlineData("rules: [{name: a, select: all, when: {load: {}}, do: pause, at_most: 1}]", false)]
    [InlineData("rules: [{name: a, select: all, when: {load: {over: 1}}, do: pause, at_most: 1}]", false)]
    [InlineData("rules: [{name: a, select: all, when: {silence: {above: soon}}, do: pause, at_most: 1}]", false)]
    [InlineData("rules: [{name: a, select: {}, when: {load: {above: 0.5}}, do: pause, at_most: 1}]", false)]
    [InlineData("rules: [{name: a, select: {filter: dead}, when: {load: {above: 0.5}}, do: kill, at_most: 1}]", false)]
    [InlineData("rules: [{name: a, select: some, when: {load: {above: 0.5}}, do: kill, at_most: 1}]", false)]
    [InlineData("rules: [{name: a, select: all, when: {load: {above: 0.5}}, do: steer, at_most: 1}]", false)]
    [InlineData("rules: [{name: a, select: all, when: {load: {above: 0.5}}, do: {steer: {}}, at_most: 1}]", false)]
    [InlineData("rules: [{name: a, select: all, when: {load: {above: 0.5}}, do: {pause: , kill: }, at_most: 1}]", false)]
    [InlineData("rules: [{name: a, select: all, when: {load: {above: 0.5}}, do: {kill: {cascade: all}}, at_most: 1}]", false)]
    [InlineData("rules: [{select: all, when: {load: {above: 0.5}}, do: pause, at_most: 1}]", false)]
    [InlineData("rules: [{name: a, select: all, when: {load: {above: 0.5}}, do: pause, at_most: 1, every: 5}]", false)]
    public void FileAndSchema_Agree(string content, bool isRight) =>
        Assert.Equal((isRight, isRight), (IsRead(content), IsValid(content)));

    private bool IsRead(string content)
    {
        try
        {
            FleetConfig.Read(_tool.WriteFile("fleet.yaml", content), Host());
            return true;
        }
        catch (CommandException)
        {
            return false;
        }
    }

    private bool IsValid(string content)
    {
        var json = ToJson(ConfigReader.Read(_tool.WriteFile("fleet.yaml", content), Host()))!;
        return s_schema.Evaluate(JsonSerializer.SerializeToElement(json)).IsValid;
    }

    /// <summary>As an editor reads YAML: whole numbers are numbers.</summary>
    private static JsonNode? ToJson(ConfigNode node) => node switch
    {
        ConfigMap map => new JsonObject(map.Members.Select(member => KeyValuePair.Create(member.Key, ToJson(member.Value)))),
        ConfigList list => new JsonArray([.. list.Items.Select(ToJson)]),
        ConfigScalar { Text: { } text } =>
            int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : text,
        _ => null,
    };

    private CliHost Host() => new()
    {
        In = TextReader.Null, Out = TextWriter.Null, Error = TextWriter.Null, Env = _ => null, Home = _tool.Home,
    };

    private static string Docs(string name, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "../../../docs", name);
}
