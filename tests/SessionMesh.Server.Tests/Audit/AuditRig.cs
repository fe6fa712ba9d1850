using System.Text.Json.Nodes;
using SessionMesh.Server.Tests.Support;

namespace SessionMesh.Server.Tests.Audit;

/// <summary>Reading the audit as a client does.</summary>
internal static class AuditRig
{
    /// <summary>The entries of one page.</summary>
    public static async Task<List<JsonNode>> AuditAsync(this MeshHost mesh, string query = "", string? key = null) =>
        Entries(await mesh.GetAsync("audit" + query, key));

    public static List<JsonNode> Entries(Reply reply)
    {
        Assert.True(reply.Status == 200, reply.Text);
        return [.. reply.Json["entries"]!.AsArray().Select(e => e!)];
    }

    /// <summary>Every entry, page by page, with the number of pages.</summary>
    public static async Task<(List<string> Entries, int Pages)> AllAsync(this MeshHost mesh, string query)
    {
        var entries = new List<string>();
        string? cursor = null;
        var pages = 0;
        do
        {
            var page = await mesh.GetAsync($"audit?{query}{(cursor is null ? "" : "&cursor=" + cursor)}");
            entries.AddRange(Entries(page).Select(e => e.ToJsonString()));
            cursor = page.Json["next_cursor"]?.GetValue<string>();
            Assert.True(++pages < 1000, "the cursor gets nowhere");
        }
        while (cursor is not null);
        return (entries, pages);
    }

    /// <summary>What an entry is about, in short: <c>operation subject</c>.</summary>
    public static string Brief(JsonNode entry) => $"{entry["operation"]} {entry["subject"]}";

    /// <summary>A token that is well-formed and belongs to nobody.</summary>
    public static string Stranger() => Server.Auth.KeyToken.New().Token;
}
