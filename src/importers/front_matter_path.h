/* What the paths of files tell in Jekyll's and Hugo's trees:
 * https://jekyllrb.com/docs/structure/ and https://gohugo.io/getting-started/directory-structure/
 */
#pragma once
#include "base/limits.h"
#include "importers/input.h"

enum {
	ORIGIN_BYTES_MAX = 200,
	SITES_MAX = 64, /* of one import; further ones are read like parts of the folder around */
};

/* The folders that were named, and those inside that hold a configuration. */
struct front_matter_sites {
	struct slice folders[SITES_MAX]; /* with '/' at the end; of the files' paths, borrowed */
	size_t count;
	bool has_posts; /* some file lies in a folder _posts */
};

void front_matter_sites_find(
	const struct input_file *files, size_t count, struct front_matter_sites *ret);

enum front_matter_markup {
	MARKUP_MARKDOWN,
	MARKUP_HTML,
	MARKUP_FOREIGN, /* what posts are written in, but is not read here */
	MARKUP_NONE,
};

struct front_matter_path {
	enum front_matter_markup markup;
	const char *extension; /* with its '.', or "" */
	/* Why the file is left out, whatever it holds; NULL if it is not. */
	const char *left_out;
	/* What names the post: the path from the named folder without what moves when another
	 * folder is named or a draft becomes a post; a digest where that is too long. */
	char origin[ORIGIN_BYTES_MAX + 1];
	/* The name without date, language and extension; that of the folder for index.md. */
	char stem[256];
	bool has_date;
	int64_t date_us;
	char language[LIMIT_LANGUAGE_BYTES + 1];
	struct slice category_folders; /* above _posts, with '/' between and behind them */
	bool in_posts;
	bool in_drafts;
	bool in_pages;
	bool top_content; /* directly in Hugo's folder content */
	bool readme;	  /* README.md and the like */
};

void front_matter_path_read(const struct input_file *file, const struct front_matter_sites *sites,
	struct front_matter_path *ret);
