\if :loaded
\else
SELECT title, body, html, tag1, tag2, tag3 FROM payloads WHERE n = :client_id % 64 \gset
\set loaded 1
\endif
\set number random(1, 9000000000000000000)
WITH wanted AS (
	SELECT id, kind, slug, name FROM terms WHERE kind = 1 AND slug IN (:tag1, :tag2, :tag3)
), post AS (
	INSERT INTO posts(slug, title, state, publish_time, create_time, update_time, etag, revision, language,
		terms, body, html)
	SELECT 'bench-' || lpad(to_hex(:number::bigint), 16, '0'), :title, 3, now(), now(), now(),
		to_hex(:number::bigint), 1, 'en',
		(SELECT json_agg(json_build_array(kind, id, slug, name)) FROM wanted), :body, :html
	RETURNING id, publish_time
)
INSERT INTO post_terms(post_id, term_id, publish_time)
SELECT post.id, wanted.id, post.publish_time FROM post, wanted ORDER BY wanted.id;
