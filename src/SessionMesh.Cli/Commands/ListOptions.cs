using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using SessionMesh.Cli.Hosting;
using SessionMesh.Cli.Options;
using SessionMesh.Cli.Output;
using SessionMesh.Contracts;

namespace SessionMesh.Cli.Commands;

/// <summary>What was printed of a list.</summary>
/// <param name="Rows">How many rows.</param>
/// <param name="Last">The last page that was read.</param>
internal sealed record Listed(int Rows, JsonElement Last);

/// <summary>
/// A list that the server answers in pages and the tool prints whole: <c>--limit</c>, <c>--sort</c>, <c>--no-pager</c>, and how they come
/// together with the formats. <c>json</c>, <c>jsonl</c>, <c>csv</c> and <c>name</c> are printed as the pages come, in the server's order; a
/// table is read first, and is in the order of its names. What is sorted is read whole before it is bounded: the first rows of a sorted
/// list may be on its last page.
/// </summary>
internal sealed class ListOptions
{
    private readonly Option<int?> _limit = Opt.Number("--limit", "At most this many rows (default: all)", 1, int.MaxValue);
    private readonly SortOption _sort;
    private readonly Option<bool> _noPager = new("--no-pager") { Description = "Print a long table without $PAGER" };
    private readonly bool _isOrdered;
    private readonly Func<List<JsonElement>, IComparer<JsonElement>, List<JsonElement>>? _arrange;

    /// <param name="isOrdered">The server's order has a meaning, such as newest first: a table keeps it.</param>
    /// <param name="arrange">Arranges the rows of a table otherwise than one after the other in their order.</param>
    public ListOptions(
        MeshCommand command, bool isOrdered = false, Func<List<JsonElement>, IComparer<JsonElement>, List<JsonElement>>? arrange = null)
    {
        (_isOrdered, _arrange) = (isOrdered, arrange);
        command.Add(_limit);
        command.Sort = _sort = new SortOption(command);
        command.Add(_noPager);
    }

    /// <summary>The most rows to print, or null for all.</summary>
    public int? LimitOf(CommandContext context) => context.Get(_limit);

    /// <summary>Whether the rows are to be in the order of their names, as a table's are where nothing else is asked for.</summary>
    public bool IsByName(CommandContext context) => context.Output.IsTable && !_isOrdered && !_sort.IsGiven(context);

    /// <summary>Lets <c>--sort</c> take a word for a member.</summary>
    public void Sorts(string word, string member) => _sort.Knows(word, member);

    /// <summary>Whether rows are bounded or sorted, which a list without an end cannot be.</summary>
    public bool IsUsed(CommandContext context) => context.Get(_limit) is not null || _sort.IsGiven(context);

    /// <summary>The members that have to be read: those printed, and those to sort by; null for all.</summary>
    public IReadOnlyList<string>? FieldsFor(CommandContext context, View view)
    {
        var printed = context.Output.Format is OutputFormat.Name ? view.Names : context.Output.Fields;
        return printed is null ? null : [.. printed.Concat(OrderOf(context, view)?.Members ?? []).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Prints every row, up to the limit.</summary>
    /// <param name="readAsync">Reads a page of so many rows at most, after the cursor of the page before.</param>
    /// <param name="isSorted">The server sorts by name what <see cref="IsByName"/>, so that a page is enough for the first rows.</param>
    public async Task<Listed> WriteAsync(
        CommandContext context, View view,
        Func<int, string?, CancellationToken, Task<JsonElement>> readAsync, CancellationToken cancellation, bool isSorted = false)
    {
        var order = OrderOf(context, view);
        var pages = new Pages(readAsync, LimitOf(context), readsAll: order is not null && !(isSorted && IsByName(context)));
        var isWhole = order is not null || context.Output.IsTable || context.Output.Format is OutputFormat.Yaml;
        if (isWhole)
        {
            await WriteWholeAsync(context, view, pages, order, cancellation);
        }
        else
        {
            await WriteAsTheyComeAsync(context, view, pages, cancellation);
        }

        if (pages.HasMore)
        {
            context.Note(pages.Total is { } total
                ? $"{Number(pages.Count)} of {Number(total)}: without --limit the list is whole"
                : $"{Number(pages.Count)} {(pages.Count == 1 ? "row" : "rows")}, and there are more: without --limit the list is whole");
        }

        return new Listed(pages.Count, pages.Last);
    }

    /// <summary>Reads every row, up to the limit, for a list that is shown again and again; in the order of a table.</summary>
    /// <inheritdoc cref="WriteAsync"/>
    public async Task<IReadOnlyList<JsonElement>> ReadAsync(
        CommandContext context, View view,
        Func<int, string?, CancellationToken, Task<JsonElement>> readAsync, CancellationToken cancellation, bool isSorted = false)
    {
        var order = OrderOf(context, view);
        var pages = new Pages(readAsync, LimitOf(context), readsAll: order is not null && !(isSorted && IsByName(context)));
        var rows = new List<JsonElement>();
        while (await pages.NextAsync(view, cancellation) is { } page)
        {
            rows.AddRange(page);
        }

        return Arranged(context, rows, order);
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private RowOrder? OrderOf(CommandContext context, View view) =>
        _sort.Find(context, _isOrdered ? [] : view.Names) ?? (IsByName(context) ? new RowOrder(view.Names) : null);

    /// <summary>In order, where there is one, and no more than are wanted.</summary>
    private List<JsonElement> Arranged(CommandContext context, List<JsonElement> rows, RowOrder? order)
    {
        var arranged = order is null ? rows
            : _arrange is not null && context.Output.IsTable ? _arrange(rows, order)
            : [.. rows.Order(order)]; // stable, so that what is equal keeps the server's order
        return LimitOf(context) is { } limit && arranged.Count > limit ? arranged[..limit] : arranged;
    }

    private async Task WriteWholeAsync(CommandContext context, View view, Pages pages, RowOrder? order, CancellationToken cancellation)
    {
        var rows = new List<JsonElement>();
        using (context.ShowProgress(() => $"{rows.Count} rows read"))
        {
            while (await pages.NextAsync(view, cancellation) is { } page)
            {
                rows.AddRange(page);
            }
        }

        rows = Arranged(context, rows, order);
        if (context.Output.IsTable)
        {
            if (rows.Count > 0 && context.Get(_noPager))
            {
                context.Output.WriteTable(rows, view);
            }
            else if (rows.Count > 0)
            {
                context.Output.PageTable(rows, view);
            }

            return;
        }

        if (context.Output.Format is OutputFormat.Json or OutputFormat.Yaml)
        {
            context.Output.Write(Json.Replace(pages.Whole(view), view.RowsMember!, rows), view);
            return;
        }

        foreach (var row in rows)
        {
            context.Output.WriteRow(row, view);
        }

        context.Output.WriteEnd(view);
    }

    private static async Task WriteAsTheyComeAsync(CommandContext context, View view, Pages pages, CancellationToken cancellation)
    {
        using var document = context.Output.Format is OutputFormat.Json ? new JsonList(context.Output, view.RowsMember!) : null;
        while (await pages.NextAsync(view, cancellation) is { } page)
        {
            foreach (var row in page)
            {
                if (document is not null)
                {
                    document.Add(row);
                }
                else
                {
                    context.Output.WriteRow(row, view);
                }
            }

            context.Output.Flush();
        }

        document?.End(json => pages.WriteRest(json, view));
        context.Output.WriteEnd(view);
    }

    /// <summary>The pages of one list, one after the other.</summary>
    /// <param name="limit">The most rows that are wanted; null for all.</param>
    /// <param name="readsAll">Whether the pages go on nevertheless, because which rows are wanted shows only then.</param>
    private sealed class Pages(Func<int, string?, CancellationToken, Task<JsonElement>> readAsync, int? limit, bool readsAll)
    {
        private readonly int _most = readsAll ? int.MaxValue : limit ?? int.MaxValue;
        private JsonElement? _first;
        private string? _cursor;
        private int _read;

        /// <summary>How many rows are wanted of those that were read.</summary>
        public int Count => Math.Min(_read, limit ?? int.MaxValue);

        public JsonElement Last { get; private set; }

        public bool HasMore => _cursor is not null || _read > Count;

        /// <summary>How many rows there are, where that is known.</summary>
        public long? Total =>
            _first is { } first && first.TryGetProperty("total", out var total) ? total.GetInt64() : _cursor is null ? _read : null;

        /// <summary>The rows of the next page; null after the last one, or when there are as many as are wanted.</summary>
        public async Task<IReadOnlyList<JsonElement>?> NextAsync(View view, CancellationToken cancellation)
        {
            if (_first is not null && (_cursor is null || _read >= _most))
            {
                return null;
            }

            Last = await readAsync(Math.Min(_most - _read, Limits.MaxPage), _cursor, cancellation);
            _first ??= Last;
            var cursor = Json.Text(Last, "next_cursor");
            if (cursor is not null && cursor == _cursor)
            {
                throw new CommandException(ExitCodes.Failed, "the server answers the same page again and again");
            }

            _cursor = cursor;
            var (rows, left) = (view.Rows(Last).ToList(), _most - _read);
            _read += rows.Count;
            return rows.Count > left ? rows[..left] : rows; // a list that is one answer takes no limit
        }

        /// <summary>What the first page says beside its rows, with the number of all that was read and where it goes on.</summary>
        public JsonElement Whole(View view) => Json.Build(json =>
        {
            json.WriteStartArray(view.RowsMember!);
            json.WriteEndArray();
            WriteRest(json, view);
        });

        /// <inheritdoc cref="Whole"/>
        public void WriteRest(Utf8JsonWriter json, View view)
        {
            foreach (var member in _first!.Value.EnumerateObject().Where(member => member.Name != view.RowsMember))
            {
                switch (member.Name)
                {
                    case "count":
                        json.WriteNumber("count"u8, Count);
                        break;
                    case "next_cursor":
                        json.WriteString("next_cursor"u8, _cursor);
                        break;
                    default:
                        member.WriteTo(json);
                        break;
                }
            }
        }
    }
}
