\set number random_zipfian(1, :posts, 1.001) - 1
SELECT * FROM posts WHERE slug = 'post-' || lpad(:number::text, 12, '0');
