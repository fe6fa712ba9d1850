using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace SessionMesh.Server.Auth.Limiting;

/// <summary>
/// A rate bucket for each remote address that sends requests without a valid key. Bounded: beyond <see cref="Most"/>, new addresses share
/// one bucket. Thread-safe.
/// </summary>
public sealed class AddressBuckets(TimeProvider time)
{
    /// <summary>Maximum number of addresses with a bucket of their own; about 8 MB when all are in use.</summary>
    public const int Most = 65_536;

    private readonly ConcurrentDictionary<UInt128, RateBucket> _byAddress = new();
    private readonly RateBucket _strangers = new();
    private int _count;
    private long _sweptAt = time.GetTimestamp();

    public int Count => Volatile.Read(ref _count);

    public RateBucket Of(IPAddress? address)
    {
        var network = Network(address ?? IPAddress.None);
        if (_byAddress.TryGetValue(network, out var known))
        {
            return known;
        }

        if (Count >= Most)
        {
            Sweep();
            if (Count >= Most)
            {
                return _strangers;
            }
        }

        var bucket = new RateBucket();
        var there = _byAddress.GetOrAdd(network, bucket);
        if (there == bucket)
        {
            Interlocked.Increment(ref _count);
        }

        return there;
    }

    /// <summary>An IPv4 address, or the /64 of an IPv6 address: whoever has one address of a /64 has them all.</summary>
    internal static UInt128 Network(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address.AddressFamily == AddressFamily.InterNetworkV6 && !address.IsIPv4MappedToIPv6)
        {
            address.TryWriteBytes(bytes, out _);
            bytes[8..].Clear();
        }
        else
        {
            address.MapToIPv6().TryWriteBytes(bytes, out _);
        }

        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary>Runs at most once a second: a full table must not be scanned for every new address.</summary>
    private void Sweep()
    {
        var now = time.GetTimestamp();
        var before = Volatile.Read(ref _sweptAt);
        if (now - before < time.TimestampFrequency || Interlocked.CompareExchange(ref _sweptAt, now, before) != before)
        {
            return;
        }

        foreach (var (address, bucket) in _byAddress)
        {
            if (bucket.IsFull(now) && _byAddress.TryRemove(address, out _))
            {
                Interlocked.Decrement(ref _count);
            }
        }
    }
}
