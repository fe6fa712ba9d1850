using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using SessionMesh.Server.Store;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.OpenApi;

/// <summary>
/// Whoever tries an operation on the page of the API sends its example: each is sent here, from the document, as it stands.
/// </summary>
public sealed class ExampleTests
{
    /// <summary>
    /// What is answered with an error because of what was not done before, or was not given; the text of the operation says so.
    /// </summary>
    private static readonly Dictionary<string, int> s_refused = new()
    {
        ["killAgents"] = 400, // an empty selector
        ["reviveAgent"] = 409, // of an agent that is alive
        ["tradeSignInCode"] = 401, // of a code that nobody gave
    };

    /// <summary>What makes the agent or the session that the others' examples are about.</summary>
    private static readonly string[] s_makers = ["registerAgent", "createSession"];

    public static TheoryData<string> Operations()
    {
        var operations = new TheoryData<string>();
        foreach (var operation in ApiDocument.Reviewed().Where(operation => operation.Id != "restore")) // which takes a file
        {
            operations.Add(operation.Id);
        }

        return operations;
    }

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task Operation_AsThePageSendsIt_IsAnsweredAsItSays(string id)
    {
        await using var mesh = await MeshHost.StartAsync();
        await SendAsync(mesh, id);
    }

    public static TheoryData<string> Changes() =>
        [.. ApiDocument.Reviewed().Where(operation => operation.Method != HttpMethod.Get && operation.Id != "restore").Select(o => o.Id)];

    /// <summary>Every operation once: those that change something here. ./eng/soak.sh nodes runs all tests of the server there.</summary>
    [Theory]
    [MemberData(nameof(Changes))]
    public async Task Change_OnPostgres_IsAnsweredTheSame(string id)
    {
        await using var mesh = await MeshHost.StartOnPostgresAsync();
        await SendAsync(mesh, id);
    }

    /// <summary>The others, which do not disturb one another.</summary>
    [Fact]
    public async Task Reads_OnPostgres_AreAnsweredTheSame()
    {
        await using var mesh = await MeshHost.StartOnPostgresAsync();
        var (named, token) = await PrepareAsync(mesh, "");
        foreach (var operation in (await ApiDocument.ReadAsync(mesh)).Where(operation => operation.Method == HttpMethod.Get))
        {
            await SendAsync(mesh, operation, named, token);
        }
    }

    private static async Task SendAsync(MeshHost mesh, string id)
    {
        var operation = (await ApiDocument.ReadAsync(mesh)).Single(operation => operation.Id == id);
        var (named, token) = await PrepareAsync(mesh, id);
        await SendAsync(mesh, operation, named, token);
    }

    private static async Task SendAsync(MeshHost mesh, ApiOperation operation, Dictionary<string, string> named, string token)
    {
        var id = operation.Id;
        using var request = Request(mesh, operation, named, token);
        using var http = new HttpClient { Timeout = Eventually.Bound };
        using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead); // the log is a stream without an end
        var status = (int)answer.StatusCode;
        var text = answer.Content.Headers.ContentType?.MediaType == "text/event-stream" ? "" : await answer.Content.ReadAsStringAsync();
        var isElsewhere = id == "backup" && !mesh.Service<MeshStore>().IsFile;
        Assert.True(
            isElsewhere ? text.Contains("\"not_in_this_store\"", StringComparison.Ordinal)
                : s_refused.TryGetValue(id, out var refused) ? status == refused : status is >= 200 and < 300,
            $"{status} {text}");
        Assert.Contains(status.ToString(System.Globalization.CultureInfo.InvariantCulture), operation.Statuses);
        if (id is "heartbeats" or "steerEach" or "importSessions")
        {
            Assert.True(WentWell(JsonNode.Parse(text)!, id), text); // a part that was refused is in a 200
        }
    }

    [Fact]
    public async Task Operation_ThatTakesABody_HasAnExampleOfIt()
    {
        await using var mesh = await MeshHost.StartAsync();
        var operations = await ApiDocument.ReadAsync(mesh);
        Assert.All(operations.Where(operation => operation.Body is not null && operation.Id != "restore"), operation =>
            Assert.True(operation.Body!["example"] is not null, $"{operation.Id} has no line in Examples"));
    }

    /// <summary>Without an example the page leaves the field empty; then the text says what belongs there.</summary>
    [Fact]
    public async Task Parameter_ThatMustBeGiven_HasAnExampleOrSaysWhereItIsFound()
    {
        await using var mesh = await MeshHost.StartAsync();
        var without = (await ApiDocument.ReadAsync(mesh)).SelectMany(operation => operation.Parameters)
            .Where(parameter => parameter["required"]?.GetValue<bool>() == true && parameter["example"] is null).ToList();
        Assert.Equal(
            ["claim_id", "directive_id", "key_id"],
            without.Select(parameter => parameter["name"]!.GetValue<string>()).Distinct().Order());
        Assert.All(without, parameter => Assert.Contains("_id` ", parameter["description"]!.GetValue<string>(), StringComparison.Ordinal));
    }

    /// <summary>The page sends every example that it shows, so that one of a filter would filter.</summary>
    [Fact]
    public async Task Parameter_ThatMayBeLeftOut_HasNoExample()
    {
        await using var mesh = await MeshHost.StartAsync();
        Assert.DoesNotContain(
            (await ApiDocument.ReadAsync(mesh)).SelectMany(operation => operation.Parameters),
            parameter => parameter["required"]?.GetValue<bool>() != true && parameter["example"] is not null);
    }

    /// <summary>Makes what an operation is about, and says what the server has named, and what opens it.</summary>
    private static async Task<(Dictionary<string, string> Named, string Token)> PrepareAsync(MeshHost mesh, string id)
    {
        var named = new Dictionary<string, string>();
        if (s_makers.Contains(id))
        {
            return (named, mesh.RootKey);
        }

        await mesh.RegisterAsync("worker-1", more: ",\"specializations\":[\"data-analysis\"]");
        await mesh.RegisterAsync("worker-2");
        if (id == "removeLink")
        {
            await mesh.SendAsync(HttpMethod.Put, "links", """{"from":"worker-1","to":"worker-2"}""");
        }

        named["directive_id"] = (await mesh.SteerAsync("worker-1")).Json["directive_id"]!.GetValue<string>();
        named["claim_id"] = id == "claimAgent"
            ? ""
            : (await mesh.PostAsync("registry/claim", """{"specialization":"data-analysis"}""")).Json["claim_id"]!.GetValue<string>();
        Assert.Equal(201, (await mesh.PostAsync("sessions", """{"id":"job-1"}""")).Status);
        var key = (await mesh.PostAsync("keys", """{"refresh":true}""")).Json;
        named["key_id"] = key["key_id"]!.GetValue<string>();
        if (id == "renewKey")
        {
            mesh.Time.JumpWall(TimeSpan.FromHours(2));
            await mesh.SettleAsync();
        }

        return (named, id == "refreshKey" ? key["refresh_token"]!.GetValue<string>() : mesh.RootKey);
    }

    private static HttpRequestMessage Request(MeshHost mesh, ApiOperation operation, Dictionary<string, string> named, string token)
    {
        var (path, query) = (operation.Path, new List<string>());
        foreach (var parameter in operation.Parameters.Where(parameter => parameter["required"]?.GetValue<bool>() == true))
        {
            var name = parameter["name"]!.GetValue<string>();
            var value = parameter["example"]?.GetValue<string>() ?? named[name];
            if (parameter["in"]!.GetValue<string>() == "path")
            {
                path = path.Replace($"{{{name}}}", value, StringComparison.Ordinal);
            }
            else
            {
                query.Add($"{name}={value}");
            }
        }

        var request = new HttpRequestMessage(operation.Method, new Uri(mesh.Address, $"{path}?{string.Join('&', query)}".TrimEnd('?')));
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        if (operation.Body is { } body)
        {
            var example = body["example"]!;
            var text = example is JsonValue value ? value.GetValue<string>() : example.ToJsonString();
            request.Content = new StringContent(text, Encoding.UTF8, operation.ContentType!);
        }

        return request;
    }

    private static bool WentWell(JsonNode answer, string id) => id switch
    {
        "heartbeats" => answer["accepted"]!.GetValue<int>() == 1,
        "steerEach" => answer["results"]!.AsArray().All(result => result!["directive_id"] is not null),
        _ => answer["imported"]!.GetValue<int>() == 1,
    };
}
