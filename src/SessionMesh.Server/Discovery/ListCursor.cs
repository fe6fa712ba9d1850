using System.Buffers.Text;
using System.Globalization;
using System.Text;
using SessionMesh.Contracts.Errors;
using SessionMesh.Core;
using SessionMesh.Server.Http;

namespace SessionMesh.Server.Discovery;

/// <summary>Where a page of a list begins.</summary>
internal abstract record ListPlace;

/// <summary>After the agent with that number; -1 for the beginning.</summary>
internal sealed record AfterNumber(int Number) : ListPlace;

/// <summary>After the agent with that id, in either direction; null for the beginning.</summary>
internal sealed record AfterId(string? Id) : ListPlace;

/// <summary>In a run of agents that is sorted by itself.</summary>
/// <param name="Start">The run is of agents with higher numbers than this.</param>
/// <param name="End">The highest number in it; <see cref="int.MaxValue"/> while that is open.</param>
/// <param name="After">The last place of the page before; null for the run's first page.</param>
internal sealed record InRun(int Start, int End, SortKey? After) : ListPlace
{
    public static readonly InRun First = new(-1, int.MaxValue, null);
}

/// <summary>Past the agents: after the plain session of that revision.</summary>
internal sealed record AfterSession(long Revision) : ListPlace;

/// <summary>
/// The text of <c>next_cursor</c>: a place, and which query and which epoch of the store it is of. Whoever changes it gets another place of
/// the same list, and no row that its key may not see.
/// </summary>
internal readonly record struct ListCursor(string Digest, long Epoch, ListPlace Place)
{
    /// <summary>What is said of a text that is no cursor.</summary>
    public const string NoCursor = "is not a cursor of this server; leave it out to begin again";

    /// <summary>Stands for a query in its cursors.</summary>
    /// <param name="parameters">Those that say what is in the list, and in which order.</param>
    public static string DigestOf(Query query, ReadOnlySpan<string> parameters)
    {
        var digest = 14695981039346656037UL; // FNV-1a: nobody gains by making two lists look alike
        foreach (var name in parameters)
        {
            Add(name, '=');
            Add(query[name] ?? "", '\n');
            foreach (var one in query.All(name))
            {
                Add(one, '\r');
            }
        }

        return digest.ToString("x16", CultureInfo.InvariantCulture);

        void Add(string text, char end)
        {
            foreach (var letter in text)
            {
                digest = (digest ^ letter) * 1099511628211UL;
            }

            digest = (digest ^ end) * 1099511628211UL;
        }
    }

    /// <summary>Why it does not go on in the list with that digest; null if it does.</summary>
    public MeshError? Check(string digest, long epoch) =>
        Digest != digest ? OfAnotherList()
        : Epoch != epoch ? new MeshError(
            ErrorKind.Conflict, ErrorCodes.Restored,
            $"This mesh is in epoch {epoch}: its store was restored, and a cursor of epoch {Epoch} means nothing any more. "
            + "Leave it out to begin again.")
        : null;

    public static MeshError OfAnotherList() => new(
        ErrorKind.Invalid, ErrorCodes.CursorMismatch,
        "The cursor is of another list. Send it with the parameters of the page it came with, or leave it out to begin again.");

    public override string ToString()
    {
        var place = Place switch
        {
            AfterNumber(var number) => string.Create(CultureInfo.InvariantCulture, $"n {number}"),
            AfterId(var id) => $"i {id}",
            InRun(var start, var end, { } after) =>
                string.Create(CultureInfo.InvariantCulture, $"r {start} {end} {after.Value:R} {after.Number}"),
            InRun(var start, var end, _) => string.Create(CultureInfo.InvariantCulture, $"r {start} {end}"),
            AfterSession(var revision) => string.Create(CultureInfo.InvariantCulture, $"s {revision}"),
            _ => throw new InvalidOperationException(Place.GetType().Name),
        };
        return Base64Url.EncodeToString(
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Digest} {Epoch} {place}")));
    }

    /// <summary>Null for a text that is no cursor.</summary>
    public static ListCursor? Parse(string text)
    {
        if (text.Length is 0 or > 512 || !Base64Url.IsValid(text))
        {
            return null;
        }

        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split(' ');
        return parts.Length > 3 && TryNumber(parts[1], 1, out var epoch) && PlaceOf(parts[2], parts[3..]) is { } place
            ? new ListCursor(parts[0], epoch, place)
            : null;
    }

    private static ListPlace? PlaceOf(string kind, string[] parts) => (kind, parts) switch
    {
        ("n", [var text]) when TryNumber(text, -1, out var number) && number < int.MaxValue => new AfterNumber((int)number),
        ("i", [var id]) when Contracts.MeshId.IsValid(id) => new AfterId(id),
        ("s", [var text]) when TryNumber(text, 0, out var revision) => new AfterSession(revision),
        ("r", [var first, var last]) when TryRun(first, last, out var run) => run,
        ("r", [var first, var last, var value, var text])
            when TryRun(first, last, out var run) && TryNumber(text, 0, out var number)
                && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var key) =>
            run with { After = new SortKey(key, (int)Math.Min(number, int.MaxValue)) },
        _ => null,
    };

    private static bool TryRun(string first, string last, out InRun run)
    {
        run = InRun.First;
        if (!TryNumber(first, -1, out var start) || !TryNumber(last, 0, out var end) || start >= int.MaxValue || end > int.MaxValue)
        {
            return false;
        }

        run = new InRun((int)start, (int)end, null);
        return true;
    }

    private static bool TryNumber(string text, long least, out long number) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number) && number >= least;
}
