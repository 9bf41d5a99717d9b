\set number random_zipfian(1, :tags, 1.001)
SELECT term.*, post.* FROM terms AS term
CROSS JOIN LATERAL (
	SELECT post_id FROM post_terms WHERE term_id = term.id
	ORDER BY publish_time DESC, post_id DESC LIMIT 10) AS page
JOIN posts AS post ON post.id = page.post_id
WHERE term.kind = 1 AND term.slug = 'tag-' || lpad(:number::text, 6, '0')
ORDER BY post.publish_time DESC, post.id DESC;
