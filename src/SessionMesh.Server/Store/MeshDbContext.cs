using Microsoft.EntityFrameworkCore;

namespace SessionMesh.Server.Store;

/// <summary>The model: tables, keys and columns. Loading and history query it; the hot writer uses its connection.</summary>
public class MeshDbContext(DbContextOptions options) : DbContext(options)
{
    /// <summary>Every how many directives of an agent one is in the index.</summary>
    internal const int MarkEvery = 64;

    /// <summary>Those in the index. SQLite uses the index only for a query that repeats this text.</summary>
    internal const string MarkFilter = "seq % 64 = 0";

    /// <summary>Directives that are queued, delivered or accepted.</summary>
    internal const string PendingFilter = "state <= 2";

    internal const string PendingIndex = "IX_directives_pending";

    /// <summary>
    /// Rows of the directives that are pending. The index is named, because SQLite would scan the table, which is in this order already.
    /// </summary>
    internal virtual string PendingDirectives => $"SELECT * FROM directives INDEXED BY {PendingIndex} WHERE {PendingFilter}";

    public DbSet<ChangeRow> Changes => Set<ChangeRow>();
    public DbSet<AgentTableRow> Agents => Set<AgentTableRow>();
    public DbSet<DirectiveRow> Directives => Set<DirectiveRow>();
    public DbSet<KeyTableRow> Keys => Set<KeyTableRow>();
    public DbSet<SessionTableRow> Sessions => Set<SessionTableRow>();
    public DbSet<ClaimTableRow> Claims => Set<ClaimTableRow>();
    public DbSet<LinkTableRow> Links => Set<LinkTableRow>();
    public DbSet<ReceiptRow> Receipts => Set<ReceiptRow>();
    public DbSet<MessageRow> Messages => Set<MessageRow>();
    public DbSet<HeadRow> Heads => Set<HeadRow>();
    public DbSet<MeshRow> Mesh => Set<MeshRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<ChangeRow>(e =>
        {
            e.ToTable("changes").HasKey(r => r.Revision);
            e.Property(r => r.Revision).ValueGeneratedNever();
        });
        modelBuilder.Entity<AgentTableRow>(e =>
        {
            e.ToTable("agents").HasKey(r => r.Number);
            e.Property(r => r.Id).IsRequired(); // by convention it would be nullable, as an Id that is not the key
            e.Property(r => r.Number).ValueGeneratedNever();
            e.HasIndex(r => r.Session).HasDatabaseName("IX_agents_session");
        });
        modelBuilder.Entity<SessionTableRow>(e =>
        {
            e.ToTable("sessions").HasKey(r => r.Revision);
            e.Property(r => r.Ttl).HasColumnType("INTEGER"); // which holds a fraction too, as every column of SQLite does
            e.Property(r => r.Id).IsRequired();
            e.Property(r => r.Revision).ValueGeneratedNever();
        });
        modelBuilder.Entity<DirectiveRow>(e =>
        {
            e.ToTable("directives").HasKey(r => r.Revision);
            e.Property(r => r.Revision).ValueGeneratedNever();
            e.HasIndex(r => new { r.Agent, r.Seq }).HasDatabaseName("IX_directives_marks").HasFilter(MarkFilter);
            e.HasIndex(r => r.Revision).HasDatabaseName(PendingIndex).HasFilter(PendingFilter);
        });
        modelBuilder.Entity<KeyTableRow>(e =>
        {
            e.ToTable("keys").HasKey(r => r.Revision);
            e.Property(r => r.Id).IsRequired();
            e.Property(r => r.Revision).ValueGeneratedNever();

            // At random places, which few rows bear: keys are minted seldom.
            e.HasIndex(r => r.Id).HasDatabaseName("IX_keys_id");
            e.HasIndex(r => new { r.Lineage, r.Generation }).HasDatabaseName("IX_keys_lineage");
        });
        modelBuilder.Entity<ClaimTableRow>(e =>
        {
            e.ToTable("claims").HasKey(r => r.Revision);
            e.Property(r => r.Revision).ValueGeneratedNever();
        });
        modelBuilder.Entity<LinkTableRow>(e =>
        {
            e.ToTable("links").HasKey(r => r.Revision);
            e.Property(r => r.Revision).ValueGeneratedNever();
        });
        modelBuilder.Entity<ReceiptRow>(e =>
        {
            e.ToTable("receipts").HasKey(r => r.Revision);
            e.Property(r => r.Revision).ValueGeneratedNever();
        });

        modelBuilder.Entity<MessageRow>(e =>
        {
            e.ToTable("messages").HasKey(r => r.Revision);
            e.Property(r => r.Revision).ValueGeneratedNever();
        });
        modelBuilder.Entity<HeadRow>(e =>
        {
            e.ToTable("heads").HasKey(r => r.Agent);
            e.Property(r => r.Agent).ValueGeneratedNever();
        });
        modelBuilder.Entity<MeshRow>(e =>
        {
            e.ToTable("mesh").HasKey(r => r.Id);
            e.Property(r => r.Id).ValueGeneratedNever();
        });

        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(entity => entity.GetProperties()))
        {
            property.SetColumnName(SnakeCase(property.Name));
        }
    }

    private static string SnakeCase(string name) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(name);
}
