using System.Text;
using SessionMesh.Core;
using SessionMesh.Core.Agents;

namespace SessionMesh.Server.Nodes;

/// <summary>A heartbeat as one node tells it to the others.</summary>
/// <param name="Number">Of the agent, at the revision that the row of heartbeats names; the log gives all nodes the same numbers.</param>
/// <param name="Vitals">With times on the lease clock of whoever reads it.</param>
internal readonly record struct RelayedBeat(int Number, int Incarnation, Vitals Vitals);

/// <summary>
/// How heartbeats are written for other nodes: a version, the sender's revision, and an entry for each agent, 8 to 30 bytes and its note.
/// Times are ages: what is long on its way makes a lease longer, never shorter, whatever the clocks of the machines say. Pure.
/// </summary>
internal static class BeatCodec
{
    private const byte Version = 1;
    private const byte IsConnected = 1;
    private const byte HasMoved = 2;
    private const byte HasLoad = 4;
    private const byte HasProgress = 8;
    private const byte HasInterval = 16;
    private const byte HasNote = 32;

    public static byte[] Write(long revision, IReadOnlyList<RelayedBeat> beats, Moment now)
    {
        using var buffer = new MemoryStream(16 + (beats.Count * 16));
        using var writer = new BinaryWriter(buffer, Encoding.UTF8);
        writer.Write(Version);
        writer.Write7BitEncodedInt64(revision);
        writer.Write7BitEncodedInt(beats.Count);
        foreach (var beat in beats)
        {
            Write(writer, beat, now);
        }

        writer.Flush();
        return buffer.ToArray();
    }

    /// <exception cref="InvalidDataException">It is not of this version.</exception>
    public static (long Revision, List<RelayedBeat> Beats) Read(byte[] bytes, Moment now)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes, writable: false), Encoding.UTF8);
        try
        {
            if (reader.ReadByte() != Version)
            {
                throw new InvalidDataException("heartbeats of another version");
            }

            var revision = reader.Read7BitEncodedInt64();
            var count = reader.Read7BitEncodedInt();
            var beats = new List<RelayedBeat>(Math.Min(count, bytes.Length));
            for (var i = 0; i < count; i++)
            {
                beats.Add(Read(reader, now));
            }

            return (revision, beats);
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException)
        {
            throw new InvalidDataException("heartbeats that are cut off", e);
        }
    }

    private static void Write(BinaryWriter writer, in RelayedBeat beat, Moment now)
    {
        var vitals = beat.Vitals;
        var has = (vitals.Connected ? IsConnected : 0) | (vitals.Moved ? HasMoved : 0) | (float.IsNaN(vitals.Load) ? 0 : HasLoad)
            | (double.IsNaN(vitals.Progress) ? 0 : HasProgress) | (vitals.ProgressInterval == 0 ? 0 : HasInterval)
            | (vitals.Note is null ? 0 : HasNote);
        writer.Write7BitEncodedInt(beat.Number);
        writer.Write7BitEncodedInt(beat.Incarnation);
        writer.Write((byte)has);
        writer.Write((byte)vitals.Activity);
        WriteAge(writer, vitals.TouchedAt, now);
        WriteAge(writer, vitals.ProgressAt, now);
        writer.Write7BitEncodedInt(vitals.GrantedTtl);
        if ((has & HasLoad) != 0)
        {
            writer.Write(vitals.Load);
        }

        if ((has & HasProgress) != 0)
        {
            writer.Write(vitals.Progress);
        }

        if ((has & HasInterval) != 0)
        {
            writer.Write7BitEncodedInt(vitals.ProgressInterval);
        }

        if ((has & HasNote) != 0)
        {
            writer.Write(vitals.Note!);
        }
    }

    private static RelayedBeat Read(BinaryReader reader, Moment now)
    {
        var number = reader.Read7BitEncodedInt();
        var incarnation = reader.Read7BitEncodedInt();
        var has = reader.ReadByte();
        var activity = (Activity)reader.ReadByte();
        var touched = ReadAge(reader, now);
        var moved = ReadAge(reader, now);
        var ttl = reader.Read7BitEncodedInt();
        var load = (has & HasLoad) != 0 ? reader.ReadSingle() : float.NaN;
        var progress = (has & HasProgress) != 0 ? reader.ReadDouble() : double.NaN;
        var interval = (has & HasInterval) != 0 ? reader.Read7BitEncodedInt() : 0;
        var note = (has & HasNote) != 0 ? reader.ReadString() : null;
        return new(number, incarnation, new Vitals(
            activity, load, progress, interval, note, touched, moved, ttl, (has & IsConnected) != 0, (has & HasMoved) != 0, 0));
    }

    /// <summary>0 for never, else the age in milliseconds and one.</summary>
    private static void WriteAge(BinaryWriter writer, long at, Moment now) =>
        writer.Write7BitEncodedInt64(at == AgentSlot.Never ? 0 : Math.Max(0, now.Lease - at) + 1);

    private static long ReadAge(BinaryReader reader, Moment now) =>
        reader.Read7BitEncodedInt64() is > 0 and var age ? now.Lease - (age - 1) : AgentSlot.Never;
}
