-- Posts can be searched, as they can in Lectern.
\set ON_ERROR_STOP on
ALTER TABLE posts ADD COLUMN words tsvector GENERATED ALWAYS AS (
	setweight(to_tsvector('english', title), 'A') || to_tsvector('english', excerpt) ||
	to_tsvector('english', body)) STORED;
CREATE INDEX ON posts USING gin (words);
VACUUM (FULL, FREEZE, ANALYZE) posts;
