-- The log of the mesh beside the tables of the model. Nodes talk to one another through these tables alone.

-- One row: where the log ends. Its row lock is what orders commits, and is held within one call of mesh_append, never over a round trip.
CREATE TABLE mesh_head (
    id integer PRIMARY KEY CHECK (id = 1),
    revision bigint NOT NULL,
    stamp uuid NOT NULL,      -- of the newest batch, random: a node whose stamp is not in the chain has seen what was lost
    log_level integer NOT NULL
);

INSERT INTO mesh_head (id, revision, stamp, log_level) VALUES (1, 0, '00000000-0000-0000-0000-000000000000', 1);

INSERT INTO mesh (id, epoch, forgotten_incarnation) VALUES (1, 1, 0);

CREATE TABLE mesh_batches (
    last bigint PRIMARY KEY,  -- revision of its last change
    first bigint NOT NULL,
    stamp uuid NOT NULL,
    previous uuid NOT NULL,
    node text NOT NULL,
    session bigint NOT NULL
);

CREATE TABLE mesh_nodes (
    id text PRIMARY KEY,
    owner uuid NOT NULL,      -- of the process that has the name, random
    session bigint NOT NULL,  -- raised by each start, and to shut out a call that may still be under way
    version text NOT NULL,
    log_level integer NOT NULL,
    seen timestamptz          -- null once it has said goodbye
);

-- Begins a session of a node, and shuts out every call of an earlier one: it waits for one that is under way. Null if another node lives:
-- this version runs one at a time.
CREATE FUNCTION mesh_begin(p_node text, p_owner uuid, p_version text, p_log_level integer) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    begun bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('session-mesh.nodes', 0));
    IF EXISTS (SELECT FROM mesh_nodes WHERE id <> p_node AND seen > clock_timestamp() - interval '10 seconds') THEN
        RETURN NULL;
    END IF;

    PERFORM pg_advisory_xact_lock(hashtextextended('session-mesh.node:' || p_node, 0));
    INSERT INTO mesh_nodes AS n (id, owner, session, version, log_level, seen)
        VALUES (p_node, p_owner, 1, p_version, p_log_level, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET owner = p_owner, session = n.session + 1, version = p_version, log_level = p_log_level,
        seen = clock_timestamp()
    RETURNING session INTO begun;
    RETURN begun;
END $$;

-- The same for a process that lost the answer to a call, to this one too. Null if another process has the name by now.
CREATE FUNCTION mesh_resume(p_node text, p_owner uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    resumed bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('session-mesh.node:' || p_node, 0));
    UPDATE mesh_nodes SET session = session + 1, seen = clock_timestamp() WHERE id = p_node AND owner = p_owner
    RETURNING session INTO resumed;
    RETURN resumed;
END $$;

-- Appends a batch and the rows that it adds up to: all of it or nothing.
--   committed  it is durable when the caller hears so
--   behind     another batch came first; nothing is stored
--   replaced   this session of the node is over; nothing is stored
CREATE FUNCTION mesh_append(
    p_node text, p_session bigint, p_revision bigint, p_stamp uuid, p_last bigint, p_next uuid, p_forgotten_incarnation integer,
    p_changes changes[], p_messages messages[], p_removed_agents integer[], p_agents agents[], p_directives directives[],
    p_moved directives[], p_keys keys[], p_removed_claims bigint[], p_claims claims[], p_removed_links bigint[], p_links links[],
    p_removed_sessions bigint[], p_sessions sessions[], p_receipts receipts[], p_receipts_from bigint
) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('session-mesh.node:' || p_node, 0));
    IF NOT EXISTS (SELECT FROM mesh_nodes WHERE id = p_node AND session = p_session) THEN
        RETURN 'replaced';
    END IF;

    UPDATE mesh_head SET revision = p_last, stamp = p_next WHERE revision = p_revision AND stamp = p_stamp;
    IF NOT FOUND THEN
        RETURN 'behind';
    END IF;

    INSERT INTO mesh_batches (last, first, stamp, previous, node, session)
        VALUES (p_last, p_revision + 1, p_next, p_stamp, p_node, p_session);
    INSERT INTO changes SELECT * FROM unnest(p_changes);
    IF cardinality(p_directives) > 0 THEN
        INSERT INTO directives SELECT * FROM unnest(p_directives);
    END IF;
    IF cardinality(p_moved) > 0 THEN
        UPDATE directives d SET state = m.state, delivered_at = m.delivered_at, accepted_at = m.accepted_at, ended_at = m.ended_at,
            note = m.note
        FROM unnest(p_moved) m WHERE d.revision = m.revision;
    END IF;
    IF cardinality(p_messages) > 0 THEN
        INSERT INTO messages SELECT * FROM unnest(p_messages);
    END IF;
    IF cardinality(p_removed_agents) > 0 THEN -- first: another agent may have the number by now
        DELETE FROM agents WHERE number = ANY (p_removed_agents);
    END IF;
    IF cardinality(p_agents) > 0 THEN
        INSERT INTO agents SELECT * FROM unnest(p_agents)
        ON CONFLICT (number) DO UPDATE SET incarnation = excluded.incarnation, session = excluded.session, liveness = excluded.liveness,
            paused = excluded.paused, specializations = excluded.specializations, labels = excluded.labels, cluster = excluded.cluster,
            parent = excluded.parent, "user" = excluded."user", direction = excluded.direction, ttl = excluded.ttl, stop = excluded.stop,
            last_exit = excluded.last_exit, meta = excluded.meta, session_changed_at = excluded.session_changed_at,
            is_expired_by_hand = excluded.is_expired_by_hand, gone_at = excluded.gone_at, orphaned_from = excluded.orphaned_from,
            skills = excluded.skills, claimed_at = excluded.claimed_at, stall = excluded.stall;
    END IF;
    IF p_forgotten_incarnation IS NOT NULL THEN
        UPDATE mesh SET forgotten_incarnation = p_forgotten_incarnation WHERE id = 1;
    END IF;
    IF cardinality(p_keys) > 0 THEN
        INSERT INTO keys SELECT * FROM unnest(p_keys)
        ON CONFLICT (revision) DO UPDATE SET expires_at = excluded.expires_at, refresh_expires_at = excluded.refresh_expires_at,
            refreshed_at = excluded.refreshed_at, ended_at = excluded.ended_at, kept_until = excluded.kept_until,
            last_used_at = excluded.last_used_at, is_revoked = excluded.is_revoked;
    END IF;
    IF cardinality(p_removed_claims) > 0 THEN
        DELETE FROM claims WHERE revision = ANY (p_removed_claims);
    END IF;
    IF cardinality(p_claims) > 0 THEN
        INSERT INTO claims SELECT * FROM unnest(p_claims)
        ON CONFLICT (revision) DO UPDATE SET ttl = excluded.ttl, expires_at = excluded.expires_at;
    END IF;
    IF cardinality(p_removed_links) > 0 THEN
        DELETE FROM links WHERE revision = ANY (p_removed_links);
    END IF;
    IF cardinality(p_links) > 0 THEN
        INSERT INTO links SELECT * FROM unnest(p_links) ON CONFLICT (revision) DO UPDATE SET weight = excluded.weight;
    END IF;
    IF cardinality(p_removed_sessions) > 0 THEN
        DELETE FROM sessions WHERE revision = ANY (p_removed_sessions);
    END IF;
    IF cardinality(p_sessions) > 0 THEN
        INSERT INTO sessions SELECT * FROM unnest(p_sessions)
        ON CONFLICT (revision) DO UPDATE SET is_expired = excluded.is_expired, ttl = excluded.ttl, meta = excluded.meta,
            last_access = excluded.last_access, expires_at = excluded.expires_at, expired_at = excluded.expired_at,
            version = excluded.version;
    END IF;
    IF cardinality(p_receipts) > 0 THEN
        INSERT INTO receipts SELECT * FROM unnest(p_receipts);
    END IF;
    IF p_receipts_from IS NOT NULL THEN
        DELETE FROM receipts WHERE revision < p_receipts_from;
    END IF;
    RETURN 'committed';
END $$;
