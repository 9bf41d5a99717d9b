/* The tables of `lectern tag`, `lectern category` and `lectern author`. */
#include "cli/term_command.h"

#define NAME_ROWS(noun) \
	{ .id = OPTION_SLUG, \
		.name = "slug", \
		.value = "SLUG", \
		.field = "slug", \
		.help = "The slug (default: made from the name)" }, \
	{ \
		.id = OPTION_DESCRIPTION, .name = "description", .value = "TEXT", \
		.field = "description", .help = "Plain text about the " noun \
	}
#define SET_ROWS \
	{ .id = OPTION_ATTRIBUTE, \
		.name = "attribute", \
		.value = "KEY=VALUE", \
		.field = "attributes", \
		.repeatable = true, \
		.help = "A pair for your own use" }, \
		OPTION_ROW_SET
#define PARENT_ROW \
	{ \
		.id = OPTION_PARENT, .name = "parent", .value = "CATEGORY", .field = "parent", \
		.help = "The category above, by slug or name" \
	}
#define AUTHOR_ROWS \
	{ .id = OPTION_URL, \
		.name = "url", \
		.value = "URL", \
		.field = "url", \
		.help = "Where the author is found on the web" }, \
	{ \
		.id = OPTION_AVATAR_URL, .name = "avatar-url", .value = "URL", \
		.field = "avatar_url", .help = "A picture of the author" \
	}
#define NEW_NAME_ROW \
	{ \
		.id = OPTION_NAME, .name = "name", .value = "NAME", .field = "name", \
		.help = "The name for people" \
	}

static const struct option_row list_options[] = {
	{ .id = OPTION_ORDER_BY,
		.name = "order-by",
		.value = "ORDER",
		.words = "name count",
		.help = "By name (the default) or by number of posts" },
	OPTION_ROW_PAGE_SIZE("Entries on a page (default: 100)"),
	OPTION_ROW_PAGE,
	OPTION_ROW_PAGE_TOKEN,
	OPTION_ROW_ALL,
};
static const struct option_row rename_options[] = {
	OPTION_ROW_REQUEST_ID,
	OPTION_ROW_VALIDATE_ONLY,
};
static const struct option_row merge_options[] = {
	{ .id = OPTION_INTO,
		.name = "into",
		.value = "TO",
		.help = "The one that stays; required" },
	{ .id = OPTION_ETAG,
		.name = "etag",
		.value = "ETAG",
		.help = "Fail if the one that stays was changed since this etag was read" },
	OPTION_ROW_REQUEST_ID,
	OPTION_ROW_VALIDATE_ONLY,
};
static const struct option_row delete_options[] = {
	{ .id = OPTION_FORCE, .name = "force", .help = "Take it off the posts that carry it" },
	OPTION_ROW_ETAG,
	OPTION_ROW_ALLOW_MISSING("Do not fail if there is none"),
	OPTION_ROW_REQUEST_ID,
	OPTION_ROW_VALIDATE_ONLY,
};

#define WRITE_ROWS OPTION_ROW_REQUEST_ID, OPTION_ROW_VALIDATE_ONLY

static const struct option_row tag_create_options[] = { NAME_ROWS("tag"), SET_ROWS, WRITE_ROWS };
static const struct option_row tag_update_options[] = {
	NEW_NAME_ROW,
	NAME_ROWS("tag"),
	SET_ROWS,
	OPTION_ROW_ETAG,
	WRITE_ROWS,
};
static const struct option_row category_create_options[] = {
	NAME_ROWS("category"),
	PARENT_ROW,
	SET_ROWS,
	WRITE_ROWS,
};
static const struct option_row category_update_options[] = {
	NEW_NAME_ROW,
	NAME_ROWS("category"),
	PARENT_ROW,
	SET_ROWS,
	OPTION_ROW_ETAG,
	WRITE_ROWS,
};
static const struct option_row author_create_options[] = {
	NAME_ROWS("author"),
	AUTHOR_ROWS,
	SET_ROWS,
	WRITE_ROWS,
};
static const struct option_row author_update_options[] = {
	NEW_NAME_ROW,
	NAME_ROWS("author"),
	AUTHOR_ROWS,
	SET_ROWS,
	OPTION_ROW_ETAG,
	WRITE_ROWS,
};

#define OPTIONS(rows) .options = rows, .option_count = OPTION_COUNT(rows)
#define BOTH "A term may be given by its slug or its name; it is tried as a slug first."

#define MERGE_TEXT \
	"Every post of FROM gets TO instead, once; FROM ends, and its slugs go on finding TO. " \
	"All " \
	"of it is one write: it happens as a whole or not at all.\n\n" \
	"Each may be given by its slug, a former slug or, where it cannot be a slug, its " \
	"name:\n\n" \
	"  lectern tag merge js ecmascript --into javascript"

/* The commands of one kind. `a_noun` has its article. */
#define TERM_COMMANDS(kind, a_noun, plural_noun) \
	static const struct command kind##_list = { .name = "list", \
		.summary = "List all " plural_noun " with their counts of published posts", \
		OPTIONS(list_options), \
		.subject = &kind##_kind, \
		.run = term_run_list }; \
	static const struct command kind##_get = { .name = "get", \
		.arguments = "SLUG|NAME", \
		.summary = "Show " a_noun, \
		.details = BOTH, \
		.arguments_min = 1, \
		.arguments_max = 1, \
		.subject = &kind##_kind, \
		.run = term_run_get }; \
	static const struct command kind##_create = { .name = "create", \
		.arguments = "NAME", \
		.summary = "Make " a_noun, \
		.arguments_min = 1, \
		.arguments_max = 1, \
		OPTIONS(kind##_create_options), \
		.subject = &kind##_kind, \
		.run = term_run_create }; \
	static const struct command kind##_update = { .name = "update", \
		.arguments = "SLUG|NAME", \
		.summary = "Change fields of " a_noun, \
		.details = BOTH, \
		.arguments_min = 1, \
		.arguments_max = 1, \
		OPTIONS(kind##_update_options), \
		.subject = &kind##_kind, \
		.run = term_run_update }; \
	static const struct command kind##_rename = { .name = "rename", \
		.arguments = "FROM TO", \
		.summary = "Give " a_noun " another name", \
		.details = BOTH " A slug that was made from the old name is made anew from the " \
				"new one; the old slug goes on finding it.", \
		.arguments_min = 2, \
		.arguments_max = 2, \
		OPTIONS(rename_options), \
		.subject = &kind##_kind, \
		.run = term_run_rename }; \
	static const struct command kind##_merge = { .name = "merge", \
		.arguments = "FROM...", \
		.summary = "Merge " plural_noun " that mean the same", \
		.details = MERGE_TEXT, \
		.arguments_min = 1, \
		.arguments_max = ARGUMENTS_ANY, \
		OPTIONS(merge_options), \
		.subject = &kind##_kind, \
		.run = term_run_merge }; \
	static const struct command kind##_delete = { .name = "delete", \
		.arguments = "SLUG|NAME", \
		.summary = "Delete " a_noun " for good", \
		.details = BOTH, \
		.arguments_min = 1, \
		.arguments_max = 1, \
		OPTIONS(delete_options), \
		.subject = &kind##_kind, \
		.run = term_run_delete }; \
	static const struct command *const kind##_children[] = { &kind##_list, &kind##_get, \
		&kind##_create, &kind##_update, &kind##_rename, &kind##_merge, &kind##_delete, \
		NULL }; \
	const struct command kind##_command = { .name = #kind, \
		.summary = "Read and change " plural_noun, \
		.children = kind##_children }

TERM_COMMANDS(tag, "a tag", "tags");
TERM_COMMANDS(category, "a category", "categories");
TERM_COMMANDS(author, "an author", "authors");
