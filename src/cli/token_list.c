#include "auth/auth.h"
#include "base/clock.h"
#include "base/rfc3339.h"
#include "cli/facts.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/token_command.h"
#include "client/token.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>

enum { COLUMNS = 8 };

static enum exit_status load(
	struct cli *cli, const struct args *args, const char **ret_file, struct tokens **ret)
{
	enum exit_status status = token_choose_file(cli, args, ret_file);
	struct error err;
	char *text;
	size_t size;
	if (status != EXIT_STATUS_OK)
		return status;
	if (sodium_init() < 0)
		return problem_tool(cli, "no source of random numbers");
	if (tokens_load(*ret_file, false, &text, &size, &err) != CODE_OK)
		return problem_local(cli, &err);
	enum code code = tokens_parse(*ret_file, slice_of(text, size), ret, &err);
	free(text);
	return code == CODE_OK ? EXIT_STATUS_OK : problem_local(cli, &err);
}

static int order_by_line(const void *a, const void *b)
{
	const struct token_entry *first = a;
	const struct token_entry *second = b;
	return (first->line > second->line) - (first->line < second->line);
}

static json_t *entry_json(const struct token_entry *entry)
{
	char time[RFC3339_BYTES];
	json_t *json = json_pack("{s:s, s:s, s:s}", "name", entry->name, "scope",
		token_scope_name(entry->scope), "id", entry->id);
	if (json != NULL && entry->expires_us != TOKEN_NEVER_EXPIRES)
		json_object_set_new(
			json, "expireTime", json_string(token_expiry(entry->expires_us, time)));
	if (json != NULL && entry->comment[0] != '\0')
		json_object_set_new(json, "comment", json_string(entry->comment));
	return json;
}

/* Takes the document. */
static void append_json(struct buffer *out, json_t *json, size_t flags)
{
	char *text = json_dumps(json, flags);
	buffer_append_text(out, text == NULL ? "" : text);
	buffer_append_char(out, '\n');
	free(text);
	json_decref(json);
}

static void append_table(const struct cli *cli, struct buffer *out, const struct tokens *tokens)
{
	struct table table;
	int64_t now_us = clock_realtime_us();
	table_init(&table, "NAME SCOPE ID EXPIRES COMMENT");
	for (size_t i = 0; i < tokens->count; i++) {
		const struct token_entry *entry = &tokens->entries[i];
		char time[RFC3339_BYTES];
		char expiry[RFC3339_BYTES + 16];
		snprintf(expiry, sizeof expiry, "%s%s", token_expiry(entry->expires_us, time),
			entry->expires_us <= now_us ? " (over)" : "");
		table_cell(&table, entry->name);
		table_cell(&table, token_scope_name(entry->scope));
		table_cell(&table, entry->id);
		table_cell(&table, expiry);
		table_cell(&table, entry->comment);
	}
	table_print(&table, &cli->screen, out);
	table_done(&table);
}

static enum exit_status run_list(struct cli *cli, const struct args *args)
{
	const char *file;
	struct tokens *tokens = NULL;
	enum exit_status status = load(cli, args, &file, &tokens);
	if (status != EXIT_STATUS_OK)
		return status;
	struct buffer out;
	json_t *list = json_array();
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	qsort(tokens->entries, tokens->count, sizeof *tokens->entries, order_by_line);
	if (cli->output == OUTPUT_TEXT)
		append_table(cli, &out, tokens);
	for (size_t i = 0; i < tokens->count && cli->output != OUTPUT_TEXT; i++) {
		json_t *json = entry_json(&tokens->entries[i]);
		if (cli->output == OUTPUT_JSONL)
			append_json(&out, json, 0);
		else
			json_array_append_new(list, json);
	}
	if (cli->output == OUTPUT_JSON)
		append_json(&out, json_pack("{s:O}", "tokens", list), JSON_INDENT(2));
	json_decref(list);
	tokens_free(tokens);
	return output_finish(cli, &out);
}

static enum exit_status read_token(
	struct cli *cli, const struct args *args, char token[CLIENT_TOKEN_BYTES + 1])
{
	const char *path = args_text(args, OPTION_TOKEN_FILE);
	struct token_file file;
	struct lectern_error err;
	if (path == NULL)
		path = getenv("LECTERN_TOKEN_FILE");
	if (path == NULL || path[0] == '\0')
		return problem_usage(cli, "which token? name its file with --token-file or in "
					  "LECTERN_TOKEN_FILE");
	if (token_file_init(&file, path, &err) != LECTERN_OK) {
		(void)problem_rpc(cli, &err);
		return cli->problem.status = EXIT_STATUS_USAGE;
	}
	token_file_get(&file, false, token);
	token_file_done(&file);
	return EXIT_STATUS_OK;
}

static enum exit_status show(struct cli *cli, const struct token_entry *entry)
{
	struct buffer out;
	char time[RFC3339_BYTES];
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	if (cli->output != OUTPUT_TEXT) {
		append_json(
			&out, entry_json(entry), cli->output == OUTPUT_JSON ? JSON_INDENT(2) : 0);
		return output_finish(cli, &out);
	}
	fact_text(&out, COLUMNS, "name", entry->name);
	fact_text(&out, COLUMNS, "scope", token_scope_name(entry->scope));
	fact_text(&out, COLUMNS, "expires", token_expiry(entry->expires_us, time));
	return output_finish(cli, &out);
}

static enum exit_status run_check(struct cli *cli, const struct args *args)
{
	const char *file;
	struct tokens *tokens = NULL;
	const struct token_entry *entry = NULL;
	struct error err;
	char token[CLIENT_TOKEN_BYTES + 1];
	enum exit_status status = read_token(cli, args, token);
	if (status != EXIT_STATUS_OK)
		return status;
	status = load(cli, args, &file, &tokens);
	if (status != EXIT_STATUS_OK)
		return status;
	enum code code =
		auth_check_token(tokens, slice_of_text(token), clock_realtime_us(), &entry, &err);
	sodium_memzero(token, sizeof token);
	if (code == CODE_OK) {
		status = show(cli, entry);
	} else {
		(void)problem_local(cli, &err);
		status = cli->problem.status = exit_status_of(LECTERN_UNAUTHENTICATED);
	}
	tokens_free(tokens);
	return status;
}

static const struct option_row options[] = { OPTION_ROW_TOKENS };

const struct command token_list_command = {
	.name = "list",
	.summary = "Show the tokens of the tokens file",
	.options = options,
	.option_count = OPTION_COUNT(options),
	.run = run_list,
};

const struct command token_check_command = {
	.name = "check",
	.summary = "Tell what the token of --token-file may do by the tokens file",
	.details = "Ends with 80 if the server would not know the token. Nothing is asked of the "
		   "server; it may not have read the file again yet.",
	.options = options,
	.option_count = OPTION_COUNT(options),
	.run = run_check,
};
