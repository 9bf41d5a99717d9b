<?php
/*
 * Installs WordPress and fills it from standard input, the lines of `lectern post list --view full -o jsonl`,
 * through WordPress' own functions. Prints the ids of the tags as {"slug":id}.
 */
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = '127.0.0.1';
require '/work/site/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Benchmark', 'admin', 'admin@example.org', true, '', bin2hex(random_bytes(16)));
wp_delete_post(1, true);

// Loading only: counts are made once, at the end, and nothing asks for pings.
wp_defer_term_counting(true);
kses_remove_filters();
remove_all_actions('publish_post');
remove_all_actions('do_pings');
wp_suspend_cache_addition(true);

$terms = [];
function term_id($taxonomy, $term) {
	global $terms;
	$key = $taxonomy . '/' . $term->slug;
	if (!isset($terms[$key])) {
		$made = wp_insert_term($term->name, $taxonomy, ['slug' => $term->slug]);
		if (is_wp_error($made))
			exit("error: {$term->slug}: " . $made->get_error_message() . "\n");
		$terms[$key] = $made['term_id'];
	}
	return $terms[$key];
}
function term_ids($taxonomy, $list) {
	return array_map(fn($term) => term_id($taxonomy, $term), $list ?? []);
}

$wpdb->query('SET autocommit = 0');
for ($count = 0; ($line = fgets(STDIN)) !== false; $count++) {
	$post = json_decode($line);
	$time = gmdate('Y-m-d H:i:s', strtotime($post->publishTime));
	$id = wp_insert_post(wp_slash([
		'post_name' => $post->slug, 'post_title' => $post->title, 'post_excerpt' => $post->excerpt ?? '',
		'post_content' => $post->html ?? '', 'post_status' => 'publish', 'post_author' => 1,
		'post_date' => $time, 'post_date_gmt' => $time,
		'post_category' => term_ids('category', $post->categories ?? []),
		'tags_input' => term_ids('post_tag', $post->tags ?? []),
	]), true);
	if (is_wp_error($id))
		exit("error: {$post->slug}: " . $id->get_error_message() . "\n");
	if ($count % 500 == 0)
		$wpdb->query('COMMIT');
}
$wpdb->query('COMMIT');
$wpdb->query('SET autocommit = 1');
wp_defer_term_counting(false);
$tags = [];
foreach ($terms as $key => $id)
	if (str_starts_with($key, 'post_tag/'))
		$tags[substr($key, strlen('post_tag/'))] = $id;
echo json_encode($tags), "\n";
