using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;
using SessionMesh.Contracts;

namespace SessionMesh.Server.Http;

/// <summary>
/// The query string of a request. A parameter that the route does not know is refused by name, like an unknown body member.
/// </summary>
internal readonly struct Query
{
    private static readonly string[] s_times =
        ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    private readonly Dictionary<string, string>? _values;
    private readonly Dictionary<string, List<string>>? _repeated;

    private Query(Dictionary<string, string> values, Dictionary<string, List<string>> repeated) =>
        (_values, _repeated) = (values, repeated);

    public static Query Read(HttpContext http, ref Check check, params ReadOnlySpan<string> allowed) => Read(http, ref check, allowed, []);

    /// <param name="repeatable">Those among the allowed that may be given several times; see <see cref="All"/>.</param>
    public static Query Read(HttpContext http, ref Check check, ReadOnlySpan<string> allowed, ReadOnlySpan<string> repeatable)
    {
        if (!http.Request.QueryString.HasValue)
        {
            return default;
        }

        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var repeated = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var pair in new QueryStringEnumerable(http.Request.QueryString.Value))
        {
            var name = pair.DecodeName().ToString();
            if (name == MinRevision.Name && MinRevision.IsRead(http))
            {
                continue; // any read may have it, and it is answered before
            }

            if (!allowed.Contains(name))
            {
                check.Fail("?" + name, "is not a parameter here", allowed.ToArray());
            }
            else if (repeatable.Contains(name))
            {
                var all = repeated.TryGetValue(name, out var before) ? before : repeated[name] = [];
                all.Add(pair.DecodeValue().ToString());
            }
            else if (!values.TryAdd(name, pair.DecodeValue().ToString()))
            {
                check.Fail("?" + name, "is given twice");
            }
        }

        return new Query(values, repeated);
    }

    public string? this[string name] => _values?.GetValueOrDefault(name);

    /// <summary>What a parameter is given that may be given several times, in the order of the query; empty if absent.</summary>
    public IReadOnlyList<string> All(string name) => _repeated?.GetValueOrDefault(name) ?? [];

    /// <summary>A whole number; null if absent.</summary>
    public long? Number(string name, ref Check check, long low, long high)
    {
        if (this[name] is not { } text)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            && value >= low && value <= high)
        {
            return value;
        }

        check.Fail("?" + name, string.Create(CultureInfo.InvariantCulture, $"is a whole number from {low} to {high}"));
        return null;
    }

    /// <summary>A time in wall milliseconds; null if absent. UTC unless it has an offset.</summary>
    public long? Time(string name, ref Check check)
    {
        if (this[name] is not { } text)
        {
            return null;
        }

        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (DateTimeOffset.TryParseExact(text, s_times, CultureInfo.InvariantCulture, Utc, out var time))
        {
            return time.ToUnixTimeMilliseconds();
        }

        check.Fail("?" + name, "is an ISO 8601 time such as 2026-01-31T08:15:30Z; a + in it is written %2B");
        return null;
    }

    public bool Flag(string name, ref Check check)
    {
        if (this[name] is not { } text)
        {
            return false;
        }

        if (text is "true" or "false" or "1" or "0" or "")
        {
            return text is not ("false" or "0");
        }

        check.Fail("?" + name, "is true or false", ["true", "false"]);
        return false;
    }

    public int Limit(ref Check check) => (int)(Number("limit", ref check, 1, Limits.MaxPage) ?? Limits.DefaultPage);

    /// <summary>The number that the page starts after; -1 for the first page.</summary>
    public int Cursor(ref Check check)
    {
        if (this["cursor"] is not { } text)
        {
            return -1;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var after) && after < int.MaxValue)
        {
            return after;
        }

        check.Fail("?cursor", "is not a cursor of this server; leave it out to begin again");
        return -1;
    }
}
