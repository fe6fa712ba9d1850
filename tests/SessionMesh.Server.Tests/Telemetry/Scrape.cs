using System.Globalization;
using System.Text.RegularExpressions;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Telemetry;

/// <summary>What <c>/metrics</c> showed once.</summary>
internal sealed partial class Scrape
{
    private readonly Dictionary<string, double> _samples = new(StringComparer.Ordinal);

    private Scrape(string text)
    {
        Text = text;
        foreach (var line in text.Split('\n').Where(line => line.Length > 0 && !line.StartsWith('#')))
        {
            var match = Sample().Match(line);
            Assert.True(match.Success, line);
            _samples.Add(match.Groups["series"].Value, double.Parse(match.Groups["value"].Value, CultureInfo.InvariantCulture));
        }

        Types = text.Split('\n').Where(line => line.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(line => line.Split(' '))
            .ToDictionary(words => words[2], words => words[3]);
    }

    public string Text { get; }

    /// <summary>Metrics by name, with their types.</summary>
    public IReadOnlyDictionary<string, string> Types { get; }

    public IEnumerable<string> Series => _samples.Keys;

    /// <summary>A sample by name and labels as they are shown; null where there is none.</summary>
    public double? this[string series] => _samples.TryGetValue(series, out var value) ? value : null;

    /// <summary>Names of a metric's labels, a histogram's own aside.</summary>
    public IEnumerable<string> Labels(string metric) =>
        _samples.Keys.Where(series => IsOf(metric, series)).SelectMany(series => Label().Matches(series))
            .Select(match => match.Groups["name"].Value).Where(label => label != "le").Distinct().Order();

    public IEnumerable<string> Values(string label) =>
        _samples.Keys.SelectMany(series => Label().Matches(series)).Where(match => match.Groups["name"].Value == label)
            .Select(match => match.Groups["text"].Value).Distinct();

    public static async Task<Scrape> OfAsync(MeshHost mesh, string? key = null)
    {
        var reply = await mesh.GetAsync("~/metrics", key);
        Assert.True(reply.Status == 200, reply.Text);
        Assert.StartsWith("text/plain; version=0.0.4", reply.Headers["Content-Type"], StringComparison.Ordinal);
        return new Scrape(reply.Text);
    }

    private static bool IsOf(string metric, string series) =>
        series.Split('{')[0] is var name && new[] { "", "_bucket", "_sum", "_count" }.Any(suffix => name == metric + suffix);

    [GeneratedRegex(@"^(?<series>[a-z_:]+(\{.*\})?) (?<value>\S+)( \d+)?$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Sample();

    [GeneratedRegex("""(?<name>[a-z_]+)="(?<text>([^"\\]|\\.)*)"[,}]""", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Label();
}
