-- Levels of the log: a node begins only where it can read all that is there, and nothing is written that a node which lives cannot read.

-- Begins a session of a node, and shuts out every call of an earlier one: it waits for one that is under way. Null if it may not begin: the
-- log is of a level that it does not know, another process lives under the same name, another node wants to be alone, or this one does and
-- another lives.
CREATE OR REPLACE FUNCTION mesh_begin(p_node text, p_owner uuid, p_version text, p_log_level integer, p_alone boolean) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    begun bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('session-mesh.nodes', 0));
    IF (SELECT log_level FROM mesh_head) > p_log_level OR EXISTS (
        SELECT FROM mesh_nodes
        WHERE owner <> p_owner AND CASE WHEN id = p_node THEN seen > clock_timestamp() - interval '3 seconds'
            ELSE (alone OR p_alone) AND seen > clock_timestamp() - interval '10 seconds' END
    ) THEN
        RETURN NULL;
    END IF;

    PERFORM pg_advisory_xact_lock(hashtextextended('session-mesh.node:' || p_node, 0));
    INSERT INTO mesh_nodes AS n (id, owner, session, version, log_level, seen, alone)
        VALUES (p_node, p_owner, 1, p_version, p_log_level, clock_timestamp(), p_alone)
    ON CONFLICT (id) DO UPDATE SET owner = p_owner, session = n.session + 1, version = p_version, log_level = p_log_level,
        seen = clock_timestamp(), alone = p_alone, revision = 0, agents = 0, streams = 0
    RETURNING session INTO begun;
    RETURN begun;
END $$;

-- Raises the level of the log before the first changes of that level are appended. It takes turns with mesh_begin: afterwards no node
-- begins that cannot read them. False if one lives already.
CREATE FUNCTION mesh_raise(p_log_level integer) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('session-mesh.nodes', 0));
    IF EXISTS (SELECT FROM mesh_nodes WHERE log_level < p_log_level AND seen > clock_timestamp() - interval '10 seconds') THEN
        RETURN (SELECT log_level FROM mesh_head) >= p_log_level; -- one that had counted as gone, and came back
    END IF;

    UPDATE mesh_head SET log_level = p_log_level WHERE log_level < p_log_level;
    RETURN true;
END $$;
