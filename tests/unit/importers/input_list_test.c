#include "importers/input.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[64];

static const char *path_of(const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];
	snprintf(path, 256, "%s%s%s", root, *name == '\0' ? "" : "/", name);
	return path;
}

static void write_file(const char *name)
{
	FILE *file = fopen(path_of(name), "w");
	assert_non_null(file);
	fputs("text", file);
	fclose(file);
}

static int set_up(void **state)
{
	snprintf(root, sizeof root, "/tmp/lectern-list-XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	mkdir(path_of("b"), 0700);
	mkdir(path_of("b/deep"), 0700);
	mkdir(path_of(".git"), 0700);
	write_file("a.md");
	write_file("c.md");
	write_file(".hidden");
	write_file("b/2.md");
	write_file("b/10.md");
	write_file("b/deep/x.md");
	write_file(".git/config");
	return symlink("..", path_of("b/up")) == 0 && symlink("nowhere", path_of("d.md")) == 0 &&
			       symlink("../a.md", path_of("b/link.md")) == 0 &&
			       mkfifo(path_of("pipe"), 0600) == 0
		       ? 0
		       : -1;
}

static int tear_down(void **state)
{
	char command[128];
	snprintf(command, sizeof command, "rm -r '%s'", root);
	return system(command);
}

/* "relative/path:size" of each, in order. */
static void list(const char *const *paths, size_t count, const char *want)
{
	struct input_files files;
	char got[1024] = "";
	assert_int_equal(input_list(paths, count, &files, NULL), CODE_OK);
	for (size_t i = 0; i < files.count; i++) {
		const struct input_file *file = &files.files[i];
		size_t used = strlen(got);
		snprintf(got + used, sizeof got - used, "%s:%ju%s%s ", file->path + file->relative,
			(uintmax_t)file->size_bytes, file->listed ? "" : " named",
			file->error != 0 ? " unreadable" : "");
	}
	assert_string_equal(got, want);
	input_files_done(&files);
}

/* Folders are walked in the order of names; hidden files, pipes and cycles are left out. */
static void folders_are_walked(void **state)
{
	static const char want[] = "a.md:4 b/10.md:4 b/2.md:4 b/deep/x.md:4 b/link.md:4 c.md:4 "
				   "d.md:0 unreadable ";
	list((const char *const[]){ root }, 1, want);
	char slashes[80];
	snprintf(slashes, sizeof slashes, "%s///", root);
	list((const char *const[]){ slashes }, 1, want);
}

static void files_are_taken_as_named(void **state)
{
	list((const char *const[]){ path_of("b/2.md"), path_of("b/deep"), path_of(".hidden") }, 3,
		"2.md:4 named x.md:4 .hidden:4 named ");
	list((const char *const[]){ "-" }, 1, "-:0 named ");
}

static void what_is_not_there_is_an_error(void **state)
{
	struct input_files files;
	struct error err;
	const char *paths[] = { path_of("a.md"), path_of("missing") };
	assert_int_equal(input_list(paths, 2, &files, &err), CODE_NOT_FOUND);
	assert_non_null(strstr(err.text, "missing': No such file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folders_are_walked),
		cmocka_unit_test(files_are_taken_as_named),
		cmocka_unit_test(what_is_not_there_is_an_error),
	};
	return cmocka_run_group_tests_name("input_list", tests, set_up, tear_down);
}
