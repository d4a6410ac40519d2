-- A ledger of the first form, as pg_dump told it: order-1 of 3 uses with 1 released, order-2 of 2.

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE SCHEMA countersign_ledger;

CREATE FUNCTION countersign_ledger.accept_store(q jsonb, next_sequence bigint, head_now text) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
  DECLARE
    kept countersign_ledger.acceptances;
  BEGIN
    SELECT * INTO kept FROM countersign_ledger.acceptances WHERE event_id = q->>'eventId';
    IF FOUND THEN
      IF (kept.store_id, kept.head, kept.principals) = (q->>'storeId', q->>'head', q->>'principals') THEN RETURN '{"done": "before"}'::jsonb; END IF;
      RETURN countersign_ledger.refused('CONTRADICTS', format('event %s said something else', kept.event_id));
    END IF;
    IF q->>'head' <> head_now THEN RETURN countersign_ledger.refused('HEAD_MOVED', format('the head of the ledger is %s, not %s', head_now, q->>'head')); END IF;
    INSERT INTO countersign_ledger.acceptances (sequence, store_id, head, principals, event_id) VALUES (next_sequence, q->>'storeId', q->>'head', q->>'principals', q->>'eventId');
    RETURN NULL;
  END $$;

CREATE FUNCTION countersign_ledger.chained(hash text, record text) RETURNS text
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(hash || E'\n' || record, 'UTF8')), 'hex') $$;

CREATE FUNCTION countersign_ledger.claim(the_name text, the_incarnation text, lock_key bigint, grace interval, again boolean) RETURNS text
    LANGUAGE plpgsql
    AS $$
  DECLARE
    kept countersign_ledger.names;
  BEGIN
    SELECT * INTO kept FROM countersign_ledger.names WHERE name = the_name;
    IF again AND (kept.held IS NOT TRUE OR kept.incarnation <> the_incarnation) THEN RETURN 'lost'; END IF;
    IF NOT pg_try_advisory_lock(lock_key) THEN RETURN 'locked'; END IF;
    -- Whoever had the lock until now may have changed it.
    SELECT * INTO kept FROM countersign_ledger.names WHERE name = the_name;
    IF again AND (kept.held IS NOT TRUE OR kept.incarnation <> the_incarnation) THEN
      PERFORM pg_advisory_unlock(lock_key);
      RETURN 'lost';
    END IF;
    -- A time ahead of us is none: the clock was set back.
    IF kept.held AND kept.incarnation <> the_incarnation AND clock_timestamp() BETWEEN kept.heard_at - grace AND kept.heard_at + grace THEN
      PERFORM pg_advisory_unlock(lock_key);
      RETURN 'recent';
    END IF;
    INSERT INTO countersign_ledger.names AS n (name, incarnation, held, pid, beats, heard_at) VALUES (the_name, the_incarnation, true, pg_backend_pid(), 1, clock_timestamp())
      ON CONFLICT (name) DO UPDATE SET incarnation = excluded.incarnation, held = true, pid = excluded.pid, beats = n.beats + 1, heard_at = excluded.heard_at;
    RETURN 'held';
  END $$;

CREATE FUNCTION countersign_ledger.given(signatures text) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT pg_catalog.count(*) FROM pg_catalog.jsonb_array_elements_text(coalesce(signatures, '[]')::jsonb) AS s (s) WHERE s IS NOT NULL $$;

CREATE FUNCTION countersign_ledger.heartbeat(the_name text, the_incarnation text) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
  DECLARE
    refusal jsonb := countersign_ledger.not_held(the_name, the_incarnation);
  BEGIN
    IF refusal IS NOT NULL THEN RETURN refusal; END IF;
    -- That a name was alive is of no use after a crash.
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE countersign_ledger.names SET beats = beats + 1, heard_at = clock_timestamp() WHERE name = the_name;
    RETURN NULL;
  END $$;

CREATE FUNCTION countersign_ledger.intend(q jsonb, next_sequence bigint, accepted bigint) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
  DECLARE
    refusal jsonb := countersign_ledger.not_held(q->>'signer', q->>'incarnation');
    kept countersign_ledger.intents;
    uses_spent bigint;
    other text;
  BEGIN
    IF refusal IS NOT NULL THEN RETURN refusal; END IF;
    SELECT * INTO kept FROM countersign_ledger.intents WHERE sign_order_id = q->>'signOrderId';
    IF FOUND THEN
      -- Released uses are counted no more: a late second sending of this intent must not let its caller sign with them.
      IF (kept.signer, kept.incarnation, kept.operation_id, kept.key_id, kept.count, kept.relied) = (q->>'signer', q->>'incarnation', q->>'operationId', q->>'keyId', (q->>'count')::integer, q->>'relied')
        AND kept.released = 0 AND kept.signatures IS NULL THEN RETURN '{"done": "before"}'::jsonb; END IF;
      RETURN countersign_ledger.refused('INTENT_EXISTS', format('order %s has an intent', kept.sign_order_id));
    END IF;
    SELECT uses INTO uses_spent FROM countersign_ledger.spent WHERE operation_id = q->>'operationId' AND key_id = q->>'keyId';
    uses_spent := coalesce(uses_spent, 0);
    IF uses_spent + (q->>'count')::bigint > (q->>'atMost')::bigint THEN
      RETURN countersign_ledger.refused('OVER_GRANT', format('%s uses of %s are spent of %s granted: %s more are too many', uses_spent, q->>'keyId', q->>'atMost', q->>'count'));
    END IF;
    SELECT format('%s had another event at revision %s', m.stream, m.revision) INTO other
      FROM jsonb_to_recordset((q->>'relied')::jsonb) AS r (stream text, revision bigint, hash text)
      JOIN countersign_ledger.remembered m ON m.stream = r.stream AND m.revision = r.revision AND m.hash <> r.hash AND m.sequence > accepted LIMIT 1;
    IF FOUND THEN RETURN countersign_ledger.refused('CONTRADICTS', other); END IF;
    INSERT INTO countersign_ledger.intents (sign_order_id, signer, incarnation, operation_id, key_id, count, relied, sequence)
      VALUES (q->>'signOrderId', q->>'signer', q->>'incarnation', q->>'operationId', q->>'keyId', (q->>'count')::integer, q->>'relied', next_sequence);
    INSERT INTO countersign_ledger.spent AS s (operation_id, key_id, uses) VALUES (q->>'operationId', q->>'keyId', (q->>'count')::bigint)
      ON CONFLICT (operation_id, key_id) DO UPDATE SET uses = s.uses + excluded.uses;
    INSERT INTO countersign_ledger.remembered AS m (stream, revision, hash, sequence)
      SELECT r.stream, r.revision, r.hash, next_sequence FROM jsonb_to_recordset((q->>'relied')::jsonb) AS r (stream text, revision bigint, hash text)
      ON CONFLICT (stream) DO UPDATE SET revision = excluded.revision, hash = excluded.hash, sequence = excluded.sequence WHERE excluded.revision >= m.revision OR m.sequence <= accepted;
    RETURN NULL;
  END $$;

CREATE FUNCTION countersign_ledger.keep_signatures(q jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
  DECLARE
    kept countersign_ledger.intents;
  BEGIN
    SELECT * INTO kept FROM countersign_ledger.intents WHERE sign_order_id = q->>'signOrderId';
    IF NOT FOUND THEN RETURN countersign_ledger.refused('INTENT_UNKNOWN', format('order %s has no intent', q->>'signOrderId')); END IF;
    IF jsonb_array_length((q->>'signatures')::jsonb) > kept.count OR countersign_ledger.given(q->>'signatures') > kept.count - kept.released THEN
      RETURN countersign_ledger.refused('CONTRADICTS', format('order %s has more signatures than uses', kept.sign_order_id));
    END IF;
    IF EXISTS (
      SELECT FROM jsonb_array_elements_text(kept.signatures::jsonb) WITH ORDINALITY AS o (s, i)
        LEFT JOIN jsonb_array_elements_text((q->>'signatures')::jsonb) WITH ORDINALITY AS n (s, i) USING (i)
        WHERE o.s IS NOT NULL AND n.s IS DISTINCT FROM o.s
    ) THEN RETURN countersign_ledger.refused('CONTRADICTS', format('order %s has other signatures', kept.sign_order_id)); END IF;
    UPDATE countersign_ledger.intents SET signatures = q->>'signatures' WHERE sign_order_id = kept.sign_order_id;
    RETURN NULL;
  END $$;

CREATE FUNCTION countersign_ledger.not_held(the_name text, the_incarnation text) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
  DECLARE
    kept countersign_ledger.names;
  BEGIN
    SELECT * INTO kept FROM countersign_ledger.names WHERE name = the_name;
    IF kept.held AND kept.incarnation <> the_incarnation THEN RETURN countersign_ledger.refused('NAME_TAKEN', format('the name %s is held by another incarnation', the_name)); END IF;
    IF kept.held AND kept.pid = pg_backend_pid() THEN RETURN NULL; END IF;
    RETURN countersign_ledger.refused('NAME_NOT_HELD', format('the name %s is not claimed', the_name));
  END $$;

CREATE FUNCTION countersign_ledger.refused(reason text, message text) RETURNS jsonb
    LANGUAGE sql IMMUTABLE
    AS $$ SELECT pg_catalog.jsonb_build_object('refused', reason, 'message', message) $$;

CREATE FUNCTION countersign_ledger.release(q jsonb) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
  DECLARE
    kept countersign_ledger.intents;
    n integer := (q->>'count')::integer;
  BEGIN
    SELECT * INTO kept FROM countersign_ledger.intents WHERE sign_order_id = q->>'signOrderId';
    IF NOT FOUND OR kept.released = n THEN RETURN '{"done": "before"}'::jsonb; END IF;
    IF kept.released > 0 THEN RETURN countersign_ledger.refused('CONTRADICTS', format('%s uses of order %s were released before', kept.released, kept.sign_order_id)); END IF;
    IF n > kept.count - countersign_ledger.given(kept.signatures) THEN RETURN countersign_ledger.refused('CONTRADICTS', format('order %s has fewer uses to release', kept.sign_order_id)); END IF;
    UPDATE countersign_ledger.intents SET released = n WHERE sign_order_id = kept.sign_order_id;
    UPDATE countersign_ledger.spent SET uses = uses - n WHERE operation_id = kept.operation_id AND key_id = kept.key_id;
    RETURN NULL;
  END $$;

CREATE FUNCTION countersign_ledger.release_name(the_name text, the_incarnation text, lock_key bigint) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
  BEGIN
    UPDATE countersign_ledger.names SET held = false WHERE name = the_name AND incarnation = the_incarnation AND held AND pid = pg_backend_pid();
    RETURN FOUND AND pg_advisory_unlock(lock_key);
  END $$;

CREATE FUNCTION countersign_ledger.write(requests jsonb, pins_kept integer) RETURNS jsonb
    LANGUAGE plpgsql
    AS $$
  DECLARE
    q jsonb;
    answer jsonb;
    answers jsonb[] := '{}';
    at countersign_ledger.head;
    began bigint;
    accepted bigint;
  BEGIN
    -- Writers come one after the other from here to their COMMIT: what one decides by stands.
    SELECT * INTO STRICT at FROM countersign_ledger.head FOR UPDATE;
    began := at.sequence;
    SELECT coalesce(max(sequence), 0) INTO accepted FROM countersign_ledger.acceptances;
    FOR q IN SELECT value FROM jsonb_array_elements(requests) WITH ORDINALITY AS r (value, i) ORDER BY i LOOP
      CASE q->>'do'
        WHEN 'intend' THEN answer := countersign_ledger.intend(q, at.sequence + 1, accepted);
        WHEN 'release' THEN answer := countersign_ledger.release(q);
        WHEN 'signatures' THEN answer := countersign_ledger.keep_signatures(q);
        WHEN 'accept-store' THEN answer := countersign_ledger.accept_store(q, at.sequence + 1, at.sequence || '-' || left(at.hash, 16));
        WHEN 'checkpoint' THEN
          INSERT INTO countersign_ledger.checkpoints (name, store_id, position, event_id) VALUES (q->>'name', q->>'storeId', q->>'position', q->>'eventId')
            ON CONFLICT (name) DO UPDATE SET store_id = excluded.store_id, position = excluded.position, event_id = excluded.event_id;
          answer := NULL;
        WHEN 'failed-pin' THEN
          INSERT INTO countersign_ledger.failed_pins (hash) VALUES (q->>'hash') ON CONFLICT (hash) DO NOTHING;
          DELETE FROM countersign_ledger.failed_pins WHERE number NOT IN (SELECT number FROM countersign_ledger.failed_pins ORDER BY number DESC LIMIT pins_kept);
          answer := NULL;
      END CASE;
      IF answer IS NULL AND q ? 'record' THEN
        at.sequence := at.sequence + 1;
        at.hash := countersign_ledger.chained(at.hash, q->>'record');
        IF q->>'do' = 'intend' THEN at.orders := at.orders + 1; END IF;
        IF q->>'do' = 'accept-store' THEN accepted := at.sequence; END IF;
      END IF;
      answers := answers || coalesce(answer, 'null'::jsonb);
    END LOOP;
    IF at.sequence <> began THEN UPDATE countersign_ledger.head SET sequence = at.sequence, hash = at.hash, orders = at.orders; END IF;
    RETURN to_jsonb(answers);
  END $$;

SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE countersign_ledger.acceptances (
    sequence bigint NOT NULL,
    store_id text NOT NULL,
    head text NOT NULL,
    principals text NOT NULL,
    event_id text NOT NULL
);

CREATE TABLE countersign_ledger.checkpoints (
    name text NOT NULL,
    store_id text NOT NULL,
    "position" text NOT NULL,
    event_id text NOT NULL
);

CREATE TABLE countersign_ledger.facts (
    name text NOT NULL,
    value text NOT NULL
);

CREATE TABLE countersign_ledger.failed_pins (
    number bigint NOT NULL,
    hash text NOT NULL
);

ALTER TABLE countersign_ledger.failed_pins ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME countersign_ledger.failed_pins_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE countersign_ledger.head (
    only_one boolean DEFAULT true NOT NULL,
    sequence bigint NOT NULL,
    hash text NOT NULL,
    orders bigint NOT NULL,
    CONSTRAINT head_only_one_check CHECK (only_one)
)
WITH (fillfactor='10');

CREATE TABLE countersign_ledger.intents (
    sign_order_id text NOT NULL,
    signer text NOT NULL,
    incarnation text NOT NULL,
    operation_id text NOT NULL,
    key_id text NOT NULL,
    count integer NOT NULL,
    released integer DEFAULT 0 NOT NULL,
    relied text NOT NULL,
    signatures text,
    sequence bigint NOT NULL,
    CONSTRAINT intents_check CHECK (((released >= 0) AND (released <= count))),
    CONSTRAINT intents_count_check CHECK ((count > 0))
)
WITH (fillfactor='80');

CREATE TABLE countersign_ledger.names (
    name text NOT NULL,
    incarnation text NOT NULL,
    held boolean NOT NULL,
    pid integer NOT NULL,
    beats bigint NOT NULL,
    heard_at timestamp with time zone NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE countersign_ledger.remembered (
    stream text NOT NULL,
    revision bigint NOT NULL,
    hash text NOT NULL,
    sequence bigint NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE countersign_ledger.spent (
    operation_id text NOT NULL,
    key_id text NOT NULL,
    uses bigint NOT NULL,
    CONSTRAINT spent_uses_check CHECK ((uses >= 0))
)
WITH (fillfactor='50');

INSERT INTO countersign_ledger.checkpoints VALUES ('sign-orders', 'store-1', '20', 'event-20');

INSERT INTO countersign_ledger.facts VALUES ('version', '1');
INSERT INTO countersign_ledger.facts VALUES ('ledgerId', '666728c7-a3e9-463f-8c86-2427fe72b436');
INSERT INTO countersign_ledger.facts VALUES ('pinSalt', 'CMx01KI1G8kBMKiiAGJ9uw==');

INSERT INTO countersign_ledger.head VALUES (true, 3, 'f7f035b690eeb7fe678ea5194f4d4e246d808678a26939491bcec520b275e84f', 2);

INSERT INTO countersign_ledger.intents VALUES ('order-1', 'signer-1', 'before', 'op', 'key', 3, 1, '[{"stream":"operation-op","revision":4,"hash":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},{"stream":"key-key","revision":1,"hash":"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"}]', NULL, 1);
INSERT INTO countersign_ledger.intents VALUES ('order-2', 'signer-1', 'before', 'op', 'key', 2, 0, '[{"stream":"operation-op","revision":6,"hash":"cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"}]', NULL, 3);

INSERT INTO countersign_ledger.names VALUES ('signer-1', 'before', false, 4410, 2, '2026-11-21 12:49:20.957248+00');

INSERT INTO countersign_ledger.remembered VALUES ('key-key', 1, 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 1);
INSERT INTO countersign_ledger.remembered VALUES ('operation-op', 6, 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', 3);

INSERT INTO countersign_ledger.spent VALUES ('op', 'key', 4);

SELECT pg_catalog.setval('countersign_ledger.failed_pins_number_seq', 1, false);

ALTER TABLE ONLY countersign_ledger.acceptances
    ADD CONSTRAINT acceptances_event_id_key UNIQUE (event_id);

ALTER TABLE ONLY countersign_ledger.acceptances
    ADD CONSTRAINT acceptances_pkey PRIMARY KEY (sequence);

ALTER TABLE ONLY countersign_ledger.checkpoints
    ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (name);

ALTER TABLE ONLY countersign_ledger.facts
    ADD CONSTRAINT facts_pkey PRIMARY KEY (name);

ALTER TABLE ONLY countersign_ledger.failed_pins
    ADD CONSTRAINT failed_pins_hash_key UNIQUE (hash);

ALTER TABLE ONLY countersign_ledger.failed_pins
    ADD CONSTRAINT failed_pins_pkey PRIMARY KEY (number);

ALTER TABLE ONLY countersign_ledger.head
    ADD CONSTRAINT head_pkey PRIMARY KEY (only_one);

ALTER TABLE ONLY countersign_ledger.intents
    ADD CONSTRAINT intents_pkey PRIMARY KEY (sign_order_id);

ALTER TABLE ONLY countersign_ledger.names
    ADD CONSTRAINT names_pkey PRIMARY KEY (name);

ALTER TABLE ONLY countersign_ledger.remembered
    ADD CONSTRAINT remembered_pkey PRIMARY KEY (stream);

ALTER TABLE ONLY countersign_ledger.spent
    ADD CONSTRAINT spent_pkey PRIMARY KEY (operation_id, key_id);

