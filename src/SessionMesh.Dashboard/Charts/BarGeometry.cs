using System.Globalization;
using System.Text;

namespace SessionMesh.Dashboard.Charts;

/// <summary>Numbers as bars in a box: plain reckoning, drawn by <see cref="Bars"/>.</summary>
public static class BarGeometry
{
    /// <summary>The box, in the units of the path.</summary>
    public const int Width = 240, Height = 40;

    /// <summary>
    /// A path of one bar for each value above 0, the last at the right. The box reaches from 0 to the largest value; fewer values than
    /// <paramref name="room"/> leave the left empty.
    /// </summary>
    public static string PathOf(IReadOnlyList<int> values, int room)
    {
        var most = Math.Max(1, values.Count == 0 ? 0 : values.Max());
        var step = Width / (double)Math.Max(room, values.Count);
        var path = new StringBuilder();
        for (var i = 0; i < values.Count; i++)
        {
            if (values[i] > 0)
            {
                var x = Width - ((values.Count - i) * step);
                var high = values[i] * (double)Height / most;
                path.Append(CultureInfo.InvariantCulture, $"M{x:0.##} {Height}v-{high:0.##}h{step * 0.75:0.##}v{high:0.##}z");
            }
        }

        return path.ToString();
    }
}
