/* The search index takes at most half the bytes of the text that it indexes. */
#include "support/random.h"
#include "support/store_fixture.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "store/apply.h"
#include "store/env.h"
#include "store/search_index.h"
#include "store/store_private.h"

#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { BATCH = 64 };

/* A store that is being filled. */
struct filling {
	struct store_fixture fixture;
	struct analyzer *analyzer;
	struct arena arena;
	struct txn txn;
	uint64_t text_bytes;
	int posts;
};

static void begin(struct filling *filling)
{
	struct error err;
	assert_int_equal(
		txn_begin_write(&filling->fixture.store->env, &filling->txn, &err), CODE_OK);
}

static void commit(struct filling *filling)
{
	struct error err;
	if (txn_commit(&filling->txn, &err) != CODE_OK)
		fail_msg("%s", err.text);
}

static void start(struct filling *filling)
{
	*filling = (struct filling){ .analyzer = analyzer_new() };
	assert_non_null(filling->analyzer);
	arena_init(&filling->arena, LIMIT_ARENA_BYTES);
	store_fixture_open(&filling->fixture, 0);
	begin(filling);
}

/* A public post; the text has no characters that html would have to escape. */
static void add_post(struct filling *filling, char *title, char *text)
{
	Lectern__Store__V1__Command command = LECTERN__STORE__V1__COMMAND__INIT;
	Lectern__Store__V1__PutPost op = LECTERN__STORE__V1__PUT_POST__INIT;
	Lectern__V1__Post post = LECTERN__V1__POST__INIT;
	struct apply_result result;
	struct error err;
	char slug[32];
	snprintf(slug, sizeof slug, "post-%d", filling->posts);
	post.title = title;
	post.html = text;
	post.language = (char[]){ "en" };
	post.state = LECTERN__V1__POST_STATE__POST_STATE_PUBLISHED;
	op.post = &post;
	op.field_mask = UINT64_MAX;
	op.slug_base = slug;
	command.time_us = 1 + filling->posts;
	command.operation_case = LECTERN__STORE__V1__COMMAND__OPERATION_PUT_POST;
	command.put_post = &op;
	arena_reset(&filling->arena);
	if (apply_command(&filling->txn, &filling->arena, filling->analyzer, NULL, &command,
		    &result, &err) != CODE_OK)
		fail_msg("%s", err.text);
	filling->text_bytes += strlen(title) + strlen(text);
	if (++filling->posts % BATCH == 0) {
		commit(filling);
		begin(filling);
	}
}

/* Of the records, without what pages round them up to. */
static uint64_t positions_bytes(struct txn *txn)
{
	struct walk walk;
	uint64_t bytes = 0;
	walk_start(&walk, txn, TABLE_POSITIONS, slice_of(NULL, 0));
	while (walk_next(&walk))
		bytes += walk.value.size;
	walk_end(&walk);
	return bytes;
}

static void assert_small(struct filling *filling)
{
	struct txn *txn;
	struct error err;
	arena_reset(&filling->arena);
	search_index_merge(&filling->txn, &filling->arena);
	commit(filling);
	store_fixture_assert_sound(&filling->fixture);
	assert_int_equal(store_snapshot(filling->fixture.store, &txn, &err), CODE_OK);
	uint64_t index_bytes =
		txn_table_bytes(txn, TABLE_SEARCH) + txn_table_bytes(txn, TABLE_LENGTH);
	uint64_t positions = positions_bytes(txn);
	store_release(filling->fixture.store, txn);
	print_message("%d posts of %" PRIu64 " bytes, index of %" PRIu64
		      " bytes: %.2f, positions of %" PRIu64 " bytes: %.2f\n",
		filling->posts, filling->text_bytes, index_bytes,
		(double)index_bytes / (double)filling->text_bytes, positions,
		(double)positions / (double)filling->text_bytes);
	assert_true(index_bytes * 2 <= filling->text_bytes);
	assert_true(positions * 10 <= filling->text_bytes * 9);
	store_fixture_close(&filling->fixture);
	arena_done(&filling->arena);
	analyzer_free(filling->analyzer);
}

/* Words as frequent as Zipf's law has it: the n-th one n times rarer than the first. */
static void append_word(struct random *random, struct buffer *text)
{
	enum { DOUBLINGS = 13 };
	uint64_t below = UINT64_C(1) << (1 + random_below(random, DOUBLINGS));
	uint64_t rank = below / 2 + random_below(random, below / 2);
	/* Five letters and more, from the rank alone. */
	struct random letters = { .state = rank };
	for (size_t i = 0; i < 4 + rank % 5; i++)
		buffer_append_char(text, (char)('a' + random_below(&letters, 26)));
	buffer_append_char(text, ' ');
}

static void the_index_of_made_up_posts_is_small(void **state)
{
	static struct filling filling;
	struct random random = random_start();
	struct buffer title;
	struct buffer text;
	buffer_init(&title, LIMIT_TITLE_BYTES);
	buffer_init(&text, LIMIT_BODY_BYTES);
	start(&filling);
	for (int i = 0; i < 500; i++) {
		uint64_t words = 200 + random_below(&random, 1200);
		buffer_clear(&title);
		buffer_clear(&text);
		for (int word = 0; word < 6; word++)
			append_word(&random, &title);
		for (uint64_t word = 0; word < words; word++)
			append_word(&random, &text);
		add_post(&filling, buffer_text(&title), buffer_text(&text));
	}
	assert_small(&filling);
	buffer_done(&title);
	buffer_done(&text);
}

/* The Markdown source of a post in a file, as a text of its own. */
static void add_file(struct filling *filling, const char *path)
{
	struct buffer text;
	char line[65536];
	char title[LIMIT_TITLE_BYTES] = "";
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	buffer_init(&text, LIMIT_BODY_BYTES);
	int rules = 0; /* the front matter stands between two */
	while (fgets(line, sizeof line, file) != NULL) {
		if (rules < 2 && strcmp(line, "---\n") == 0)
			rules++;
		else if (rules == 1 && strncmp(line, "title: ", 7) == 0)
			snprintf(title, sizeof title, "%.1000s", line + 7);
		else if (rules != 1)
			buffer_append_text(&text, line);
	}
	fclose(file);
	buffer_append_char(&text, '\n');
	for (char *c = buffer_text(&text); c != NULL && *c != '\0'; c++)
		if (*c == '<' || *c == '&')
			*c = ' ';
	assert_false(text.overflow);
	add_post(filling, title, buffer_text(&text));
	buffer_done(&text);
}

static void the_index_of_the_18f_posts_is_small(void **state)
{
	static struct filling filling;
	char pattern[512];
	glob_t files;
	const char *source = getenv("LECTERN_SOURCE");
	snprintf(pattern, sizeof pattern, "%s/../shared/data/18f/*.md",
		source == NULL ? "." : source);
	if (glob(pattern, 0, NULL, &files) != 0) {
		print_message("no posts in %s\n", pattern);
		skip();
	}
	start(&filling);
	for (size_t i = 0; i < files.gl_pathc; i++)
		add_file(&filling, files.gl_pathv[i]);
	globfree(&files);
	assert_small(&filling);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_index_of_made_up_posts_is_small),
		cmocka_unit_test(the_index_of_the_18f_posts_is_small),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
