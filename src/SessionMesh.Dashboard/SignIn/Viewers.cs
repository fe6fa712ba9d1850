using System.Globalization;
using System.Net;

namespace SessionMesh.Dashboard.SignIn;

/// <summary>How many tabs are open, signed in or not, and the bounds of that. Thread-safe.</summary>
/// <param name="networkOf">What counts as one address, as the host counts them elsewhere.</param>
public sealed class Viewers(Func<IPAddress, UInt128> networkOf)
{
    /// <summary>
    /// Tabs open at once. It takes no key to open one, so that there is a bound; more people than that do not look at one mesh.
    /// </summary>
    public const int Most = 500;

    /// <summary>Tabs of one address: nobody takes all places. Behind a proxy everybody has one address.</summary>
    public const int MostOfAddress = Most / 10;

    private readonly Lock _gate = new();
    private readonly Dictionary<UInt128, int> _open = [];
    private int _count, _looking;

    /// <summary>How many read the mesh: signed in, and seen by somebody.</summary>
    public int Looking => Volatile.Read(ref _looking);

    /// <summary>Why there is no place for one more tab of an address, for the person; null where there is.</summary>
    internal string? Refusal(IPAddress? address)
    {
        lock (_gate)
        {
            return RefusalOf(Network(address));
        }
    }

    /// <summary>Takes a place for a tab; false where there is none.</summary>
    internal bool TryEnter(IPAddress? address)
    {
        var network = Network(address);
        lock (_gate)
        {
            if (RefusalOf(network) is not null)
            {
                return false;
            }

            _count++;
            _open[network] = _open.GetValueOrDefault(network) + 1;
            return true;
        }
    }

    /// <summary>Gives back the place of a tab of that address.</summary>
    internal void Leave(IPAddress? address)
    {
        var network = Network(address);
        lock (_gate)
        {
            _count--;
            if (--_open[network] == 0)
            {
                _open.Remove(network);
            }
        }
    }

    internal void BeginToLook() => Interlocked.Increment(ref _looking);

    internal void EndToLook() => Interlocked.Decrement(ref _looking);

    private UInt128 Network(IPAddress? address) => networkOf(address ?? IPAddress.None);

    private string? RefusalOf(UInt128 network) =>
        _count >= Most ? Full(Most, "")
        : _open.GetValueOrDefault(network) >= MostOfAddress ? Full(MostOfAddress, " from your address")
        : null;

    private static string Full(int most, string whence) => string.Create(
        CultureInfo.InvariantCulture, $"{most} tabs of this page are open{whence}, which is the most. Close one, and load the page again.");
}
