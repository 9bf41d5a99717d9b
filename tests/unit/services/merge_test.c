/* Merging terms: what becomes of posts, counts, slugs, etags and the tree of categories. */
#include "support/changes.h"
#include "support/own_server.h"

#include <lectern/v1/archive.pb-c.h>
#include <lectern/v1/author.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SOURCES_MAX = 4 };

/* A merge as a request has it: terms by id, 0 ends the sources. */
struct merge {
	uint64_t sources[SOURCES_MAX], destination;
	const char *etag, *request_id;
	bool validate_only;
};

static enum code merge(const char *method, const struct merge *merge)
{
	/* The requests of all kinds have the same fields. */
	Lectern__V1__MergeTagsRequest request = LECTERN__V1__MERGE_TAGS_REQUEST__INIT;
	Lectern__V1__TermKey keys[SOURCES_MAX + 1];
	Lectern__V1__TermKey *list[SOURCES_MAX];
	request.sources = list;
	for (int i = 0; i <= SOURCES_MAX; i++) {
		lectern__v1__term_key__init(&keys[i]);
		keys[i].key_case = LECTERN__V1__TERM_KEY__KEY_ID;
	}
	while (request.n_sources < SOURCES_MAX && merge->sources[request.n_sources] != 0) {
		keys[request.n_sources].id = merge->sources[request.n_sources];
		list[request.n_sources] = &keys[request.n_sources];
		request.n_sources++;
	}
	keys[SOURCES_MAX].id = merge->destination;
	request.destination = &keys[SOURCES_MAX];
	request.etag = text(merge->etag);
	request.request_id = text(merge->request_id);
	request.validate_only = merge->validate_only;
	return call(&server, method, &request.base, &answer);
}

static enum code merge_tags(const struct merge *request)
{
	return merge("TagService/MergeTags", request);
}

static const Lectern__V1__GetTagResponse *tag_by_slug(const char *slug)
{
	Lectern__V1__GetTagRequest request = LECTERN__V1__GET_TAG_REQUEST__INIT;
	request.key_case = LECTERN__V1__GET_TAG_REQUEST__KEY_SLUG;
	request.slug = text(slug);
	return call_ok(&server, "TagService/GetTag", &request.base, &answer);
}

static const Lectern__V1__GetArchiveResponse *archive(
	Lectern__V1__ArchiveKind kind, const char *slug)
{
	Lectern__V1__GetArchiveRequest request = LECTERN__V1__GET_ARCHIVE_REQUEST__INIT;
	Lectern__V1__TermKey key = LECTERN__V1__TERM_KEY__INIT;
	key.key_case = LECTERN__V1__TERM_KEY__KEY_SLUG;
	key.slug = text(slug);
	request.kind = kind;
	request.term = &key;
	return call_ok(&server, "ArchiveService/GetArchive", &request.base, &answer);
}

static uint64_t post_with(const char *a, const char *b)
{
	return new_post(&server,
		&(struct sketch){ .title = "P", .tags = { a, b }, .state = PUBLISHED }, &answer)
		->id;
}

static void etag_of(uint64_t id, char out[65])
{
	snprintf(out, 65, "%s", read_post(&server, id, &answer)->etag);
}

static void posts_of_all_sources_get_the_destination_once(void **state)
{
	char untouched[65];
	char touched[65];
	char before[65];
	uint64_t js = new_tag(&server, "JS");
	uint64_t ecma = new_tag(&server, "ECMAScript");
	uint64_t target = new_tag(&server, "JavaScript");
	uint64_t both = post_with("JS", "ECMAScript");
	uint64_t with_target = post_with("JavaScript", "JS");
	uint64_t only_target = post_with("JavaScript", "Other");
	uint64_t draft = new_post(
		&server, &(struct sketch){ .title = "D", .tags = { "x", "ECMAScript" } }, &answer)
				 ->id;
	etag_of(only_target, untouched);
	etag_of(both, touched);
	snprintf(before, sizeof before, "%s", read_tag(&server, target, &answer)->etag);

	uint64_t revision = revision_of(&server);
	assert_int_equal(
		merge_tags(&(struct merge){
			.sources = { js, ecma }, .destination = target, .validate_only = true }),
		CODE_OK);
	assert_int_equal(revision_of(&server), revision);
	for (int i = 0; i < 2; i++) { /* the second time is a repeat of the first */
		assert_int_equal(merge_tags(&(struct merge){ .sources = { js, ecma },
					 .destination = target,
					 .request_id = "m" }),
			CODE_OK);
		const Lectern__V1__MergeTagsResponse *response = (const void *)answer.message;
		assert_int_equal(response->tag->id, target);
		assert_int_equal(response->tag->post_count, 3);
	}
	/* The destination, two sources, three posts. */
	assert_int_equal(revision_of(&server), revision + 6);
	const Lectern__V1__Post *post = read_post(&server, both, &answer);
	assert_int_equal(post->n_tags, 1);
	assert_int_equal(post->tags[0]->id, target);
	assert_string_equal(post->tags[0]->name, "JavaScript");
	assert_string_not_equal(post->etag, touched);
	assert_int_equal(post->revision, 2);
	post = read_post(&server, with_target, &answer);
	assert_int_equal(post->n_tags, 1);
	post = read_post(&server, draft, &answer);
	assert_int_equal(post->n_tags, 2);
	assert_int_equal(post->tags[1]->id, target);
	assert_string_equal(read_post(&server, only_target, &answer)->etag, untouched);

	const Lectern__V1__Tag *tag = read_tag(&server, target, &answer);
	assert_string_not_equal(tag->etag, before);
	assert_int_equal(tag->n_aliases, 2);
	assert_string_equal(tag->aliases[0], "js");
	assert_string_equal(tag->aliases[1], "ecmascript");
}

static void old_slugs_lead_to_the_new_term_and_say_so(void **state)
{
	uint64_t js = new_tag(&server, "JS");
	uint64_t target = new_tag(&server, "JavaScript");
	post_with("JS", NULL);
	Lectern__V1__UpdateTagRequest rename = LECTERN__V1__UPDATE_TAG_REQUEST__INIT;
	Lectern__V1__Tag tag = LECTERN__V1__TAG__INIT;
	tag.id = js;
	tag.slug = text("ecma");
	rename.tag = &tag;
	call_ok(&server, "TagService/UpdateTag", &rename.base, &answer);
	merge_tags(&(struct merge){ .sources = { js }, .destination = target });
	static const char *const slugs[] = { "js", "ecma" };
	for (int i = 0; i < 2; i++) {
		const Lectern__V1__GetTagResponse *found = tag_by_slug(slugs[i]);
		assert_int_equal(found->tag->id, target);
		assert_true(found->former_slug);
		const Lectern__V1__GetArchiveResponse *page =
			archive(LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG, slugs[i]);
		assert_true(page->former_slug);
		assert_int_equal(page->n_posts, 1);
		assert_string_equal(page->tag->slug, "javascript");
	}
	assert_false(tag_by_slug("javascript")->former_slug);
	assert_false(
		archive(LECTERN__V1__ARCHIVE_KIND__ARCHIVE_KIND_TAG, "javascript")->former_slug);
	/* A post that names the old one gets the new one, not the old one again. */
	uint64_t id = post_with("JS", "js");
	const Lectern__V1__Post *post = read_post(&server, id, &answer);
	assert_int_equal(post->n_tags, 1);
	assert_int_equal(post->tags[0]->id, target);
}

static void merges_that_are_refused(void **state)
{
	uint64_t a = new_tag(&server, "A");
	uint64_t b = new_tag(&server, "B");
	const struct {
		const char *label;
		struct merge merge;
		enum code code;
		const char *reason, *text;
	} cases[] = {
		{ "no sources", { .destination = a }, CODE_INVALID_ARGUMENT, "FIELD_REQUIRED",
			"sources: name 1 to 100" },
		{ "no destination", { .sources = { a } }, CODE_INVALID_ARGUMENT, "KEY_REQUIRED",
			"destination" },
		{ "itself", { .sources = { b, a }, .destination = a }, CODE_INVALID_ARGUMENT,
			"MERGE_INTO_ITSELF", "sources[1]: is the destination itself" },
		{ "twice", { .sources = { b, b }, .destination = a }, CODE_INVALID_ARGUMENT,
			"SOURCE_REPEATED", "sources[1]: is the same tag as sources[0]" },
		{ "a missing source", { .sources = { b, 77 }, .destination = a }, CODE_NOT_FOUND,
			"TERM_NOT_FOUND", "sources[1]: there is no tag with id \"77\"" },
		{ "a missing destination", { .sources = { b }, .destination = 77 }, CODE_NOT_FOUND,
			"TERM_NOT_FOUND", "destination: there is no tag" },
		{ "a stale etag", { .sources = { b }, .destination = a, .etag = "0" }, CODE_ABORTED,
			"ETAG_MISMATCH", "the tag has changed" },
	};
	uint64_t revision = revision_of(&server);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("%s\n", cases[i].label);
		merge_tags(&cases[i].merge);
		assert_failed_as(cases[i].code, cases[i].reason, cases[i].text);
	}
	assert_int_equal(revision_of(&server), revision);
}

static enum code merge_categories(const struct merge *request)
{
	return merge("CategoryService/MergeCategories", request);
}

static void assert_counts(uint64_t id, uint64_t own, uint64_t subtree)
{
	const Lectern__V1__Category *category = read_category(&server, id, &answer);
	assert_int_equal(category->post_count, own);
	assert_int_equal(category->subtree_post_count, subtree);
}

static void children_move_below_the_destination(void **state)
{
	uint64_t top = new_category(&server, "Top", 0);
	uint64_t source = new_category(&server, "Source", top);
	uint64_t child = new_category(&server, "Child", source);
	uint64_t target = new_category(&server, "Target", 0);
	publish(START_US, "t", "Source");
	publish(START_US, "t", "Child");
	publish(START_US, "t", "Target");
	assert_counts(top, 0, 2);
	assert_int_equal(
		merge_categories(&(struct merge){ .sources = { source }, .destination = target }),
		CODE_OK);
	assert_counts(top, 0, 0);
	assert_counts(target, 2, 3);
	assert_counts(child, 1, 1);
	assert_int_equal(read_category(&server, child, &answer)->parent->id, target);
	/* A source with its own child as another source. */
	uint64_t a = new_category(&server, "A", 0);
	uint64_t b = new_category(&server, "B", a);
	uint64_t c = new_category(&server, "C", b);
	publish(START_US, "t", "B");
	publish(START_US, "t", "C");
	assert_int_equal(
		merge_categories(&(struct merge){ .sources = { a, b }, .destination = top }),
		CODE_OK);
	assert_counts(top, 1, 2);
	assert_int_equal(read_category(&server, c, &answer)->parent->id, top);
}

/* The last of a chain of categories, "P0" at the top. */
static uint64_t new_chain(const char *prefix, int levels)
{
	uint64_t id = 0;
	for (int i = 0; i < levels; i++) {
		char name[16];
		snprintf(name, sizeof name, "%s%d", prefix, i);
		id = new_category(&server, name, id);
	}
	return id;
}

/* What the log has after a revision, in few words without the revisions. */
static void assert_log(uint64_t after, const char *const *want, size_t count)
{
	struct change_question question = { .after = after };
	const Lectern__V1__ListChangesResponse *log = changes(&server, &question, &answer);
	assert_int_equal(log->n_changes, count);
	for (size_t i = 0; i < count; i++) {
		char line[CHANGE_TEXT_BYTES];
		describe_change(log->changes[i], line);
		assert_non_null(strchr(line, ' '));
		assert_string_equal(strchr(line, ' ') + 1, want[i]);
	}
}

/* What is above the last of a chain of 15, and all of the chain in the order of ids. */
#define ABOVE_D14 \
	"CATEGORY d13, CATEGORY d12, CATEGORY d11, CATEGORY d10, CATEGORY d9, CATEGORY d8, " \
	"CATEGORY d7, CATEGORY d6, CATEGORY d5, CATEGORY d4, CATEGORY d3, CATEGORY d2, " \
	"CATEGORY d1, CATEGORY d0"
#define D0_TO_D14 \
	"CATEGORY d0, CATEGORY d1, CATEGORY d2, CATEGORY d3, CATEGORY d4, CATEGORY d5, " \
	"CATEGORY d6, CATEGORY d7, CATEGORY d8, CATEGORY d9, CATEGORY d10, CATEGORY d11, " \
	"CATEGORY d12, CATEGORY d13, CATEGORY d14"

/* A source ends where it stands: it need not fit below the destination, and the log tells of no
 * move. Whichever of the two is named first. */
static void assert_merges_with_its_child(bool child_first)
{
	const char *const log[] = {
		"CATEGORY UPDATED c: CATEGORY b, CATEGORY a, CATEGORY d14, " ABOVE_D14,
		"POST UPDATED p, PUBLISHED to PUBLISHED: " D0_TO_D14 ", CATEGORY a",
		"POST UPDATED p-2, PUBLISHED to PUBLISHED: " D0_TO_D14 ", CATEGORY a, CATEGORY b",
		child_first ? "CATEGORY DELETED b: CATEGORY a into CATEGORY d14"
			    : "CATEGORY DELETED a into CATEGORY d14",
		child_first ? "CATEGORY DELETED a into CATEGORY d14"
			    : "CATEGORY DELETED b: CATEGORY a into CATEGORY d14",
		"CATEGORY UPDATED d14: " ABOVE_D14,
	};
	uint64_t deep = new_chain("D", 15);
	uint64_t a = new_category(&server, "A", 0);
	uint64_t b = new_category(&server, "B", a);
	uint64_t c = new_category(&server, "C", b);
	publish(START_US, NULL, "A");
	publish(START_US, NULL, "B");
	publish(START_US, NULL, "C");
	assert_counts(a, 1, 3);
	uint64_t revision = revision_of(&server);
	struct merge request = { .sources = { a, b }, .destination = deep };
	if (child_first)
		request = (struct merge){ .sources = { b, a }, .destination = deep };
	assert_int_equal(merge_categories(&request), CODE_OK);
	assert_counts(deep, 2, 3);
	assert_counts(c, 1, 1);
	assert_int_equal(read_category(&server, c, &answer)->parent->id, deep);
	assert_int_equal(read_category(&server, deep, &answer)->n_aliases, 2);
	assert_log(revision, log, sizeof log / sizeof *log);
}

static void a_source_may_stand_below_one_before_it(void **state)
{
	assert_merges_with_its_child(false);
}

static void a_source_may_stand_below_one_after_it(void **state)
{
	assert_merges_with_its_child(true);
}

static void a_merge_keeps_the_tree_a_tree(void **state)
{
	uint64_t a = new_category(&server, "A", 0);
	uint64_t b = new_category(&server, "B", a);
	merge_categories(&(struct merge){ .sources = { a }, .destination = b });
	assert_failed_as(CODE_FAILED_PRECONDITION, "CATEGORY_CYCLE", "destination: stands below");
	/* As deep as it may be: 15 levels below a source do not fit below the 16th. */
	uint64_t deep = new_chain("D", 16);
	merge_categories(&(struct merge){ .sources = { a }, .destination = deep });
	assert_failed_as(CODE_FAILED_PRECONDITION, "CATEGORY_TOO_DEEP", "16 levels");
}

static void authors_merge_too(void **state)
{
	uint64_t ids[2];
	static const char *const names[] = { "Ada", "A. Lovelace" };
	for (int i = 0; i < 2; i++) {
		Lectern__V1__Author author = LECTERN__V1__AUTHOR__INIT;
		Lectern__V1__CreateAuthorRequest request = LECTERN__V1__CREATE_AUTHOR_REQUEST__INIT;
		author.name = text(names[i]);
		request.author = &author;
		const Lectern__V1__CreateAuthorResponse *response =
			call_ok(&server, "AuthorService/CreateAuthor", &request.base, &answer);
		ids[i] = response->author->id;
	}
	assert_int_equal(merge("AuthorService/MergeAuthors",
				 &(struct merge){ .sources = { ids[1] }, .destination = ids[0] }),
		CODE_OK);
	const Lectern__V1__MergeAuthorsResponse *response = (const void *)answer.message;
	assert_string_equal(response->author->aliases[0], "a-lovelace");
}

/* Aliases are bounded: with one more the oldest is given up. */
static void aliases_are_bounded(void **state)
{
	uint64_t target = new_tag(&server, "Target");
	for (int i = 0; i < 66; i++) {
		char name[16];
		snprintf(name, sizeof name, "s%d", i);
		uint64_t id = new_tag(&server, name);
		assert_int_equal(
			merge_tags(&(struct merge){ .sources = { id }, .destination = target }),
			CODE_OK);
	}
	const Lectern__V1__Tag *tag = read_tag(&server, target, &answer);
	assert_int_equal(tag->n_aliases, 64);
	assert_string_equal(tag->aliases[0], "s2");
	assert_string_equal(tag->aliases[63], "s65");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(posts_of_all_sources_get_the_destination_once),
		TEST(old_slugs_lead_to_the_new_term_and_say_so),
		TEST(merges_that_are_refused),
		TEST(children_move_below_the_destination),
		TEST(a_source_may_stand_below_one_before_it),
		TEST(a_source_may_stand_below_one_after_it),
		TEST(a_merge_keeps_the_tree_a_tree),
		TEST(authors_merge_too),
		TEST(aliases_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
