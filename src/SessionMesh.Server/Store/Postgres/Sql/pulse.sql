-- A node that answers nothing does not judge, and does not keep the office from one that can. A sign of life waits for no commit.

DROP FUNCTION mesh_pulse;

-- A sign of life: says what the node has and has heard, keeps, takes or gives up the office of the judge, and returns where the log stands.
--   p_may_judge   false while it answers nothing
--   o_known       false once another process has the name
CREATE FUNCTION mesh_pulse(
    p_node text, p_owner uuid, p_revision bigint, p_agents integer, p_streams integer, p_judge_epoch bigint, p_may_judge boolean,
    p_seq bigint, p_covers bigint, p_beats bytea,
    OUT o_known boolean, OUT o_revision bigint, OUT o_stamp uuid, OUT o_mesh_epoch bigint, OUT o_judge_epoch bigint, OUT o_wall bigint
) LANGUAGE plpgsql AS $$
DECLARE
    h mesh_head;
    has_taken boolean := false;
BEGIN
    UPDATE mesh_nodes SET seen = clock_timestamp(), revision = p_revision, agents = p_agents, streams = p_streams
    WHERE id = p_node AND owner = p_owner;
    o_known := FOUND;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    IF p_beats IS NOT NULL THEN
        INSERT INTO mesh_beats (owner, seq, covers, at, beats) VALUES (p_owner, p_seq, p_covers, clock_timestamp(), p_beats)
        ON CONFLICT (owner, seq) DO NOTHING; -- sent again, because the answer was lost
        IF p_seq % 64 = 0 THEN
            DELETE FROM mesh_beats WHERE (owner = p_owner AND seq < p_seq - 128) OR at < clock_timestamp() - interval '5 minutes';
        END IF;
    END IF;

    -- Only where nobody has the row: a commit may have it for long, and would hold up what says that this node lives.
    IF NOT p_may_judge THEN
        UPDATE mesh_head SET judge_until = NULL
        WHERE id = (SELECT id FROM mesh_head WHERE judge = p_node AND judge_until IS NOT NULL FOR UPDATE SKIP LOCKED);
    ELSIF EXISTS (SELECT FROM mesh_head WHERE judge = p_node AND judge_epoch = p_judge_epoch AND judge_until IS NOT NULL) THEN
        UPDATE mesh_head SET judge_until = clock_timestamp() + interval '6 seconds'
        WHERE id = (
            SELECT id FROM mesh_head
            WHERE judge = p_node AND judge_epoch = p_judge_epoch AND judge_until < clock_timestamp() + interval '4 seconds'
            FOR UPDATE SKIP LOCKED);
    ELSE
        UPDATE mesh_head SET judge = p_node, judge_epoch = judge_epoch + 1, judge_until = clock_timestamp() + interval '6 seconds'
        WHERE id = (
            SELECT id FROM mesh_head WHERE judge_until IS NULL OR judge_until < clock_timestamp() OR judge = p_node FOR UPDATE SKIP LOCKED);
        has_taken := FOUND;
    END IF;

    SELECT * INTO STRICT h FROM mesh_head;
    IF NOT has_taken THEN
        PERFORM set_config('synchronous_commit', 'off', true); -- if it is lost, so is nothing that anybody was told
    END IF;

    o_revision := h.revision;
    o_stamp := h.stamp;
    o_mesh_epoch := (SELECT epoch FROM mesh WHERE id = 1);
    o_judge_epoch := CASE WHEN p_may_judge AND h.judge = p_node THEN h.judge_epoch ELSE 0 END;
    o_wall := floor(extract(epoch FROM clock_timestamp()) * 1000);
END $$;
