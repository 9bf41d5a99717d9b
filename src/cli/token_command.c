#include "cli/token_command.h"

#include "base/clock.h"
#include "base/rfc3339.h"
#include "base/text.h"
#include "cli/output.h"
#include "cli/token_edit.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>

enum { DAYS_MAX = 36500 };
#define US_PER_S INT64_C(1000000)

static const char file_head[] = "# Who may call: NAME SCOPE ID HASH [EXPIRES] [# COMMENT]\n"
				"# Made by lectern token. lecternd reads it again at SIGHUP.\n";

enum exit_status token_choose_file(struct cli *cli, const struct args *args, const char **ret)
{
	*ret = args_text(args, OPTION_TOKENS);
	if (*ret == NULL)
		*ret = getenv("LECTERND_TOKENS");
	if (*ret != NULL && **ret != '\0')
		return EXIT_STATUS_OK;
	return problem_usage(cli, "which tokens file? name it with --tokens FILE or in "
				  "LECTERND_TOKENS, as lecternd is told it");
}

const char *token_expiry(int64_t expires_us, char text[32])
{
	if (expires_us == TOKEN_NEVER_EXPIRES)
		return "never";
	rfc3339_format(expires_us, text);
	return text;
}

/* "90d", "12h" or "15m" from now; false for another form. */
static bool read_span(const char *text, int64_t *ret_us)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	size_t size = strlen(text);
	uint64_t number;
	for (size_t i = 0; size > 1 && i < sizeof units / sizeof *units; i++) {
		if (text[size - 1] != units[i].unit ||
			!text_number(slice_of(text, size - 1), &number) || number == 0 ||
			number > (uint64_t)(DAYS_MAX * INT64_C(86400) / units[i].seconds))
			continue;
		int64_t now_us = clock_realtime_us();
		*ret_us =
			now_us - now_us % US_PER_S + (int64_t)number * units[i].seconds * US_PER_S;
		return true;
	}
	return false;
}

static enum exit_status read_expiry(struct cli *cli, const struct args *args, int64_t *ret_us)
{
	const char *text = args_text(args, OPTION_EXPIRES);
	*ret_us = TOKEN_NEVER_EXPIRES;
	if (text == NULL || read_span(text, ret_us))
		return EXIT_STATUS_OK;
	if (!rfc3339_parse(slice_of_text(text), ret_us))
		return problem_usage(cli,
			"--expires %s: write for example 90d, 12h or 15m, or a time such as "
			"2027-01-31T00:00:00Z",
			text);
	if (*ret_us <= clock_realtime_us())
		return problem_usage(cli, "--expires %s: is over already", text);
	return EXIT_STATUS_OK;
}

static enum exit_status check_line(
	struct cli *cli, const struct args *args, enum rpc_scope *ret_scope)
{
	const char *name = args->arguments[0];
	const char *scope = args_text(args, OPTION_SCOPE);
	const char *comment = args_text(args, OPTION_COMMENT);
	if (!token_name_is_valid(name))
		return problem_usage(cli,
			"%s: a token's name is 1 to 64 of [A-Za-z0-9._@-] and begins with a letter "
			"or a digit",
			name);
	if (scope == NULL)
		return problem_usage(cli, "--scope is missing: read, write or admin");
	if (comment != NULL &&
		(strlen(comment) > TOKENS_COMMENT_BYTES || strpbrk(comment, "\r\n") != NULL ||
			text_find_invalid(slice_of_text(comment)) != strlen(comment)))
		return problem_usage(cli, "--comment: must be one line of UTF-8, at most %d bytes",
			TOKENS_COMMENT_BYTES);
	return token_scope_parse(scope, ret_scope)
		       ? EXIT_STATUS_OK
		       : problem_usage(cli, "--scope %s: must be read, write or admin", scope);
}

/* A new token and its line. */
static void make_entry(const char *name, enum rpc_scope scope, int64_t expires_us,
	char token[TOKEN_BYTES + 1], struct token_entry *ret)
{
	*ret = (struct token_entry){ .scope = scope, .expires_us = expires_us };
	token_make(token);
	token_hash(slice_of(token, TOKEN_BYTES), ret->hash);
	snprintf(ret->name, sizeof ret->name, "%s", name);
	memcpy(ret->id, token_id(slice_of(token, TOKEN_BYTES)), TOKEN_ID_BYTES);
}

static void append_line(struct buffer *out, const struct token_entry *entry, const char *comment)
{
	char hash[2 * TOKEN_HASH_BYTES + 1];
	char time[RFC3339_BYTES];
	sodium_bin2hex(hash, sizeof hash, entry->hash, sizeof entry->hash);
	buffer_printf(
		out, "%s %s %s %s", entry->name, token_scope_name(entry->scope), entry->id, hash);
	if (entry->expires_us != TOKEN_NEVER_EXPIRES)
		buffer_printf(out, " %s", token_expiry(entry->expires_us, time));
	if (comment != NULL && comment[0] != '\0')
		buffer_printf(out, " # %s", comment);
	buffer_append_char(out, '\n');
}

static enum code add_to_file(const char *file, const struct token_entry *entry, const char *comment,
	bool *ret_new, struct error *err)
{
	struct token_edit edit;
	struct buffer text;
	buffer_init(&text, 2 * TOKENS_FILE_BYTES);
	enum code code = token_edit_begin(&edit, file, true, err);
	if (code == CODE_OK && tokens_find_name(edit.tokens, entry->name) != NULL)
		code = fail(err, CODE_INVALID_ARGUMENT,
			"%s has a token '%s' already; take another name, or revoke that one first",
			file, entry->name);
	if (code == CODE_OK) {
		buffer_append(&text, edit.text, edit.size);
		if (!edit.exists)
			buffer_append_text(&text, file_head);
		else if (edit.size > 0 && edit.text[edit.size - 1] != '\n')
			buffer_append_char(&text, '\n');
		append_line(&text, entry, comment);
		code = text.overflow ? fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory")
				     : token_edit_write(&edit, slice_of(text.data, text.size), err);
	}
	*ret_new = !edit.exists;
	token_edit_done(&edit);
	buffer_done(&text);
	return code;
}

static enum exit_status print_token(
	struct cli *cli, const struct token_entry *entry, const char *token)
{
	char time[RFC3339_BYTES];
	struct buffer out;
	buffer_init(&out, 4096);
	if (cli->output == OUTPUT_TEXT) {
		buffer_printf(&out, "%s\n", token);
	} else {
		json_t *json = json_pack("{s:s, s:s, s:s, s:s}", "name", entry->name, "scope",
			token_scope_name(entry->scope), "id", entry->id, "token", token);
		if (json != NULL && entry->expires_us != TOKEN_NEVER_EXPIRES)
			json_object_set_new(json, "expireTime",
				json_string(token_expiry(entry->expires_us, time)));
		char *text = json_dumps(json, cli->output == OUTPUT_JSON ? JSON_INDENT(2) : 0);
		buffer_append_text(&out, text == NULL ? "" : text);
		buffer_append_char(&out, '\n');
		free(text);
		json_decref(json);
	}
	enum exit_status status = output_finish(cli, &out);
	return status == EXIT_STATUS_OK ? output_flush(cli) : status;
}

static void tell_next(const struct cli *cli, const char *file, const char *what)
{
	if (cli->output == OUTPUT_TEXT)
		fprintf(stderr, "lectern: %s; lecternd reads %s again at SIGHUP\n", what, file);
}

static enum exit_status run_create(struct cli *cli, const struct args *args)
{
	const char *file;
	enum rpc_scope scope = RPC_SCOPE_READ;
	int64_t expires_us;
	bool is_new;
	struct token_entry entry;
	struct error err;
	char token[TOKEN_BYTES + 1];
	enum exit_status status = check_line(cli, args, &scope);
	if (status == EXIT_STATUS_OK)
		status = read_expiry(cli, args, &expires_us);
	if (status == EXIT_STATUS_OK)
		status = token_choose_file(cli, args, &file);
	if (status != EXIT_STATUS_OK)
		return status;
	if (sodium_init() < 0)
		return problem_tool(cli, "no source of random numbers");
	make_entry(args->arguments[0], scope, expires_us, token, &entry);
	const char *comment = args_text(args, OPTION_COMMENT);
	if (add_to_file(file, &entry, comment, &is_new, &err) != CODE_OK)
		return problem_local(cli, &err);
	status = print_token(cli, &entry, token);
	sodium_memzero(token, sizeof token);
	if (status != EXIT_STATUS_OK)
		return problem_hint(cli,
			"the token is in the file, but nobody has seen it: lectern token revoke "
			"%s, then make another",
			entry.name);
	if (is_new && cli->output == OUTPUT_TEXT)
		fprintf(stderr,
			"lectern: %s is new and for its owner alone; if lecternd runs as another "
			"user, let that read it (chmod 644 will do: it holds no secret)\n",
			file);
	tell_next(
		cli, file, "keep the token where only its user can read it; it is not shown again");
	return EXIT_STATUS_OK;
}

/* All but one line. */
static void append_without(struct buffer *out, const struct token_edit *edit, unsigned line)
{
	const char *at = edit->text;
	const char *end = edit->text + edit->size;
	for (unsigned number = 1; at < end; number++) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t size = (size_t)((stop == NULL ? end : stop + 1) - at);
		if (number != line)
			buffer_append(out, at, size);
		at += size;
	}
}

static enum code remove_from_file(const char *file, const char *name, struct error *err)
{
	struct token_edit edit;
	struct buffer text;
	buffer_init(&text, TOKENS_FILE_BYTES);
	enum code code = token_edit_begin(&edit, file, false, err);
	const struct token_entry *entry =
		code == CODE_OK ? tokens_find_name(edit.tokens, name) : NULL;
	if (code == CODE_OK && entry == NULL)
		code = fail(err, CODE_INVALID_ARGUMENT,
			"%s has no token '%s'; lectern token list shows those it has", file, name);
	if (code == CODE_OK) {
		append_without(&text, &edit, entry->line);
		code = text.overflow ? fail(err, CODE_RESOURCE_EXHAUSTED, "out of memory")
				     : token_edit_write(&edit, slice_of(text.data, text.size), err);
	}
	token_edit_done(&edit);
	buffer_done(&text);
	return code;
}

static enum exit_status run_revoke(struct cli *cli, const struct args *args)
{
	const char *file;
	struct error err;
	enum exit_status status = token_choose_file(cli, args, &file);
	if (status != EXIT_STATUS_OK)
		return status;
	if (remove_from_file(file, args->arguments[0], &err) != CODE_OK)
		return problem_local(cli, &err);
	tell_next(cli, file, "the token is good until then");
	return EXIT_STATUS_OK;
}

static const struct option_row create_options[] = {
	{ .id = OPTION_SCOPE,
		.name = "scope",
		.value = "SCOPE",
		.words = "read write admin",
		.help = "What the token allows, each word what the ones before it do; required" },
	{ .id = OPTION_EXPIRES,
		.name = "expires",
		.value = "TIME",
		.help = "When it ends: 90d, 12h or 15m from now, or an RFC 3339 time (default: "
			"never)" },
	{ .id = OPTION_COMMENT,
		.name = "comment",
		.value = "TEXT",
		.help = "A note for people in the file" },
	OPTION_ROW_TOKENS,
};

static const struct command create_command = {
	.name = "create",
	.arguments = "NAME",
	.summary = "Make a token and add it to the tokens file",
	.details = "The token goes to standard output, this once: the file keeps a hash of it. The "
		   "name stands in the server's log beside what the token was used for.\n\n"
		   "  lectern token create site --scope read --tokens /etc/lectern/tokens > token",
	.arguments_min = 1,
	.arguments_max = 1,
	.options = create_options,
	.option_count = OPTION_COUNT(create_options),
	.run = run_create,
};

static const struct option_row revoke_options[] = { OPTION_ROW_TOKENS };

static const struct command revoke_command = {
	.name = "revoke",
	.arguments = "NAME",
	.summary = "Take a token out of the tokens file",
	.details = "The server knows it until it reads the file again, at SIGHUP.",
	.arguments_min = 1,
	.arguments_max = 1,
	.options = revoke_options,
	.option_count = OPTION_COUNT(revoke_options),
	.run = run_revoke,
};

static const struct command *const children[] = {
	&create_command,
	&token_list_command,
	&revoke_command,
	&token_check_command,
	NULL,
};

const struct command token_command = {
	.name = "token",
	.summary = "Make, list and revoke the tokens that a server knows callers by",
	.details = "These commands work on the tokens file and ask no server.",
	.children = children,
};
