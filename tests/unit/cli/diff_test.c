/* Unified diffs: their form, that they turn one text into the other, that they are short. */
#include "cli/diff.h"

#include "cli/unified.h"
#include "support/random.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { OUT_BYTES_MAX = 256 * 1024 * 1024 };

static const struct screen plain = { .columns = 80 };
static const struct screen colourful = { .columns = 80, .terminal = true, .colour = true };

static void print_diff(
	struct buffer *out, const struct screen *screen, struct slice from, struct slice to)
{
	struct diff diff;
	assert_true(diff_init(&diff, from, to));
	unified_append(out, screen, &diff, "old", "new");
	diff_done(&diff);
	assert_false(out->overflow);
}

static const struct {
	const char *label, *from, *to;
	const struct screen *screen;
	const char *want; /* behind the two lines of the head; "" for nothing at all */
} cases[] = {
	{ "equal", "a\nb\n", "a\nb\n", &plain, "" },
	{ "both empty", "", "", &plain, "" },
	{ "from nothing", "", "a\nb\n", &plain, "@@ -0,0 +1,2 @@\n+a\n+b\n" },
	{ "to nothing", "a\n", "", &plain, "@@ -1 +0,0 @@\n-a\n" },
	{ "one line", "a\n", "b\n", &plain, "@@ -1 +1 @@\n-a\n+b\n" },
	{ "context", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n", &plain,
		"@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n" },
	{ "contexts that touch", "a\n1\n2\n3\n4\n5\n6\nb\n", "1\n2\n3\n4\n5\n6\n", &plain,
		"@@ -1,8 +1,6 @@\n-a\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n" },
	{ "contexts apart", "a\n1\n2\n3\n4\n5\n6\n7\nb\n", "1\n2\n3\n4\n5\n6\n7\n", &plain,
		"@@ -1,4 +1,3 @@\n-a\n 1\n 2\n 3\n@@ -6,4 +5,3 @@\n 5\n 6\n 7\n-b\n" },
	{ "no newline in the old text", "a\nb", "a\nb\n", &plain,
		"@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n" },
	{ "no newline in the new text", "a\nb\n", "a\nc", &plain,
		"@@ -1,2 +1,2 @@\n a\n-b\n+c\n\\ No newline at end of file\n" },
	{ "no newline in the context", "a\nb", "c\nb", &plain,
		"@@ -1,2 +1,2 @@\n-a\n+c\n b\n\\ No newline at end of file\n" },
	{ "a paragraph slides down", "A\n\nB\n\nC\n", "A\n\nB\n\nnew\n\nC\n", &plain,
		"@@ -2,4 +2,6 @@\n \n B\n \n+new\n+\n C\n" },
	{ "a removed one, too", "A\n\nB\n\nold\n\nC\n", "A\n\nB\n\nC\n", &plain,
		"@@ -2,6 +2,4 @@\n \n B\n \n-old\n-\n C\n" },
	{ "changes behind one that slides", "a\nx\nb\nc\nd\n", "a\nx\nx\nb\nC\nd\ne\n", &plain,
		"@@ -1,5 +1,7 @@\n a\n x\n+x\n b\n-c\n+C\n d\n+e\n" },
	{ "bytes as they are", "a\x1b\r\n", "\tb\xff\n", &plain,
		"@@ -1 +1 @@\n-a\x1b\r\n+\tb\xff\n" },
	{ "a terminal", "same\na\x1b[2J\r\n", "same\n\tb\xff\n", &colourful,
		"\x1b[1;36m@@ -1,2 +1,2 @@\x1b[0m\n same\n\x1b[31m-a^[[2J^M\x1b[0m\n"
		"\x1b[32m+\tb\xEF\xBF\xBD\x1b[0m\n" },
};

static void test_form(void **state)
{
	int wrong = 0;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer out;
		struct buffer want;
		bool colour = cases[i].screen->colour;
		buffer_init(&out, OUT_BYTES_MAX);
		buffer_init(&want, OUT_BYTES_MAX);
		if (cases[i].want[0] != '\0')
			buffer_append_text(
				&want, colour ? "\x1b[1m--- old\x1b[0m\n\x1b[1m+++ new\x1b[0m\n"
					      : "--- old\n+++ new\n");
		buffer_append_text(&want, cases[i].want);
		print_diff(&out, cases[i].screen, slice_of_text(cases[i].from),
			slice_of_text(cases[i].to));
		if (!slice_equals(slice_of(out.data, out.size), slice_of(want.data, want.size))) {
			print_error("%s:\n%s", cases[i].label, buffer_text(&out));
			wrong++;
		}
		buffer_done(&out);
		buffer_done(&want);
	}
	assert_int_equal(wrong, 0);
}

/* Takes the next line off a text, with its newline. */
static struct slice take_line(struct slice *text)
{
	const uint8_t *newline = text->size == 0 ? NULL : memchr(text->data, '\n', text->size);
	size_t size = newline == NULL ? text->size : (size_t)(newline - text->data) + 1;
	struct slice line = slice_of(text->data, size);
	*text = slice_of(text->data + size, text->size - size);
	return line;
}

/* What a unified diff makes of a text, by another hand than that which made the diff. Counts its
 * changed lines. */
static bool apply(struct slice text, struct slice diff, struct buffer *out, size_t *ret_changed)
{
	size_t at = 0; /* lines of the text that are used up */
	*ret_changed = 0;
	if (diff.size > 0) {
		take_line(&diff);
		take_line(&diff);
	}
	while (diff.size > 0) {
		struct slice line = take_line(&diff);
		if (line.data[0] == '@') {
			char head[80];
			unsigned long start = 0;
			snprintf(
				head, sizeof head, "%.*s", (int)line.size, (const char *)line.data);
			assert_int_equal(sscanf(head, "@@ -%lu", &start), 1);
			bool none = strstr(head, ",0 +") != NULL;
			for (size_t skip = none ? start : start - 1; at < skip; at++) {
				struct slice kept = take_line(&text);
				buffer_append(out, kept.data, kept.size);
			}
			continue;
		}
		char sign = (char)line.data[0];
		line = slice_of(line.data + 1, line.size - 1);
		if (diff.size > 0 && diff.data[0] == '\\') {
			take_line(&diff);
			line.size--;
		}
		*ret_changed += sign != ' ';
		if (sign != '+') {
			struct slice old = take_line(&text);
			if (!slice_equals(old, line))
				return false;
			at++;
		}
		if (sign != '-')
			buffer_append(out, line.data, line.size);
	}
	buffer_append(out, text.data, text.size);
	return true;
}

/* Checks that the diff is right; returns how many lines it changes. */
static size_t check(struct slice from, struct slice to)
{
	struct buffer diff;
	struct buffer made;
	size_t changed;
	buffer_init(&diff, OUT_BYTES_MAX);
	buffer_init(&made, OUT_BYTES_MAX);
	print_diff(&diff, &plain, from, to);
	assert_true(apply(from, slice_of(diff.data, diff.size), &made, &changed));
	assert_true(slice_equals(slice_of(made.data, made.size), to));
	buffer_done(&diff);
	buffer_done(&made);
	return changed;
}

/* The fewest lines that have to change, from the longest common subsequence by its definition. */
static size_t fewest_changes(struct slice from, struct slice to)
{
	enum { LINES_MAX = 128 };
	static size_t common[LINES_MAX + 1][LINES_MAX + 1];
	struct slice old[LINES_MAX], new[LINES_MAX];
	size_t old_count = 0, new_count = 0;
	while (from.size > 0)
		old[old_count++] = take_line(&from);
	while (to.size > 0)
		new[new_count++] = take_line(&to);
	for (size_t i = 1; i <= old_count; i++) {
		for (size_t j = 1; j <= new_count; j++) {
			size_t more = common[i - 1][j] > common[i][j - 1] ? common[i - 1][j]
									  : common[i][j - 1];
			common[i][j] = slice_equals(old[i - 1], new[j - 1])
					       ? common[i - 1][j - 1] + 1
					       : more;
		}
	}
	return old_count + new_count - 2 * common[old_count][new_count];
}

/* Lines of few kinds, so that many are equal. */
static void random_text(
	struct random *random, struct buffer *text, unsigned lines_max, unsigned kinds)
{
	unsigned lines = (unsigned)random_below(random, lines_max + 1);
	for (unsigned i = 0; i < lines; i++) {
		unsigned kind = (unsigned)random_below(random, kinds);
		if (kind > 0)
			buffer_printf(text, "line %u", kind);
		if (i + 1 < lines || random_below(random, 4) > 0)
			buffer_append_char(text, '\n');
	}
}

/* The text with some lines removed, added and changed. */
static void edited_text(
	struct random *random, struct slice from, struct buffer *text, unsigned every)
{
	while (from.size > 0) {
		struct slice line = take_line(&from);
		unsigned action = (unsigned)random_below(random, every);
		if (action == 0)
			continue;
		if (action == 1)
			buffer_printf(text, "line %u\n", (unsigned)random_below(random, 9));
		buffer_append(text, line.data, line.size);
	}
}

struct pair {
	struct buffer from, to;
};

static void pair_init(struct pair *pair, struct random *random, unsigned lines_max)
{
	unsigned kinds = 1 + (unsigned)random_below(random, 12);
	buffer_init(&pair->from, OUT_BYTES_MAX);
	buffer_init(&pair->to, OUT_BYTES_MAX);
	random_text(random, &pair->from, lines_max, kinds);
	if (random_below(random, 2) == 0)
		random_text(random, &pair->to, lines_max, kinds);
	else
		edited_text(random, slice_of(pair->from.data, pair->from.size), &pair->to,
			2 + (unsigned)random_below(random, 20));
}

static struct slice all(const struct buffer *buffer)
{
	return slice_of(buffer->data, buffer->size);
}

static void pair_done(struct pair *pair)
{
	buffer_done(&pair->from);
	buffer_done(&pair->to);
}

static void test_random(void **state)
{
	struct random random = random_start();
	for (int i = 0; i < 3000; i++) {
		struct pair pair;
		pair_init(&pair, &random, 60);
		size_t changed = check(all(&pair.from), all(&pair.to));
		assert_int_equal(changed, fewest_changes(all(&pair.from), all(&pair.to)));
		pair_done(&pair);
	}
}

static void write_file(const char *directory, const char *name, struct slice bytes)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", directory, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	if (bytes.size > 0)
		assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
	fclose(file);
}

/* patch(1) of the system and an empty environment of its own. */
static int run_patch(const char *directory)
{
	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		if (chdir(directory) == 0)
			execlp("patch", "patch", "-s", "--binary", "-o", "made", "old", "diff",
				(char *)NULL);
		_exit(errno == ENOENT ? 77 : 126);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void read_file(const char *directory, const char *name, struct buffer *out)
{
	char path[128];
	char piece[4096];
	size_t size;
	snprintf(path, sizeof path, "%s/%s", directory, name);
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while ((size = fread(piece, 1, sizeof piece, file)) > 0)
		buffer_append(out, piece, size);
	fclose(file);
}

static void remove_directory(const char *directory)
{
	static const char *const names[] = { "old", "diff", "made", "made.rej" };
	char path[128];
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "%s/%s", directory, names[i]);
		unlink(path);
	}
	rmdir(directory);
}

static void test_patch(void **state)
{
	char directory[] = "/tmp/lectern-test-XXXXXX";
	struct random random = random_start();
	assert_non_null(mkdtemp(directory));
	int status = 0;
	for (int i = 0; status == 0 && i < 60; i++) {
		struct pair pair;
		struct buffer diff;
		struct buffer made;
		buffer_init(&diff, OUT_BYTES_MAX);
		buffer_init(&made, OUT_BYTES_MAX);
		pair_init(&pair, &random, 200);
		print_diff(&diff, &plain, all(&pair.from), all(&pair.to));
		write_file(directory, "old", all(&pair.from));
		write_file(directory, "diff", all(&diff));
		status = run_patch(directory);
		if (status == 0 && diff.size > 0) {
			read_file(directory, "made", &made);
			assert_true(slice_equals(all(&made), all(&pair.to)));
		}
		buffer_done(&diff);
		buffer_done(&made);
		pair_done(&pair);
	}
	remove_directory(directory);
	if (status == 77) {
		print_message("not tried with patch: it is not installed\n");
		skip();
	}
	assert_int_equal(status, 0);
}

/* Long texts whose fewest changes would take too long to find: an answer comes, and it is right. */
static void test_too_much(void **state)
{
	enum { LINES = 200 * 1000 };
	struct random random = random_start();
	struct buffer texts[2];
	size_t lines = 0;
	for (int i = 0; i < 2; i++) {
		buffer_init(&texts[i], OUT_BYTES_MAX);
		for (int line = 0; line < LINES; line++)
			buffer_append_text(&texts[i], random_below(&random, 2) ? "a\n" : "b\n");
		lines += LINES;
	}
	/* Two random texts of two kinds have about four fifths of their lines in common. */
	assert_in_range(check(all(&texts[0]), all(&texts[1])), lines / 10, lines / 2);
	for (int i = 0; i < 2; i++)
		buffer_done(&texts[i]);
}

/* As large as bodies get: nothing but line ends, and nothing in common. */
static void test_large(void **state)
{
	enum { BYTES = 4 * 1024 * 1024 };
	struct buffer from;
	struct buffer to;
	buffer_init(&from, OUT_BYTES_MAX);
	buffer_init(&to, OUT_BYTES_MAX);
	for (int i = 0; i < BYTES; i++) {
		buffer_append_char(&from, '\n');
		if (i % 2 == 0)
			buffer_append_text(&to, "x\n");
	}
	assert_int_equal(check(all(&from), all(&to)), BYTES + BYTES / 2);
	from.data[BYTES / 2] = 'x';
	assert_int_equal(check(all(&from), slice_of(from.data, BYTES / 2)), BYTES / 2 - 1);
	buffer_done(&from);
	buffer_done(&to);
}

static void test_refused(void **state)
{
	struct diff diff;
	static const uint8_t byte;
	assert_false(diff_init(
		&diff, slice_of(&byte, (size_t)DIFF_TEXT_BYTES_MAX + 1), slice_of_text("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_patch),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
