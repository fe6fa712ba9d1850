namespace SessionMesh.Dashboard.Overview;

/// <summary>
/// Where the cells of the mosaic are: groups one after another, as words in a line, each a block of equal squares. Immutable.
/// </summary>
public sealed record MosaicLayout
{
    /// <summary>Pixels above each block for its name.</summary>
    public const int LabelHeight = 18;

    /// <summary>Pixels between blocks.</summary>
    public const int Gap = 10;

    /// <summary>The largest and the smallest side of a cell, in pixels. Below the smallest a shape cannot be told from another.</summary>
    public const double MostCell = 72, LeastCell = 2;

    /// <summary>Groups that get a block of their own; the smallest beyond that share the last one.</summary>
    public const int MostGroups = 60;

    /// <summary>From this side on a cell has room for a name.</summary>
    public const double CellWithName = 56;

    /// <summary>The side of a cell, in pixels.</summary>
    public required double Cell { get; init; }
    public required double Height { get; init; }
    public required IReadOnlyList<MosaicBlock> Blocks { get; init; }

    public bool HasNames => Cell >= CellWithName;

    /// <summary>
    /// Lays out groups in their order. Cells are as large as the height allows; where even the smallest do not fit, it grows.
    /// </summary>
    /// <param name="groups">Names and counts; none is empty.</param>
    /// <param name="width">Pixels.</param>
    /// <param name="height">Pixels, wanted.</param>
    public static MosaicLayout Of(IReadOnlyList<(string Name, int Count)> groups, double width, double height)
    {
        width = Math.Max(width, 64);
        var (low, high) = (LeastCell, MostCell);
        if (Place(groups, width, high) is { } largest && largest.Height <= height)
        {
            return largest;
        }

        // The height falls as cells get smaller, but for steps where a block moves into the line before: close enough for a picture.
        for (var i = 0; i < 12; i++)
        {
            var middle = (low + high) / 2;
            if (Place(groups, width, middle).Height <= height)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return Place(groups, width, low >= 4 ? Math.Floor(low) : low);
    }

    /// <summary>The cell at a point; -1 where there is none.</summary>
    public int IndexAt(double x, double y)
    {
        foreach (var block in Blocks)
        {
            var (column, row) = ((int)Math.Floor((x - block.X) / Cell), (int)Math.Floor((y - block.Y) / Cell));
            if (column >= 0 && row >= 0 && column < block.Columns && (row * block.Columns) + column is var at && at < block.Count)
            {
                return block.First + at;
            }
        }

        return -1;
    }

    private static MosaicLayout Place(IReadOnlyList<(string Name, int Count)> groups, double width, double cell)
    {
        var blocks = new List<MosaicBlock>(groups.Count);
        var most = Math.Max(1, (int)(width / cell));
        var (x, y, line, first) = (0d, 0d, 0d, 0);
        foreach (var (name, count) in groups)
        {
            // Twice as wide as high, so that a name has room.
            var columns = Math.Clamp((int)Math.Ceiling(Math.Sqrt(count * 2d)), 1, Math.Min(most, count));
            var rows = (count + columns - 1) / columns;
            var wide = Math.Max(columns * cell, Math.Min(width, 96));
            if (x > 0 && x + wide > width)
            {
                (x, y, line) = (0, y + line + Gap, 0);
            }

            blocks.Add(new MosaicBlock(name, x, y + LabelHeight, columns, count, first));
            x += wide + Gap;
            line = Math.Max(line, LabelHeight + (rows * cell));
            first += count;
        }

        return new MosaicLayout { Cell = cell, Height = y + line, Blocks = blocks };
    }
}

/// <summary>A group's cells: from its upper left corner, row by row.</summary>
/// <param name="First">The number of its first cell among all.</param>
public sealed record MosaicBlock(string Name, double X, double Y, int Columns, int Count, int First);
