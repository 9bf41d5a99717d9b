#include "auth/tokens_file.h"
#include "base/buffer.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ID "0123456789ab"
#define ID2 "0123456789ac"
#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define TOKEN "lectern_" ID "_" HASH "01234567"
#define TWENTY "abcdefghijklmnopqrst"

static const struct {
	const char *text;
	size_t count;
} right[] = {
	{ "", 0 },
	{ "\n\n  \t\n# nobody\n#\n", 0 },
	{ "a read " ID " " HASH, 1 },
	{ "a read " ID " " HASH "\n", 1 },
	{ "  a\tread\t" ID "   " HASH "  \r\n", 1 },
	{ "\xEF\xBB\xBF"
	  "a admin " ID " " HASH "\n",
		1 },
	{ "A.b_c@d-9 write " ID " " HASH " 2027-01-31T00:00:00Z # of M\xC3\xBCller\n", 1 },
	{ "a write " ID " " HASH " #no blank behind it\nb read " ID2 " " HASH "\n", 2 },
	{ TWENTY TWENTY TWENTY "abcd read " ID " " HASH, 1 },
};

static void reads_tokens(void **state)
{
	for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
		struct tokens *tokens = NULL;
		struct error err = { .text = "" };
		enum code code = tokens_parse("f", slice_of_text(right[i].text), &tokens, &err);
		assert_string_equal(err.text, "");
		assert_int_equal(code, CODE_OK);
		assert_int_equal(tokens->count, right[i].count);
		tokens_free(tokens);
	}
}

#define MAKE "; make the line with lectern token create"
#define ID_WRONG "f:1: the third word must be the token's id, 12 digits of [0-9a-f]" MAKE
#define HASH_WRONG "f:1: the fourth word must be the token's hash, 64 digits of [0-9a-f]" MAKE
#define NAME_WRONG \
	"f:1: the name must be 1 to 64 of [A-Za-z0-9._@-] and begin with a letter or a digit"
#define IS_TOKEN \
	": here stands a token, or a name that begins like one; only its hash belongs here. Take " \
	"it for lost and make another with lectern token create"
#define TIME_WRONG \
	"f:1: the fifth word must be the time when the token expires, for example " \
	"2027-01-31T00:00:00Z; put a '#' before a comment"

static const struct {
	const char *text;
	const char *error;
} wrong[] = {
	{ "a", "f:1: must be NAME SCOPE ID HASH [EXPIRES]" MAKE },
	{ "\n# b\na read " ID, "f:3: must be NAME SCOPE ID HASH [EXPIRES]" MAKE },
	{ TOKEN, "f:1" IS_TOKEN },
	{ "a read " TOKEN, "f:1" IS_TOKEN },
	{ "a read " ID " " HASH " " TOKEN, "f:1" IS_TOKEN },
	{ "lectern_a read " ID " " HASH, "f:1" IS_TOKEN },
	{ "-a read " ID " " HASH, NAME_WRONG },
	{ "a/b read " ID " " HASH, NAME_WRONG },
	{ "\xC3\xA4 read " ID " " HASH, NAME_WRONG },
	{ TWENTY TWENTY TWENTY "abcde read " ID " " HASH, NAME_WRONG },
	{ "a Read " ID " " HASH, "f:1: the second word must be read, write or admin" },
	{ "a public " ID " " HASH, "f:1: the second word must be read, write or admin" },
	{ "a administrator " ID " " HASH, "f:1: the second word must be read, write or admin" },
	{ "a read 0123456789a " HASH, ID_WRONG },
	{ "a read 0123456789AB " HASH, ID_WRONG },
	{ "a read 0123456789abc " HASH, ID_WRONG },
	{ "a read " ID " " HASH "0", HASH_WRONG },
	{ "a read " ID " 0123", HASH_WRONG },
	{ "a read " ID " g0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
		HASH_WRONG },
	{ "a read " ID " " HASH " tomorrow", TIME_WRONG },
	{ "a read " ID " " HASH " 2027-01-31", TIME_WRONG },
	{ "a read " ID " " HASH " 2027-01-31T00:00:00Z of M",
		"f:1: there is more than NAME SCOPE ID HASH EXPIRES; put a '#' before a comment" },
	{ "a read " ID " " HASH "\na write " ID2 " " HASH,
		"f:2: the name 'a' is in line 1 already; give each token its own name" },
	{ "b read " ID " " HASH "\na write " ID " " HASH,
		"f:2: the id " ID " is in line 1 already; remove one of the two" },
	{ "# \xFF\n", "f:1: the line is not UTF-8 without NUL" },
};

static void says_what_is_wrong(void **state)
{
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct tokens *tokens = NULL;
		struct error err = { .text = "" };
		assert_int_equal(tokens_parse("f", slice_of_text(wrong[i].text), &tokens, &err),
			CODE_INVALID_ARGUMENT);
		assert_string_equal(err.text, wrong[i].error);
		assert_null(strstr(err.text, HASH));
		assert_null(tokens);
	}
}

static void gives_all_parts(void **state)
{
	static const char text[] = "z write " ID2 " " HASH " 2027-01-31T00:00:00Z #  of M \r\n"
				   "a read " ID " " HASH "\n";
	struct tokens *tokens = NULL;
	assert_int_equal(tokens_parse("f", slice_of_text(text), &tokens, NULL), CODE_OK);
	const struct token_entry *entry = tokens_find(tokens, ID2);
	assert_ptr_equal(entry, tokens_find_name(tokens, "z"));
	assert_string_equal(entry->name, "z");
	assert_int_equal(entry->scope, RPC_SCOPE_WRITE);
	assert_int_equal(entry->expires_us, INT64_C(1801353600000000));
	assert_string_equal(entry->comment, "of M");
	assert_int_equal(entry->line, 1);
	assert_int_equal(entry->hash[1], 0x11);
	entry = tokens_find(tokens, ID);
	assert_string_equal(entry->name, "a");
	assert_true(entry->expires_us == TOKEN_NEVER_EXPIRES);
	assert_string_equal(entry->comment, "");
	assert_null(tokens_find(tokens, "0123456789ad"));
	assert_null(tokens_find_name(tokens, "b"));
	tokens_free(tokens);
}

static void is_bounded(void **state)
{
	struct buffer text;
	struct tokens *tokens = NULL;
	struct error err;
	buffer_init(&text, 2 * TOKENS_FILE_BYTES);
	for (int i = 0; i < TOKENS_MAX; i++)
		buffer_printf(&text, "n%d read %012x " HASH "\n", i, i);
	assert_int_equal(tokens_parse("f", slice_of(text.data, text.size), &tokens, &err), CODE_OK);
	assert_int_equal(tokens->count, TOKENS_MAX);
	for (int i = 0; i < TOKENS_MAX; i++) {
		char id[TOKEN_ID_BYTES + 1];
		snprintf(id, sizeof id, "%012x", i);
		assert_string_equal(tokens_find(tokens, id)->id, id);
	}
	tokens_free(tokens);
	tokens = NULL;
	buffer_append_text(&text, "n read ffffffffffff " HASH "\n");
	assert_int_equal(tokens_parse("f", slice_of(text.data, text.size), &tokens, &err),
		CODE_INVALID_ARGUMENT);
	assert_string_equal(err.text, "f:1001: there are more than 1000 tokens; remove old ones");
	buffer_clear(&text);
	for (int i = 0; i <= TOKENS_LINE_BYTES; i++)
		buffer_append_char(&text, '#');
	assert_int_equal(tokens_parse("f", slice_of(text.data, text.size), &tokens, &err),
		CODE_INVALID_ARGUMENT);
	assert_string_equal(err.text, "f:1: the line has more than 1024 bytes");
	while (text.size <= TOKENS_FILE_BYTES)
		buffer_append_char(&text, '\n');
	assert_int_equal(tokens_parse("f", slice_of(text.data, text.size), &tokens, &err),
		CODE_INVALID_ARGUMENT);
	assert_string_equal(err.text, "f has more than 1048576 bytes");
	buffer_done(&text);
}

/* Who may write the file may do anything. */
static void looks_at_the_file(void **state)
{
	static const struct {
		mode_t mode;
		const char *text; /* NULL: fine */
	} modes[] = {
		{ 0600, NULL },
		{ 0644, NULL },
		{ 0440, NULL },
		{ 0620, "others than its owner may write it" },
		{ 0602, "others than its owner may write it" },
	};
	char path[] = "/tmp/lectern-tokens-XXXXXX";
	int descriptor = mkstemp(path);
	struct tokens *tokens = NULL;
	struct error err;
	assert_true(descriptor >= 0);
	close(descriptor);
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		chmod(path, modes[i].mode);
		enum code code = tokens_read(path, &tokens, &err);
		assert_int_equal(code, modes[i].text == NULL ? CODE_OK : CODE_FAILED_PRECONDITION);
		if (modes[i].text == NULL)
			tokens_free(tokens);
		else
			assert_non_null(strstr(err.text, modes[i].text));
	}
	chmod(path, 0600);
	if (geteuid() == 0 && chown(path, 12345, 12345) == 0) {
		assert_int_equal(tokens_read(path, &tokens, &err), CODE_FAILED_PRECONDITION);
		assert_non_null(strstr(err.text, "belongs to the user with the number 12345"));
	}
	assert_int_equal(truncate(path, TOKENS_FILE_BYTES + 1), 0);
	assert_int_not_equal(tokens_read(path, &tokens, &err), CODE_OK);
	unlink(path);
	assert_int_equal(tokens_read(path, &tokens, &err), CODE_NOT_FOUND);
	assert_non_null(strstr(err.text, "make it with lectern token create"));
	assert_int_equal(mkfifo(path, 0600), 0); /* that nobody writes to */
	assert_int_equal(tokens_read(path, &tokens, &err), CODE_FAILED_PRECONDITION);
	assert_non_null(strstr(err.text, "is no regular file"));
	unlink(path);
	assert_int_equal(tokens_read("/tmp", &tokens, &err), CODE_FAILED_PRECONDITION);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_tokens),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(gives_all_parts),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(looks_at_the_file),
	};
	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
