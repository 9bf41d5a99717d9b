/* What writes of tags and categories do, also to the posts that carry them. */
#include "support/own_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void assert_error(enum code code, const char *reason, const char *part)
{
	if (answer.code != code || strstr(answer.err.text, part) == NULL)
		print_error("%s %s\n", code_name(answer.code), answer.err.text);
	assert_int_equal(answer.code, code);
	assert_string_equal(answer.err.reason, reason);
	assert_non_null(strstr(answer.err.text, part));
}

static enum code create_tag(const char *name, const char *slug)
{
	Lectern__V1__Tag tag = LECTERN__V1__TAG__INIT;
	Lectern__V1__CreateTagRequest request = LECTERN__V1__CREATE_TAG_REQUEST__INIT;
	tag.name = text(name);
	tag.slug = text(slug);
	request.tag = &tag;
	return call(&server, "TagService/CreateTag", &request.base, &answer);
}

/* Fields that are "" stay as they are. */
static enum code update_tag(uint64_t id, const char *name, const char *slug, const char *etag)
{
	Lectern__V1__Tag tag = LECTERN__V1__TAG__INIT;
	Lectern__V1__UpdateTagRequest request = LECTERN__V1__UPDATE_TAG_REQUEST__INIT;
	tag.id = id;
	tag.name = text(name);
	tag.slug = text(slug);
	tag.etag = text(etag);
	request.tag = &tag;
	return call(&server, "TagService/UpdateTag", &request.base, &answer);
}

static enum code delete_tag(uint64_t id, bool force)
{
	Lectern__V1__DeleteTagRequest request = LECTERN__V1__DELETE_TAG_REQUEST__INIT;
	request.key_case = LECTERN__V1__DELETE_TAG_REQUEST__KEY_ID;
	request.id = id;
	request.force = force;
	return call(&server, "TagService/DeleteTag", &request.base, &answer);
}

static enum code delete_category(uint64_t id, bool force)
{
	Lectern__V1__DeleteCategoryRequest request = LECTERN__V1__DELETE_CATEGORY_REQUEST__INIT;
	request.key_case = LECTERN__V1__DELETE_CATEGORY_REQUEST__KEY_ID;
	request.id = id;
	request.force = force;
	return call(&server, "CategoryService/DeleteCategory", &request.base, &answer);
}

/* parent 0: to the top. */
static enum code move_category(uint64_t id, uint64_t parent)
{
	Lectern__V1__Category category = LECTERN__V1__CATEGORY__INIT;
	Lectern__V1__TermRef ref = LECTERN__V1__TERM_REF__INIT;
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	char path[] = "parent";
	char *paths[] = { path };
	Lectern__V1__UpdateCategoryRequest request = LECTERN__V1__UPDATE_CATEGORY_REQUEST__INIT;
	category.id = id;
	ref.id = parent;
	category.parent = parent == 0 ? NULL : &ref;
	mask.paths = paths;
	mask.n_paths = 1;
	request.category = &category;
	request.update_mask = &mask;
	return call(&server, "CategoryService/UpdateCategory", &request.base, &answer);
}

static void test_names_of_tags_are_unique_when_folded(void **state)
{
	static const char *const same[] = { "Deep Learning", "deep learning", " DEEP\tLEARNING ",
		"\xEF\xBC\xA4"
		"eep Learning",
		"Deep\xC2\xA0Learning",
		"De\xC2\xAD"
		"ep Learning" };
	assert_int_equal(create_tag("Deep Learning", ""), CODE_OK);
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		if (create_tag(same[i], "other") == CODE_INVALID_ARGUMENT)
			continue; /* with the tab: no name at all */
		assert_error(CODE_ALREADY_EXISTS, "NAME_TAKEN",
			"tag.name: tag 1 is named so, with case and width folded");
	}
	assert_int_equal(create_tag("Deep-Learning", ""), CODE_OK); /* another name */
	const Lectern__V1__CreateTagResponse *response =
		(const Lectern__V1__CreateTagResponse *)answer.message;
	assert_string_equal(response->tag->slug, "deep-learning-2");
	assert_int_equal(
		update_tag(response->tag->id, "DEEP LEARNING", "", ""), CODE_ALREADY_EXISTS);
	assert_int_equal(update_tag(1, "DEEP LEARNING", "", ""), CODE_OK); /* its own */
}

static void test_bad_tags(void **state)
{
	static const struct {
		const char *name, *slug, *reason, *text;
	} cases[] = {
		{ "", "", "FIELD_REQUIRED", "tag.name: must not be empty" },
		{ " \xC2\xA0", "", "FIELD_REQUIRED", "tag.name: must not be empty" },
		{ "\xE2\x80\x8B", "", "FIELD_REQUIRED", "tag.name: must not be empty" },
		{ "a\nb", "", "CONTROL_CHARACTER", "tag.name: must be one line" },
		{ "A", "Not A Slug", "SLUG_INVALID",
			"tag.slug: a slug is 1 to 200 bytes of lower-case letters, digits, '-', "
			"'_' and "
			"'.', for example \"not-a-slug\"" },
		{ "A", "a/b", "SLUG_INVALID", "for example \"a-b\"" },
		{ "A", "..", "SLUG_INVALID", "for example \"my-post\"" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		create_tag(cases[i].name, cases[i].slug);
		assert_error(CODE_INVALID_ARGUMENT, cases[i].reason, cases[i].text);
	}
	Lectern__V1__CreateTagRequest request = LECTERN__V1__CREATE_TAG_REQUEST__INIT;
	call(&server, "TagService/CreateTag", &request.base, &answer);
	assert_error(CODE_INVALID_ARGUMENT, "FIELD_REQUIRED", "tag: is missing");
}

/* NFKC makes eleven letters and blanks of one character: names fold to more than a key holds. */
static void test_names_that_grow_when_folded(void **state)
{
	char name[200] = "";
	for (int i = 0; i < 64; i++) {
		strcat(name, "\xEF\xB7\xBA");
		if (i >= 58)
			assert_true(create_tag(name, "") == CODE_OK ||
				    answer.code == CODE_ALREADY_EXISTS);
	}
	Lectern__V1__ListTagsRequest request = LECTERN__V1__LIST_TAGS_REQUEST__INIT;
	for (request.page_size = 1; request.page_size < 3; request.page_size++) {
		const Lectern__V1__ListTagsResponse *page =
			call_ok(&server, "TagService/ListTags", &request.base, &answer);
		assert_int_equal(page->n_tags,
			page->total_size < 2 ? page->total_size : (uint64_t)request.page_size);
	}
	assert_int_equal(update_tag(1, "short", "", ""), CODE_OK);
	assert_int_equal(delete_tag(1, false), CODE_OK);
}

static void test_a_renamed_tag_renames_what_posts_show(void **state)
{
	char etag[65];
	const Lectern__V1__Post *post = new_post(&server,
		&(struct sketch){ .title = "A", .tags = { "Old", "Other" }, .state = PUBLISHED },
		&answer);
	uint64_t id = post->id;
	uint64_t tag = post->tags[0]->id;
	snprintf(etag, sizeof etag, "%s", post->etag);
	new_post(&server, &(struct sketch){ .title = "Draft", .tags = { "Old" } }, &answer);
	new_post(&server, &(struct sketch){ .title = "Without" }, &answer);
	assert_int_equal(update_tag(tag, "New", "new", ""), CODE_OK);
	const Lectern__V1__UpdateTagResponse *updated =
		(const Lectern__V1__UpdateTagResponse *)answer.message;
	assert_string_equal(updated->tag->aliases[0], "old");
	assert_int_equal(updated->tag->post_count, 1);
	for (uint64_t i = id; i < id + 2; i++) {
		post = read_post(&server, i, &answer);
		assert_string_equal(post->tags[0]->name, "New");
		assert_string_equal(post->tags[0]->slug, "new");
		assert_int_equal(post->revision, 2);
		assert_string_not_equal(post->etag, etag);
	}
	assert_string_equal(read_post(&server, id, &answer)->tags[1]->name, "Other");
	assert_int_equal(read_post(&server, id + 2, &answer)->revision, 1);
	/* The former slug still finds it, and stays taken. */
	Lectern__V1__GetTagRequest get = LECTERN__V1__GET_TAG_REQUEST__INIT;
	get.key_case = LECTERN__V1__GET_TAG_REQUEST__KEY_SLUG;
	get.slug = text("old");
	const Lectern__V1__GetTagResponse *got =
		call_ok(&server, "TagService/GetTag", &get.base, &answer);
	assert_int_equal(got->tag->id, tag);
	create_tag("Something", "old");
	assert_error(CODE_ALREADY_EXISTS, "SLUG_TAKEN", "\"old\" is a former slug of tag ");
	/* A new description touches no post. */
	uint64_t revision = read_post(&server, id, &answer)->revision;
	Lectern__V1__Tag change = LECTERN__V1__TAG__INIT;
	Lectern__V1__UpdateTagRequest request = LECTERN__V1__UPDATE_TAG_REQUEST__INIT;
	change.id = tag;
	change.description = text("About it");
	request.tag = &change;
	call_ok(&server, "TagService/UpdateTag", &request.base, &answer);
	assert_int_equal(read_post(&server, id, &answer)->revision, revision);
}

static void test_etags_of_tags(void **state)
{
	char etag[65];
	uint64_t id = new_tag(&server, "A");
	snprintf(etag, sizeof etag, "%s", read_tag(&server, id, &answer)->etag);
	assert_int_equal(update_tag(id, "B", "", etag), CODE_OK);
	update_tag(id, "C", "", etag);
	assert_error(CODE_ABORTED, "ETAG_MISMATCH", "the tag has changed: you sent \"");
	uint64_t revision = revision_of(&server);
	assert_int_equal(update_tag(id, "B", "", ""), CODE_OK);
	assert_int_equal(revision_of(&server), revision);
	update_tag(99, "B", "", "");
	assert_error(CODE_NOT_FOUND, "TERM_NOT_FOUND", "there is no tag with id 99");
	update_tag(0, "B", "nope", "");
	assert_error(CODE_NOT_FOUND, "TERM_NOT_FOUND", "there is no tag with slug \"nope\"");
	update_tag(0, "B", "", "");
	assert_error(CODE_INVALID_ARGUMENT, "KEY_REQUIRED", "id: ");
}

static void test_deletes_of_tags(void **state)
{
	const Lectern__V1__Post *post = new_post(&server,
		&(struct sketch){ .title = "A", .tags = { "x", "y", "z" }, .state = PUBLISHED },
		&answer);
	uint64_t id = post->id;
	uint64_t tag = post->tags[1]->id;
	new_post(&server, &(struct sketch){ .title = "Draft", .tags = { "y" } }, &answer);
	delete_tag(tag, false);
	assert_error(CODE_FAILED_PRECONDITION, "TERM_IN_USE",
		"2 posts carry the tag \"y\"; set force to take it off them");
	assert_int_equal(delete_tag(tag, true), CODE_OK);
	post = read_post(&server, id, &answer);
	assert_int_equal(post->n_tags, 2);
	assert_string_equal(post->tags[0]->name, "x");
	assert_string_equal(post->tags[1]->name, "z");
	assert_int_equal(post->revision, 2);
	delete_tag(tag, true);
	assert_error(CODE_NOT_FOUND, "TERM_NOT_FOUND", "there is no tag with id ");
	assert_int_not_equal(new_tag(&server, "y"), tag);
}

static void test_categories_are_a_tree(void **state)
{
	uint64_t a = new_category(&server, "A", 0);
	uint64_t b = new_category(&server, "B", a);
	uint64_t c = new_category(&server, "C", b);
	move_category(a, a);
	assert_error(CODE_FAILED_PRECONDITION, "CATEGORY_CYCLE",
		"category.parent: a category cannot stand below itself");
	move_category(a, b);
	assert_error(CODE_FAILED_PRECONDITION, "CATEGORY_CYCLE", "below itself");
	move_category(a, c);
	assert_error(CODE_FAILED_PRECONDITION, "CATEGORY_CYCLE", "below itself");
	move_category(a, 999);
	assert_error(CODE_NOT_FOUND, "TERM_NOT_FOUND", "category.parent: there is no category");
	delete_category(b, true);
	assert_error(CODE_FAILED_PRECONDITION, "CATEGORY_HAS_CHILDREN",
		"there are categories below \"b\"; move or delete them first");
	assert_int_equal(move_category(c, 0), CODE_OK);
	assert_null(read_category(&server, c, &answer)->parent);
	assert_int_equal(delete_category(b, false), CODE_OK);
}

static void test_the_depth_of_the_tree_is_bounded(void **state)
{
	uint64_t chain[16];
	uint64_t above = 0;
	for (int i = 0; i < 16; i++) {
		char name[16];
		snprintf(name, sizeof name, "level %d", i + 1);
		above = chain[i] = new_category(&server, name, above);
	}
	Lectern__V1__Category category = LECTERN__V1__CATEGORY__INIT;
	Lectern__V1__TermRef ref = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__CreateCategoryRequest request = LECTERN__V1__CREATE_CATEGORY_REQUEST__INIT;
	category.name = text("level 17");
	ref.id = above;
	category.parent = &ref;
	request.category = &category;
	call(&server, "CategoryService/CreateCategory", &request.base, &answer);
	assert_error(CODE_FAILED_PRECONDITION, "CATEGORY_TOO_DEEP",
		"category.parent: the tree would be deeper than 16 levels");
	/* A subtree counts with its height. */
	uint64_t top = new_category(&server, "top", 0);
	uint64_t below = new_category(&server, "below", top);
	assert_int_equal(move_category(top, chain[14]), CODE_FAILED_PRECONDITION);
	assert_int_equal(move_category(top, chain[13]), CODE_OK);
	assert_int_equal(move_category(below, chain[15]), CODE_FAILED_PRECONDITION);
	assert_int_equal(move_category(chain[8], 0), CODE_OK);
	assert_int_equal(move_category(below, chain[15]), CODE_OK);
}

static void assert_counts(uint64_t id, uint64_t direct, uint64_t subtree)
{
	const Lectern__V1__Category *category = read_category(&server, id, &answer);
	assert_int_equal(category->post_count, direct);
	assert_int_equal(category->subtree_post_count, subtree);
}

static void test_moves_keep_subtree_counts(void **state)
{
	uint64_t a = new_category(&server, "A", 0);
	uint64_t b = new_category(&server, "B", a);
	uint64_t c = new_category(&server, "C", b);
	uint64_t d = new_category(&server, "D", 0);
	struct sketch sketch = { .title = "P", .state = PUBLISHED };
	static const char *const in[][3] = { { "A" }, { "B" }, { "C" }, { "A", "C" },
		{ "C", "D" } };
	for (size_t i = 0; i < 5; i++) {
		memcpy(sketch.categories, in[i], sizeof in[i]);
		new_post(&server, &sketch, &answer);
	}
	sketch.state = LECTERN__V1__POST_STATE__POST_STATE_DRAFT; /* counts nowhere */
	new_post(&server, &sketch, &answer);
	assert_counts(a, 2, 5); /* a post in two categories of the subtree counts once */
	assert_counts(b, 1, 4);
	assert_counts(c, 3, 3);
	assert_counts(d, 1, 1);
	assert_int_equal(move_category(b, d), CODE_OK);
	assert_counts(a, 2, 2);
	assert_counts(b, 1, 4);
	assert_counts(c, 3, 3);
	assert_counts(d, 1, 4);
	assert_int_equal(count_problems(&server), 0);
	assert_int_equal(move_category(c, a), CODE_OK);
	assert_counts(a, 2, 4);
	assert_counts(b, 1, 1);
	assert_counts(d, 1, 2);
	assert_int_equal(count_problems(&server), 0);
	delete_category(c, false);
	assert_error(CODE_FAILED_PRECONDITION, "TERM_IN_USE", "posts carry the category \"c\"");
	assert_int_equal(delete_category(c, true), CODE_OK);
	assert_counts(a, 2, 2);
	assert_counts(d, 1, 2);
}

static void test_a_renamed_category_is_renamed_in_its_children(void **state)
{
	uint64_t a = new_category(&server, "A", 0);
	uint64_t b = new_category(&server, "B", a);
	char etag[65];
	snprintf(etag, sizeof etag, "%s", read_category(&server, b, &answer)->etag);
	Lectern__V1__Category category = LECTERN__V1__CATEGORY__INIT;
	Lectern__V1__UpdateCategoryRequest request = LECTERN__V1__UPDATE_CATEGORY_REQUEST__INIT;
	category.id = a;
	category.name = text("New");
	request.category = &category;
	call_ok(&server, "CategoryService/UpdateCategory", &request.base, &answer);
	const Lectern__V1__Category *child = read_category(&server, b, &answer);
	assert_string_equal(child->parent->name, "New");
	assert_string_not_equal(child->etag, etag);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_names_of_tags_are_unique_when_folded),
		TEST(test_bad_tags),
		TEST(test_names_that_grow_when_folded),
		TEST(test_a_renamed_tag_renames_what_posts_show),
		TEST(test_etags_of_tags),
		TEST(test_deletes_of_tags),
		TEST(test_categories_are_a_tree),
		TEST(test_the_depth_of_the_tree_is_bounded),
		TEST(test_moves_keep_subtree_counts),
		TEST(test_a_renamed_category_is_renamed_in_its_children),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
