using System.Globalization;
using System.Text;

namespace SessionMesh.Dashboard.Charts;

/// <summary>Numbers as a line in a box: plain reckoning, drawn by <see cref="Sparkline"/>.</summary>
public static class LineGeometry
{
    /// <summary>The box, in the units of the path.</summary>
    public const int Width = 240, Height = 40;

    /// <summary>
    /// A path from the first value at the left to the last at the right. The box reaches from 0 to the largest value; fewer values than
    /// <paramref name="room"/> end at the right and leave the left empty.
    /// </summary>
    public static string PathOf(IReadOnlyList<int> values, int room)
    {
        if (values.Count == 0)
        {
            return "";
        }

        var most = Math.Max(1, values.Max());
        var step = Width / (double)Math.Max(1, room - 1);
        var path = new StringBuilder();
        for (var i = 0; i < values.Count; i++)
        {
            var x = Width - ((values.Count - 1 - i) * step);
            var y = Height - (values[i] * (double)Height / most);
            path.Append(CultureInfo.InvariantCulture, $"{(i == 0 ? 'M' : 'L')}{x:0.#} {y:0.#}");
        }

        return values.Count == 1 ? path.Append("h0.1").ToString() : path.ToString();
    }
}
