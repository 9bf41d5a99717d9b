/* The history of posts: a line for each revision up to the current one, and former bodies that some
 * revision needs. */
#include "store/check_private.h"
#include "store/history.h"
#include "store/post.h"

#include <inttypes.h>

/* The revision that the post's own record has; 0 if there is no such post. */
static uint64_t current_revision(struct check *check, uint64_t post_id)
{
	Lectern__V1__Post *post = post_unpack_summary(check->txn, &check->scratch, post_id);
	return post == NULL ? 0 : post->revision;
}

static void check_former(struct check *check, uint64_t post_id, uint64_t revision,
	const Lectern__Store__V1__Revision *line)
{
	struct slice source;
	struct slice html;
	bool former;
	Lectern__V1__Post *post = lectern__v1__post__unpack(
		&check->scratch.allocator, line->post.len, line->post.data);
	if (post == NULL || post->id != post_id || post->revision != revision)
		check_problem(check, "revision %" PRIu64 " of post %" PRIu64 " is another one's",
			revision, post_id);
	if (!history_content(check->txn, post_id, revision, &source, &html, &former))
		check_problem(check, "revision %" PRIu64 " of post %" PRIu64 " has no body",
			revision, post_id);
}

static void visit_revision(struct check *check, struct slice key, struct slice value)
{
	uint64_t post_id;
	uint64_t revision;
	struct key next;
	Lectern__Store__V1__Revision *line = lectern__store__v1__revision__unpack(
		&check->scratch.allocator, value.size, value.data);
	if (key.size != 16 || !key_read_revision(key, &post_id, &revision) || line == NULL) {
		check_problem(check, "an entry of table revision cannot be read");
		return;
	}
	uint64_t current = current_revision(check, post_id);
	if (revision > current) {
		check_problem(check,
			"the history has revision %" PRIu64 " of post %" PRIu64
			", which is at %" PRIu64,
			revision, post_id, current);
		return;
	}
	if (revision == current)
		return;
	check_former(check, post_id, revision, line);
	key_revision(&next, post_id, revision + 1);
	check_look_up(check, TABLE_REVISION, &next, "revision %" PRIu64 " of post %" PRIu64,
		revision + 1, post_id);
}

static void visit_content(struct check *check, struct slice key, struct slice value)
{
	uint64_t post_id;
	uint64_t revision;
	struct key line;
	if (key.size != 17 || !key_read_revision(key, &post_id, &revision) ||
		lectern__v1__post__unpack(&check->scratch.allocator, value.size, value.data) ==
			NULL) {
		check_problem(check, "an entry of table content cannot be read");
		return;
	}
	if (revision >= current_revision(check, post_id))
		check_problem(check,
			"there is a former body of post %" PRIu64 " for revision %" PRIu64
			", which is not a former one",
			post_id, revision);
	key_revision(&line, post_id, revision);
	check_look_up(check, TABLE_REVISION, &line, "a former body of post %" PRIu64, post_id);
}

void check_history(struct check *check)
{
	check_each(check, TABLE_REVISION, visit_revision);
	check_each(check, TABLE_CONTENT, visit_content);
}
