/* Terms and titles of a random store. */
#include "e2e/oracle/calls.h"
#include "e2e/oracle/failure.h"
#include "e2e/oracle/writes.h"

#include <lectern/v1/author.pb-c.h>
#include <lectern/v1/category.pb-c.h>
#include <lectern/v1/tag.pb-c.h>
#include <string.h>

/* --- terms --- */

/* What names may hold, beside plain words. */
static const char *const tag_names[ORACLE_TAGS] = { "databases", "Web", "C++", "Café", "数据库",
	"AND", "say \"hi\"", "back\\slash", "(beta)", "a b c", "Größe", "x-ray", "100%", "日本語",
	"not", "under_score", "e.g.", "O'Neil", "tags:x", "last" };

static void name_terms(struct oracle_content *content)
{
	for (int i = 0; i < ORACLE_TAGS; i++) {
		strcpy(content->terms[ORACLE_TAG][i].name, tag_names[i]);
		sprintf(content->terms[ORACLE_TAG][i].slug, "tag-%d", i);
	}
	for (int i = 0; i < ORACLE_CATEGORIES; i++) {
		struct oracle_term *term = &content->terms[ORACLE_CATEGORY][i];
		sprintf(term->name, "Category %d", i);
		sprintf(term->slug, "category-%d", i);
		/* Three roots, four levels: 0-2, 3-8, 9-17, 18-23. */
		term->parent = i < 3 ? -1 : i < 9 ? i % 3 : i < 18 ? 3 + i % 6 : 9 + i % 9;
	}
	for (int i = 0; i < ORACLE_AUTHORS; i++) {
		sprintf(content->terms[ORACLE_AUTHOR][i].name, "Author %c", 'A' + i);
		sprintf(content->terms[ORACLE_AUTHOR][i].slug, "author-%c", 'a' + i);
	}
	for (int i = 0; i < ORACLE_SERIES; i++) {
		sprintf(content->terms[ORACLE_IN_SERIES][i].name, "Series %d", i);
		sprintf(content->terms[ORACLE_IN_SERIES][i].slug, "series-%d", i);
	}
}

/* A change of a term is one of each post that has it, and of nothing in them that the model knows.
 * No other client may write. */
static void no_post_changed(struct oracle_log *log, uint64_t revision)
{
	struct oracle_post none = { .id = 0 };
	for (uint64_t i = oracle_log_complete(log) + 1; i <= revision; i++)
		oracle_log_add(log, i, &none);
}

static void make_tag(struct oracle_term *term, lectern_client *client, struct oracle_log *log)
{
	Lectern__V1__Tag tag = LECTERN__V1__TAG__INIT;
	Lectern__V1__CreateTagRequest request = LECTERN__V1__CREATE_TAG_REQUEST__INIT;
	uint64_t revision;
	tag.name = term->name;
	tag.slug = term->slug;
	request.tag = &tag;
	Lectern__V1__CreateTagResponse *response =
		oracle_call(client, "lectern.v1.TagService/CreateTag", &request.base,
			&lectern__v1__create_tag_response__descriptor, &revision);
	term->id = response->tag->id;
	no_post_changed(log, revision);
	oracle_free(response);
}

static void make_author(struct oracle_term *term, lectern_client *client, struct oracle_log *log)
{
	Lectern__V1__Author author = LECTERN__V1__AUTHOR__INIT;
	Lectern__V1__CreateAuthorRequest request = LECTERN__V1__CREATE_AUTHOR_REQUEST__INIT;
	uint64_t revision;
	author.name = term->name;
	author.slug = term->slug;
	request.author = &author;
	Lectern__V1__CreateAuthorResponse *response =
		oracle_call(client, "lectern.v1.AuthorService/CreateAuthor", &request.base,
			&lectern__v1__create_author_response__descriptor, &revision);
	term->id = response->author->id;
	no_post_changed(log, revision);
	oracle_free(response);
}

static void make_category(struct oracle_content *content, struct oracle_term *term,
	lectern_client *client, struct oracle_log *log)
{
	Lectern__V1__Category category = LECTERN__V1__CATEGORY__INIT;
	Lectern__V1__TermRef parent = LECTERN__V1__TERM_REF__INIT;
	Lectern__V1__CreateCategoryRequest request = LECTERN__V1__CREATE_CATEGORY_REQUEST__INIT;
	uint64_t revision;
	category.name = term->name;
	category.slug = term->slug;
	if (term->parent >= 0) {
		parent.id = content->terms[ORACLE_CATEGORY][term->parent].id;
		category.parent = &parent;
	}
	request.category = &category;
	Lectern__V1__CreateCategoryResponse *response =
		oracle_call(client, "lectern.v1.CategoryService/CreateCategory", &request.base,
			&lectern__v1__create_category_response__descriptor, &revision);
	term->id = response->category->id;
	no_post_changed(log, revision);
	oracle_free(response);
}

/* --- titles --- */

static const struct {
	const char *text, *folded;
} words[] = { { "Page", "page" }, { "PAGE", "page" }, { "page", "page" }, { "pages", "pages" },
	{ "Café", "café" }, { "CAFE\u0301", "café" }, { "cafe", "cafe" }, { "ｃａｆｅ", "cafe" },
	{ "Straße", "strasse" }, { "STRASSE", "strasse" }, { "\ufb01le", "file" },
	{ "Ärger", "ärger" }, { "zebra", "zebra" }, { "数据库", "数据库" }, { "数据", "数据" },
	{ "据", "据" }, { "\"quoted\"", "\"quoted\"" }, { "back\\slash", "back\\slash" },
	{ "AND", "and" }, { "(NOT", "(not" }, { "-x", "-x" }, { "100%", "100%" },
	{ "star*", "star*" }, { "'s", "'s" }, { "Ω", "ω" } };
enum { WORDS = sizeof words / sizeof words[0], LONG_TITLES = 6, LONG_BYTES = 440 };

static void make_titles(struct oracle_content *content, struct random *random)
{
	static const char *const blanks[] = { " ", " ", "  ", "\u00a0", "\u3000" };
	for (int i = 0; i < ORACLE_TITLES; i++) {
		struct oracle_title *title = &content->titles[i];
		uint64_t count = 1 + random_below(random, 3);
		title->text[0] = title->folded[0] = '\0';
		for (uint64_t at = 0; at < count; at++) {
			uint64_t word = random_below(random, WORDS);
			strcat(title->text, at == 0 ? "" : blanks[random_below(random, 5)]);
			strcat(title->folded, at == 0 ? "" : " ");
			strcat(title->text, words[word].text);
			strcat(title->folded, words[word].folded);
		}
	}
	/* Some differ behind the bytes that are compared. */
	for (int i = 0; i < LONG_TITLES; i++) {
		struct oracle_title *title = &content->titles[i];
		memset(title->text, 'm', LONG_BYTES);
		sprintf(title->text + LONG_BYTES, " %d", LONG_TITLES - i);
		strcpy(title->folded, title->text);
	}
}

void oracle_make_content(struct oracle_content *content, lectern_client *client,
	struct oracle_log *log, struct random *random)
{
	*content = (struct oracle_content){ 0 };
	make_titles(content, random);
	name_terms(content);
	for (int i = 0; i < ORACLE_TAGS; i++)
		make_tag(&content->terms[ORACLE_TAG][i], client, log);
	for (int i = 0; i < ORACLE_AUTHORS; i++)
		make_author(&content->terms[ORACLE_AUTHOR][i], client, log);
	for (int i = 0; i < ORACLE_CATEGORIES; i++)
		make_category(content, &content->terms[ORACLE_CATEGORY][i], client, log);
}

/* --- changes of terms --- */

static void rename_tag(struct oracle_term *term, lectern_client *client, struct oracle_log *log,
	struct random *random)
{
	Lectern__V1__Tag tag = LECTERN__V1__TAG__INIT;
	Lectern__V1__UpdateTagRequest request = LECTERN__V1__UPDATE_TAG_REQUEST__INIT;
	uint64_t revision;
	strcpy(term->former_slug, term->slug);
	sprintf(term->slug, "renamed-%u", (unsigned)random_below(random, 1000000000));
	sprintf(term->name, "Renamed %s", term->slug + strlen("renamed-"));
	tag.id = term->id;
	tag.name = term->name;
	tag.slug = term->slug;
	request.tag = &tag;
	oracle_free(oracle_call(client, "lectern.v1.TagService/UpdateTag", &request.base,
		&lectern__v1__update_tag_response__descriptor, &revision));
	no_post_changed(log, revision);
}

static bool stands_below(const struct oracle_content *content, int category, int above)
{
	for (; category >= 0; category = content->terms[ORACLE_CATEGORY][category].parent)
		if (category == above)
			return true;
	return false;
}

static void move_category(struct oracle_content *content, lectern_client *client,
	struct oracle_log *log, struct random *random)
{
	static char parent_path[] = "parent";
	char *paths[] = { parent_path };
	Lectern__V1__Category category = LECTERN__V1__CATEGORY__INIT;
	Lectern__V1__TermRef parent = LECTERN__V1__TERM_REF__INIT;
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	Lectern__V1__UpdateCategoryRequest request = LECTERN__V1__UPDATE_CATEGORY_REQUEST__INIT;
	uint64_t revision;
	int moved = (int)random_below(random, ORACLE_CATEGORIES);
	int to = (int)random_below(random, ORACLE_CATEGORIES + 1) - 1;
	struct oracle_term *term = &content->terms[ORACLE_CATEGORY][moved];
	if (stands_below(content, to, moved) || to == term->parent)
		return;
	term->parent = to;
	category.id = term->id;
	if (to >= 0) {
		parent.id = content->terms[ORACLE_CATEGORY][to].id;
		category.parent = &parent;
	}
	mask.paths = paths;
	mask.n_paths = 1;
	request.category = &category;
	request.update_mask = &mask;
	oracle_free(oracle_call(client, "lectern.v1.CategoryService/UpdateCategory", &request.base,
		&lectern__v1__update_category_response__descriptor, &revision));
	no_post_changed(log, revision);
}

void oracle_change_terms(struct oracle_content *content, lectern_client *client,
	struct oracle_log *log, struct random *random)
{
	for (int i = 0; i < 4; i++)
		rename_tag(&content->terms[ORACLE_TAG][random_below(random, ORACLE_TAGS)], client,
			log, random);
	for (int i = 0; i < 6; i++)
		move_category(content, client, log, random);
}
