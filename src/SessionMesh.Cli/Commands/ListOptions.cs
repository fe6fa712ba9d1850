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
/// table is read first, and is in the order of its names.
/// </summary>
internal sealed class ListOptions
{
    private readonly Option<int?> _limit = Opt.Number("--limit", "At most this many rows (default: all)", 1, int.MaxValue);
    private readonly Option<string?> _sort = new("--sort") { Description = "Order by these members; -a reverses", HelpName = "a,-b" };
    private readonly Option<bool> _noPager = new("--no-pager") { Description = "Print a long table without $PAGER" };
    private readonly Command _command;
    private readonly bool _isOrdered;
    private readonly Func<List<JsonElement>, IComparer<JsonElement>, List<JsonElement>>? _arrange;

    /// <param name="isOrdered">The server's order has a meaning, such as newest first: a table keeps it.</param>
    /// <param name="arrange">Arranges the rows of a table otherwise than one after the other in their order.</param>
    public ListOptions(
        Command command, bool isOrdered = false, Func<List<JsonElement>, IComparer<JsonElement>, List<JsonElement>>? arrange = null)
    {
        (_command, _isOrdered, _arrange) = (command, isOrdered, arrange);
        command.Add(_limit);
        command.Add(_sort);
        command.Add(_noPager);
    }

    /// <summary>The most rows to print, or null for all.</summary>
    public int? LimitOf(CommandContext context) => context.Get(_limit);

    /// <summary>Whether rows are bounded or sorted, which a list without an end cannot be.</summary>
    public bool IsUsed(CommandContext context) => context.Get(_limit) is not null || context.Get(_sort) is not null;

    /// <summary>The members that have to be read: those printed, and those to sort by; null for all.</summary>
    public IReadOnlyList<string>? FieldsFor(CommandContext context, View view)
    {
        var printed = context.Output.Format is OutputFormat.Name ? view.Names : context.Output.Fields;
        return printed is null ? null : [.. printed.Concat(OrderOf(context, view)?.Members ?? []).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Prints every row, up to the limit.</summary>
    /// <param name="readAsync">Reads a page of so many rows at most, after the cursor of the page before.</param>
    public async Task<Listed> WriteAsync(
        CommandContext context, View view,
        Func<int, string?, CancellationToken, Task<JsonElement>> readAsync, CancellationToken cancellation)
    {
        var pages = new Pages(readAsync, context.Get(_limit) ?? int.MaxValue);
        var order = OrderOf(context, view);
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
    public async Task<IReadOnlyList<JsonElement>> ReadAsync(
        CommandContext context, View view,
        Func<int, string?, CancellationToken, Task<JsonElement>> readAsync, CancellationToken cancellation)
    {
        var pages = new Pages(readAsync, context.Get(_limit) ?? int.MaxValue);
        var (rows, wanted) = (new List<JsonElement>(), OrderOf(context, view));
        while (await pages.NextAsync(view, cancellation) is { } page)
        {
            rows.AddRange(page);
        }

        return wanted is not { } order ? rows
            : _arrange is not null && context.Output.IsTable ? _arrange(rows, order)
            : [.. rows.Order(order)];
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private RowOrder? OrderOf(CommandContext context, View view) =>
        context.Get(_sort) is { } members
            ? Checked(new RowOrder(members.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)))
            : context.Output.IsTable && !_isOrdered ? new RowOrder(view.Names) : null;

    private RowOrder Checked(RowOrder order)
    {
        (_command as MeshCommand)?.CheckMembers("--sort", [.. order.Members]);
        return order;
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

        if (order is not null && _arrange is not null && context.Output.IsTable)
        {
            rows = _arrange(rows, order);
        }
        else if (order is not null)
        {
            rows = [.. rows.Order(order)]; // stable, so that what is equal keeps the server's order
        }

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
    private sealed class Pages(Func<int, string?, CancellationToken, Task<JsonElement>> readAsync, int most)
    {
        private JsonElement? _first;
        private string? _cursor;

        public int Count { get; private set; }

        public JsonElement Last { get; private set; }

        public bool HasMore => _cursor is not null;

        /// <summary>How many rows there are, where the server says so.</summary>
        public long? Total => _first is { } first && first.TryGetProperty("total", out var total) ? total.GetInt64() : null;

        /// <summary>The rows of the next page; null after the last one, or when there are as many as are wanted.</summary>
        public async Task<IReadOnlyList<JsonElement>?> NextAsync(View view, CancellationToken cancellation)
        {
            if (_first is not null && (_cursor is null || Count >= most))
            {
                return null;
            }

            Last = await readAsync(Math.Min(most - Count, Limits.MaxPage), _cursor, cancellation);
            _first ??= Last;
            var cursor = Json.Text(Last, "next_cursor");
            if (cursor is not null && cursor == _cursor)
            {
                throw new CommandException(ExitCodes.Failed, "the server answers the same page again and again");
            }

            _cursor = cursor;
            var rows = view.Rows(Last).ToList();
            Count += rows.Count;
            return rows;
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
