#include "importers/front_matter_path.h"

#include "base/rfc3339.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
	const char *label;
	const char *folder; /* that was named, with its '/' */
	const char *path;   /* in it */
	const char *origin, *stem, *date, *language, *categories;
	const char *marks; /* P in _posts, D in _drafts, p in _pages, c in content, x left out */
} cases[] = {
	{ "Jekyll", "site/", "_posts/2019-07-02-my-post.md", "2019-07-02-my-post.md", "my-post",
		"2019-07-02", "", "", "P" },
	{ "the folder itself", "site/_posts/", "2019-07-02-my-post.md", "2019-07-02-my-post.md",
		"my-post", "2019-07-02", "", "", "P" },
	{ "one file", "site/_posts/", "2019-7-2-my-post.md", "2019-7-2-my-post.md", "my-post",
		"2019-07-02", "", "", "P" },
	{ "a category", "site/", "news/world/_posts/2019-07-02-a.md", "news/world/2019-07-02-a.md",
		"a", "2019-07-02", "", "news/world/", "P" },
	{ "a folder in _posts", "site/", "_posts/2019/2019-07-02-a.md", "2019/2019-07-02-a.md", "a",
		"2019-07-02", "", "", "P" },
	{ "drafts", "site/", "_drafts/a.md", "a.md", "a", "", "", "", "D" },
	{ "the folder of drafts", "site/_drafts/", "a.md", "a.md", "a", "", "", "", "D" },
	{ "a draft's name above", "_drafts/site/", "a.md", "a.md", "a", "", "", "", "" },
	{ "pages", "site/", "_pages/about.md", "_pages/about.md", "about", "", "", "", "p" },
	{ "Hugo", "site/", "content/posts/my-post.md", "posts/my-post.md", "my-post", "", "", "",
		"" },
	{ "Hugo's content", "site/content/", "posts/my-post.md", "posts/my-post.md", "my-post", "",
		"", "", "" },
	{ "directly in content", "site/", "content/about.md", "about.md", "about", "", "", "",
		"c" },
	{ "a bundle", "site/", "content/posts/my-post/index.md", "posts/my-post/index.md",
		"my-post", "", "", "", "" },
	{ "a bundle with a date", "", "content/2019-07-02-x/index.de.md",
		"2019-07-02-x/index.de.md", "x", "2019-07-02", "de", "", "" },
	{ "a section", "site/", "content/posts/_index.md", "posts/_index.md", "_index", "", "", "",
		"x" },
	{ "a section in French", "site/", "content/posts/_index.fr.md", "posts/_index.fr.md",
		"_index", "", "fr", "", "x" },
	{ "a date in folders", "", "content/2019/07/02/a.md", "2019/07/02/a.md", "a", "2019-07-02",
		"", "", "" },
	{ "both dates", "", "2018/1/2/2019-07-02-a.md", "2018/1/2/2019-07-02-a.md", "a",
		"2019-07-02", "", "", "" },
	{ "no day", "", "2019/07/a.md", "2019/07/a.md", "a", "", "", "", "" },
	{ "no such day", "", "2019-02-30-a.md", "2019-02-30-a.md", "2019-02-30-a", "", "", "", "" },
	{ "nothing but a date", "", "2019-07-02.md", "2019-07-02.md", "2019-07-02", "2019-07-02",
		"", "", "" },
	{ "no date but digits", "", "2019-07-022-a.md", "2019-07-022-a.md", "2019-07-022-a", "", "",
		"", "" },
	{ "a language", "", "a.en.md", "a.en.md", "a", "", "en", "", "" },
	{ "a language and a country", "", "a.pt-BR.md", "a.pt-BR.md", "a", "", "pt-BR", "", "" },
	{ "no language", "", "node.js.md", "node.js.md", "node.js", "", "", "", "" },
	{ "a version", "", "2019-07-02-release-3.0.markdown", "2019-07-02-release-3.0.markdown",
		"release-3.0", "2019-07-02", "", "", "" },
	{ "results", "site/", "_site/2019/a.html", "_site/2019/a.html", "a", "", "", "", "x" },
	{ "packages", "site/", "x/node_modules/y/readme.md", "x/node_modules/y/readme.md", "readme",
		"", "", "", "x" },
	{ "a theme", "site/", "themes/t/content/a.md", "themes/t/content/a.md", "a", "", "", "",
		"x" },
	{ "results of Hugo", "site/", "public/a.html", "public/a.html", "a", "", "", "", "x" },
	{ "content that is called so", "site/", "content/public/a.md", "public/a.md", "a", "", "",
		"", "" },
	{ "a site within", "all/", "blog/_posts/2019-07-02-a.md", "blog/2019-07-02-a.md", "a",
		"2019-07-02", "", "blog/", "P" },
	{ "a site with a configuration", "all/", "docs/_posts/2019-07-02-a.md",
		"docs/2019-07-02-a.md", "a", "2019-07-02", "", "", "P" },
	{ "a category there", "all/", "docs/x/_posts/2019-07-02-a.md", "docs/x/2019-07-02-a.md",
		"a", "2019-07-02", "", "x/", "P" },
	{ "results there", "all/", "docs/public/a.md", "docs/public/a.md", "a", "", "", "", "x" },
	{ "Chinese", "", "_posts/2019-07-02-\xE4\xBD\xA0\xE5\xA5\xBD.md",
		"2019-07-02-\xE4\xBD\xA0\xE5\xA5\xBD.md", "\xE4\xBD\xA0\xE5\xA5\xBD", "2019-07-02",
		"", "", "P" },
	{ "no UTF-8", "", "\xE9.md", "~b4a0f2f0", "\xE9", "", "", "", "" },
	{ "no extension", "", "posts/LICENSE", "posts/LICENSE", "LICENSE", "", "", "", "" },
	{ "dots in folders", "", "a.b/c", "a.b/c", "c", "", "", "", "" },
	{ "an extension alone", "", "x/.md", "x/.md", "", "", "", "", "" },
};

static void read_case(size_t i, struct front_matter_path *ret)
{
	static const char configuration[] = "all/docs/_config.yml";
	char path[512];
	struct input_file files[2] = { { .path = (char *)configuration, .relative = 4 } };
	struct front_matter_sites sites;
	snprintf(path, sizeof path, "%s%s", cases[i].folder, cases[i].path);
	files[1] = (struct input_file){
		.path = path, .relative = strlen(cases[i].folder), .listed = true
	};
	front_matter_sites_find(files, 2, &sites);
	assert_true(sites.count == 1);
	assert_int_equal(sites.has_posts, strstr(cases[i].path, "_posts/") != NULL);
	front_matter_path_read(&files[1], &sites, ret);
	/* It is borrowed from the path. */
	static char folders[512];
	if (ret->category_folders.size > 0)
		memcpy(folders, ret->category_folders.data, ret->category_folders.size);
	ret->category_folders.data = (const uint8_t *)folders;
}

static void test_paths(void **state)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct front_matter_path path;
		char date[RFC3339_BYTES] = "";
		char marks[8] = "";
		read_case(i, &path);
		if (path.has_date)
			rfc3339_format(path.date_us, date);
		date[10 * path.has_date] = '\0';
		snprintf(marks, sizeof marks, "%s%s%s%s%s", path.in_posts ? "P" : "",
			path.in_drafts ? "D" : "", path.in_pages ? "p" : "",
			path.top_content ? "c" : "", path.left_out != NULL ? "x" : "");
		bool digest = cases[i].origin[0] == '~' && path.origin[0] == '~' &&
			      strlen(path.origin) == 33;
		if ((!digest && strcmp(path.origin, cases[i].origin) != 0) ||
			strcmp(path.stem, cases[i].stem) != 0 || strcmp(date, cases[i].date) != 0 ||
			strcmp(path.language, cases[i].language) != 0 ||
			!slice_equals(path.category_folders, slice_of_text(cases[i].categories)) ||
			strcmp(marks, cases[i].marks) != 0)
			fail_msg("%s: '%s' '%s' '%s' '%s' '%.*s' '%s'", cases[i].label, path.origin,
				path.stem, date, path.language, (int)path.category_folders.size,
				(const char *)path.category_folders.data, marks);
	}
}

/* Long paths stay apart and within the bound. */
static void test_long(void **state)
{
	static char path[2][3000];
	struct front_matter_path read[2];
	struct front_matter_sites sites = { .count = 0 };
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < 90; j++)
			strcat(path[i], "abcdefghij\xC3\xA9\xC3\xA9\xC3\xA9/");
		strcat(path[i], i == 0 ? "a.md" : "b.md");
		struct input_file file = { .path = path[i], .listed = true };
		front_matter_path_read(&file, &sites, &read[i]);
		assert_in_range(strlen(read[i].origin), 100, ORIGIN_BYTES_MAX);
		assert_memory_equal(read[i].origin, "abcdefghij", 10);
	}
	assert_string_not_equal(read[0].origin, read[1].origin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
