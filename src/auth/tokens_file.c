#include "auth/tokens_file.h"

#include "base/buffer.h"
#include "base/rfc3339.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME, SCOPE, ID, HASH, EXPIRES, FIELDS_MAX };

/* One line, and where it is for errors. */
struct line {
	const char *file;
	unsigned number;
	struct slice fields[FIELDS_MAX];
	size_t count;
	struct slice comment;
};

static void close_file(int *file)
{
	if (*file >= 0)
		close(*file);
}

static void free_tokens(struct tokens **tokens)
{
	tokens_free(*tokens);
}

void tokens_free(struct tokens *tokens)
{
	if (tokens == NULL)
		return;
	free(tokens->entries);
	free(tokens);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool token_name_is_valid(const char *name)
{
	size_t size = strlen(name);
	if (size == 0 || size > LIMIT_PRINCIPAL_BYTES || !is_alphanumeric(name[0]) ||
		strncmp(name, TOKEN_PREFIX, TOKEN_PREFIX_BYTES) == 0)
		return false;
	for (size_t i = 0; i < size; i++)
		if (!is_alphanumeric(name[i]) && strchr("._@-", name[i]) == NULL)
			return false;
	return true;
}

const char *token_scope_name(enum rpc_scope scope)
{
	switch (scope) {
	case RPC_SCOPE_BY_ACCESS:
	case RPC_SCOPE_PUBLIC:
		break;
	case RPC_SCOPE_READ:
		return "read";
	case RPC_SCOPE_WRITE:
		return "write";
	case RPC_SCOPE_ADMIN:
		return "admin";
	}
	return "public";
}

bool token_scope_parse(const char *name, enum rpc_scope *ret)
{
	for (enum rpc_scope scope = RPC_SCOPE_READ; scope <= RPC_SCOPE_ADMIN; scope++) {
		if (strcmp(name, token_scope_name(scope)) == 0) {
			*ret = scope;
			return true;
		}
	}
	return false;
}

static enum code refuse(const struct line *line, struct error *err, const char *what)
{
	return fail(err, CODE_INVALID_ARGUMENT, "%s:%u: %s", line->file, line->number, what);
}

/* Cuts the line at blanks; what is behind a '#' that begins a word is the comment. */
static enum code split(struct slice text, struct line *line, struct error *err)
{
	size_t at = 0;
	line->count = 0;
	line->comment = slice_of(NULL, 0);
	for (;;) {
		while (at < text.size && is_blank(text.data[at]))
			at++;
		if (at == text.size)
			return CODE_OK;
		if (text.data[at] == '#') {
			line->comment = slice_of(text.data + at + 1, text.size - at - 1);
			return CODE_OK;
		}
		size_t start = at;
		while (at < text.size && !is_blank(text.data[at]))
			at++;
		if (line->count == FIELDS_MAX)
			return refuse(line, err,
				"there is more than NAME SCOPE ID HASH EXPIRES; put a '#' before a "
				"comment");
		line->fields[line->count++] = slice_of(text.data + start, at - start);
	}
}

static void take_comment(struct slice comment, char out[TOKENS_COMMENT_BYTES + 1])
{
	while (comment.size > 0 && is_blank(comment.data[0]))
		comment = slice_of(comment.data + 1, comment.size - 1);
	while (comment.size > 0 && is_blank(comment.data[comment.size - 1]))
		comment.size--;
	size_t size = text_cut(comment, TOKENS_COMMENT_BYTES);
	if (size > 0)
		memcpy(out, comment.data, size);
	out[size] = '\0';
}

/* Copies a field as text; false if it does not fit. */
static bool copy(struct slice field, char *out, size_t capacity)
{
	if (field.size >= capacity)
		return false;
	memcpy(out, field.data, field.size);
	out[field.size] = '\0';
	return true;
}

/* So many hexadecimal digits, in lower case. */
static bool is_hex(struct slice field, size_t digits)
{
	for (size_t i = 0; i < field.size; i++)
		if (memchr("0123456789abcdef", field.data[i], 16) == NULL)
			return false;
	return field.size == digits;
}

static enum code read_hash(const struct line *line, struct token_entry *entry, struct error *err)
{
	if (!is_hex(line->fields[ID], TOKEN_ID_BYTES))
		return refuse(line, err,
			"the third word must be the token's id, 12 digits of [0-9a-f]; make the "
			"line with lectern token create");
	if (!is_hex(line->fields[HASH], 2 * TOKEN_HASH_BYTES))
		return refuse(line, err,
			"the fourth word must be the token's hash, 64 digits of [0-9a-f]; make the "
			"line with lectern token create");
	copy(line->fields[ID], entry->id, sizeof entry->id);
	sodium_hex2bin(entry->hash, sizeof entry->hash, (const char *)line->fields[HASH].data,
		line->fields[HASH].size, NULL, NULL, NULL);
	return CODE_OK;
}

static enum code read_entry(const struct line *line, struct token_entry *entry, struct error *err)
{
	char scope[8];
	for (size_t i = 0; i < line->count; i++)
		if (line->fields[i].size >= TOKEN_PREFIX_BYTES &&
			memcmp(line->fields[i].data, TOKEN_PREFIX, TOKEN_PREFIX_BYTES) == 0)
			return refuse(line, err,
				"here stands a token, or a name that begins like one; only its "
				"hash "
				"belongs here. Take it for lost and make another with lectern "
				"token "
				"create");
	if (line->count < EXPIRES)
		return refuse(line, err,
			"must be NAME SCOPE ID HASH [EXPIRES]; make the line with lectern token "
			"create");
	if (!copy(line->fields[NAME], entry->name, sizeof entry->name) ||
		!token_name_is_valid(entry->name))
		return refuse(line, err,
			"the name must be 1 to 64 of [A-Za-z0-9._@-] and begin with a letter or a "
			"digit");
	if (!copy(line->fields[SCOPE], scope, sizeof scope) ||
		!token_scope_parse(scope, &entry->scope))
		return refuse(line, err, "the second word must be read, write or admin");
	enum code code = read_hash(line, entry, err);
	if (code != CODE_OK)
		return code;
	entry->expires_us = TOKEN_NEVER_EXPIRES;
	if (line->count > EXPIRES && !rfc3339_parse(line->fields[EXPIRES], &entry->expires_us))
		return refuse(line, err,
			"the fifth word must be the time when the token expires, for example "
			"2027-01-31T00:00:00Z; put a '#' before a comment");
	take_comment(line->comment, entry->comment);
	entry->line = line->number;
	return CODE_OK;
}

static enum code add_line(
	struct tokens *tokens, struct line *line, struct slice text, struct error *err)
{
	if (text.size > TOKENS_LINE_BYTES)
		return refuse(line, err, "the line has more than 1024 bytes");
	if (text_find_invalid(text) != text.size)
		return refuse(line, err, "the line is not UTF-8 without NUL");
	enum code code = split(text, line, err);
	if (code != CODE_OK || line->count == 0)
		return code;
	if (tokens->count == TOKENS_MAX)
		return refuse(line, err, "there are more than 1000 tokens; remove old ones");
	code = read_entry(line, &tokens->entries[tokens->count], err);
	tokens->count += code == CODE_OK;
	return code;
}

static int order_by_id(const void *a, const void *b)
{
	const struct token_entry *first = a;
	const struct token_entry *second = b;
	int order = memcmp(first->id, second->id, TOKEN_ID_BYTES);
	return order != 0 ? order : (first->line > second->line) - (first->line < second->line);
}

static int order_by_name(const void *a, const void *b)
{
	const struct token_entry *first = a;
	const struct token_entry *second = b;
	int order = strcmp(first->name, second->name);
	return order != 0 ? order : (first->line > second->line) - (first->line < second->line);
}

static enum code check_twice(const char *file, struct tokens *tokens, struct error *err)
{
	struct token_entry *entries = tokens->entries;
	qsort(entries, tokens->count, sizeof *entries, order_by_name);
	for (size_t i = 1; i < tokens->count; i++)
		if (strcmp(entries[i - 1].name, entries[i].name) == 0)
			return fail(err, CODE_INVALID_ARGUMENT,
				"%s:%u: the name '%s' is in line %u already; give each token its "
				"own name",
				file, entries[i].line, entries[i].name, entries[i - 1].line);
	qsort(entries, tokens->count, sizeof *entries, order_by_id);
	for (size_t i = 1; i < tokens->count; i++)
		if (memcmp(entries[i - 1].id, entries[i].id, TOKEN_ID_BYTES) == 0)
			return fail(err, CODE_INVALID_ARGUMENT,
				"%s:%u: the id %s is in line %u already; remove one of the two",
				file, entries[i].line, entries[i].id, entries[i - 1].line);
	return CODE_OK;
}

static size_t count_lines(struct slice text)
{
	size_t lines = 1;
	for (size_t i = 0; i < text.size; i++)
		lines += text.data[i] == '\n';
	return lines < TOKENS_MAX ? lines : TOKENS_MAX;
}

enum code tokens_parse(const char *file, struct slice text, struct tokens **ret, struct error *err)
{
	static const uint8_t mark[] = { 0xEF, 0xBB, 0xBF };
	AUTO(free_tokens) struct tokens *tokens = calloc(1, sizeof *tokens);
	if (tokens != NULL)
		tokens->entries = calloc(count_lines(text), sizeof *tokens->entries);
	if (tokens == NULL || tokens->entries == NULL)
		return fail(err, CODE_RESOURCE_EXHAUSTED, "read %s: out of memory", file);
	if (text.size > TOKENS_FILE_BYTES)
		return fail(err, CODE_INVALID_ARGUMENT, "%s has more than %d bytes", file,
			TOKENS_FILE_BYTES);
	struct line line = { .file = file };
	if (text.size >= sizeof mark && memcmp(text.data, mark, sizeof mark) == 0)
		text = slice_of(text.data + sizeof mark, text.size - sizeof mark);
	while (text.size > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.size);
		size_t size = end == NULL ? text.size : (size_t)(end - text.data);
		line.number++;
		enum code code = add_line(tokens, &line, slice_of(text.data, size), err);
		if (code != CODE_OK)
			return code;
		size += end != NULL;
		text = slice_of(text.data + size, text.size - size);
	}
	enum code code = check_twice(file, tokens, err);
	if (code != CODE_OK)
		return code;
	*ret = tokens;
	tokens = NULL; /* the caller owns it now */
	return CODE_OK;
}

static enum code check_file(const char *file, const struct stat *info, struct error *err)
{
	if (!S_ISREG(info->st_mode))
		return fail(
			err, CODE_FAILED_PRECONDITION, "tokens file %s: is no regular file", file);
	if (info->st_size > TOKENS_FILE_BYTES)
		return fail(err, CODE_INVALID_ARGUMENT,
			"tokens file %s: has more than %d bytes; it is another file, or remove old "
			"tokens",
			file, TOKENS_FILE_BYTES);
	return CODE_OK;
}

static enum code check_writers(const char *file, const struct stat *info, struct error *err)
{
	if ((info->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return fail(err, CODE_FAILED_PRECONDITION,
			"tokens file %s: others than its owner may write it, and so give "
			"themselves "
			"any right; run chmod go-w on it",
			file);
	if (info->st_uid != 0 && info->st_uid != geteuid())
		return fail(err, CODE_FAILED_PRECONDITION,
			"tokens file %s: belongs to the user with the number %u, who can give "
			"anybody any right; let it belong to root or to the user %u, who reads it",
			file, (unsigned)info->st_uid, (unsigned)geteuid());
	return CODE_OK;
}

static enum code read_all(
	const char *file, int descriptor, char **ret_text, size_t *ret_size, struct error *err)
{
	struct buffer text;
	char chunk[4096];
	ssize_t size;
	buffer_init(&text, TOKENS_FILE_BYTES);
	while ((size = read(descriptor, chunk, sizeof chunk)) > 0)
		buffer_append(&text, chunk, (size_t)size);
	int number = errno;
	if (size == 0 && !text.overflow)
		*ret_text = buffer_take(&text, ret_size);
	else
		*ret_text = NULL;
	buffer_done(&text);
	if (*ret_text != NULL)
		return CODE_OK;
	return fail(err, CODE_FAILED_PRECONDITION, "tokens file %s: %s", file,
		size < 0 ? strerror(number) : "it grows while it is read, or memory is short");
}

enum code tokens_load(
	const char *file, bool trusted, char **ret_text, size_t *ret_size, struct error *err)
{
	/* Without waiting for whoever writes into a pipe: that is refused below. */
	AUTO(close_file) int descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (descriptor < 0)
		return fail(err, errno == ENOENT ? CODE_NOT_FOUND : CODE_FAILED_PRECONDITION,
			"tokens file %s: %s%s", file, strerror(errno),
			errno == ENOENT ? "; make it with lectern token create" : "");
	struct stat info;
	if (fstat(descriptor, &info) != 0)
		return fail(
			err, CODE_FAILED_PRECONDITION, "tokens file %s: %s", file, strerror(errno));
	enum code code = check_file(file, &info, err);
	if (code == CODE_OK && trusted)
		code = check_writers(file, &info, err);
	return code == CODE_OK ? read_all(file, descriptor, ret_text, ret_size, err) : code;
}

enum code tokens_read(const char *file, struct tokens **ret, struct error *err)
{
	char *text;
	size_t size;
	enum code code = tokens_load(file, true, &text, &size, err);
	if (code != CODE_OK)
		return code;
	code = tokens_parse(file, slice_of(text, size), ret, err);
	free(text);
	return code;
}

static int compare_id(const void *id, const void *entry)
{
	return memcmp(id, ((const struct token_entry *)entry)->id, TOKEN_ID_BYTES);
}

const struct token_entry *tokens_find(const struct tokens *tokens, const char *id)
{
	return bsearch(id, tokens->entries, tokens->count, sizeof *tokens->entries, compare_id);
}

const struct token_entry *tokens_find_name(const struct tokens *tokens, const char *name)
{
	for (size_t i = 0; i < tokens->count; i++)
		if (strcmp(tokens->entries[i].name, name) == 0)
			return &tokens->entries[i];
	return NULL;
}
