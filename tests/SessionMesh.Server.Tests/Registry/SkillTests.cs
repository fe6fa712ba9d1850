using SessionMesh.Contracts;
using SessionMesh.Server.Tests.Support;
using static SessionMesh.Server.Tests.Support.Rows;

namespace SessionMesh.Server.Tests.Registry;

/// <summary>Specializations with version, level and capacity, and the form of their names.</summary>
public sealed class SkillTests
{
    [Fact]
    public async Task Skills_AreWhatWasSaid_AndWhatIsLeftOutStays()
    {
        await using var mesh = await MeshHost.StartAsync();
        var first = await mesh.PostAsync("registry", """
            {"agent_id":"a","specialization":" OCR ","version":"2.1","level":80,"capacity":3,
             "specializations":["plain",{"name":"Image//Faces","capacity":2}]}
            """);
        first.ShouldBe(201, Registration("a", session: 2, ttl: 3600, differs: """
            "specializations":["image/faces","ocr","plain"],
            "skills":[{"name":"image/faces","version":null,"level":50,"capacity":2,"held":0},
             {"name":"ocr","version":"2.1","level":80,"capacity":3,"held":0},
             {"name":"plain","version":null,"level":50,"capacity":1,"held":0}]
            """));
        await mesh.PostAsync("registry", """{"agent_id":"a","specialization":"ocr","capacity":5}""");
        Assert.Equal(
            """{"name":"ocr","version":"2.1","level":80,"capacity":5,"held":0}""",
            (await mesh.GetAsync("agents/a")).Json["skills"]![1]!.ToJsonString());

        // POST /agents replaces the list, and keeps what is known of those that stay.
        await mesh.PostAsync("agents", """{"agent_id":"a","incarnation":1,"specializations":["ocr",{"name":"new","level":0}]}""");
        Assert.Equal(
            """
            [{"name":"new","version":null,"level":0,"capacity":1,"held":0},{"name":"ocr","version":"2.1","level":80,"capacity":5,"held":0}]
            """,
            (await mesh.GetAsync("agents/a")).Json["skills"]!.ToJsonString());
        await mesh.RestartAsync();
        Assert.Equal(
            """{"name":"ocr","version":"2.1","level":80,"capacity":5,"held":0}""",
            (await mesh.GetAsync("agents/a")).Json["skills"]![1]!.ToJsonString());
        await mesh.DeleteAsync("registry?agent_id=a&specialization=OCR");
        Assert.Equal("""["new"]""", (await mesh.GetAsync("agents/a")).Json["specializations"]!.ToJsonString());
    }

    [Fact]
    public async Task Names_AreFoundUnderEachNameAboveThem_InAnyForm()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", more: ",\"specializations\":[\"Image-Processing/OCR\"]");
        await mesh.RegisterAsync("b", more: ",\"specializations\":[\"image-processing\"]");
        await mesh.RegisterAsync("c", more: ",\"specializations\":[\"image\"]");
        foreach (var (name, ids) in new[]
        {
            ("image-processing", "a b"), ("IMAGE-PROCESSING/ocr/", "a"), ("image", "c"), ("image-processing/o", ""),
        })
        {
            var found = (await mesh.GetAsync("alive?fields=agent_id&specialization=" + Uri.EscapeDataString(name))).Json["sessions"]!;
            Assert.Equal(ids, string.Join(' ', found.AsArray().Select(row => row!["agent_id"]!.GetValue<string>())));
        }

        (await mesh.GetAsync("registry")).ShouldBe(200, """
            {"specializations":[{"specialization":"image","declared":1,"alive":1,"room":1},
             {"specialization":"image-processing","declared":2,"alive":2,"room":2},
             {"specialization":"image-processing/ocr","declared":1,"alive":1,"room":1}],"agents":[],"next_cursor":null}
            """);
        var steered = await mesh.PostAsync("steer", """{"selector":{"specialization":"Image-Processing"},"direction":"x","expect":2}""");
        Assert.Equal(2, steered.Json["matched"]!.GetValue<int>());
    }

    [Fact]
    public async Task Bounds_AreNamed_AndNothingIsChanged()
    {
        await using var mesh = await MeshHost.StartAsync();
        var deepest = string.Join('/', Enumerable.Repeat("p", Limits.SpecializationParts));
        foreach (var (body, pointer) in new[]
        {
            ("\"specialization\":\"s\",\"capacity\":0", "/capacity"),
            ($"\"specialization\":\"s\",\"capacity\":{Limits.MaxCapacity + 1}", "/capacity"),
            ("\"specialization\":\"s\",\"level\":-1", "/level"),
            ($"\"specialization\":\"s\",\"level\":{Limits.MaxSkillLevel + 1}", "/level"),
            ("\"specialization\":\"s\",\"version\":\"\"", "/version"),
            ("\"specialization\":\" / \"", "/specialization"),
            ($"\"specialization\":\"{deepest}/p\"", "/specialization"),
            ("\"capacity\":3", "/specialization"),
            ("\"specializations\":[\"s\"],\"capacity\":3", "/capacity"),
            ("\"specializations\":[{\"name\":\"s\",\"capacity\":0}]", "/specializations/0/capacity"),
            ("\"specializations\":[{\"capacity\":3}]", "/specializations/0/name"),
            ("\"specializations\":[{\"name\":\"s\",\"level\":1},{\"name\":\"S\",\"level\":2}]", "/specializations/1"),
            ("\"specializations\":[{\"name\":\"s\",\"skill\":1}]", "/specializations/0"),
            ("\"specializations\":[{\"name\":\"s\",\"level\":1.5}]", "/specializations/0"),
            ("\"specializations\":[{\"name\":\"s\",\"name\":\"t\"}]", "/specializations/0"),
        })
        {
            (await mesh.PostAsync("registry", $$"""{"agent_id":"a",{{body}}}"""))
                .ShouldBeProblem(400, "invalid_request", ",\"errors\":\"*\"").ShouldBlame(pointer);
        }

        Assert.Equal(1, mesh.Revision);
        Assert.Equal(201, (await mesh.PostAsync("registry", $$"""
            {"agent_id":"a","specialization":"{{deepest}}","level":{{Limits.MaxSkillLevel}},"capacity":{{Limits.MaxCapacity}}}
            """)).Status);
        var skill = (await mesh.GetAsync("agents/a")).Json["skills"]![0]!;
        Assert.Equal((Limits.MaxSkillLevel, Limits.MaxCapacity), (skill["level"]!.GetValue<int>(), skill["capacity"]!.GetValue<int>()));
    }

    /// <summary>Names that a version before this stored as they were sent.</summary>
    [Fact]
    public async Task Names_StoredInAnotherForm_AreFoundInTheirs()
    {
        await using var mesh = await MeshHost.StartAsync();
        await mesh.RegisterAsync("a", more: ",\"specializations\":[\"old\"]");
        await mesh.StopAsync();
        var names = "[\" Data//Analysis \",\"ÜBER\"]";
        Assert.Equal(1, await mesh.RunSqlAsync($"UPDATE agents SET specializations = {names}"));
        await mesh.RestartAsync();
        Assert.Equal(1, (await mesh.GetAsync("alive?specialization=data")).Json["count"]!.GetValue<int>());
        Assert.Equal("""["data/analysis","\u00FCber"]""", (await mesh.GetAsync("agents/a")).Json["specializations"]!.ToJsonString());
    }
}
