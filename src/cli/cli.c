#include "cli/cli.h"

#include "cli/help.h"
#include "cli/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void cli_init(struct cli *cli)
{
	*cli = (struct cli){ .output = OUTPUT_TEXT };
	screen_init(&cli->screen, STDOUT_FILENO);
	arena_init(&cli->arena, CLI_ARENA_BYTES);
}

void cli_done(struct cli *cli)
{
	lectern_client_close(cli->client);
	arena_done(&cli->arena);
}

enum exit_status cli_client(struct cli *cli)
{
	if (cli->client != NULL)
		return EXIT_STATUS_OK;
	struct lectern_client_options options = {
		.url = cli->server,
		.timeout_ms = cli->timeout_ms,
		.token_file = cli->token_file,
		.tls_ca_file = cli->tls_ca,
		.tls_cert_file = cli->tls_cert,
		.tls_key_file = cli->tls_key,
	};
	struct lectern_error err;
	if (lectern_client_open(&options, &cli->client, &err) == LECTERN_OK)
		return EXIT_STATUS_OK;
	/* A URL that cannot be one, or files of TLS, are a mistake in the line or in the
	 * environment. */
	enum exit_status status = problem_rpc(cli, &err);
	if (err.code == LECTERN_INVALID_ARGUMENT || strcmp(err.reason, "TLS_FILES") == 0)
		status = cli->problem.status = EXIT_STATUS_USAGE;
	return status;
}

/* Also of a line that is wrong: the problem is printed in that format. */
static void take_output(struct cli *cli, const struct args *args)
{
	const char *output = args_text(args, OPTION_OUTPUT);
	if (output != NULL && strcmp(output, "json") == 0)
		cli->output = OUTPUT_JSON;
	if (output != NULL && strcmp(output, "jsonl") == 0)
		cli->output = OUTPUT_JSONL;
}

static enum exit_status take_connection(struct cli *cli, const struct args *args)
{
	cli->server = args_text(args, OPTION_SERVER);
	cli->token_file = args_text(args, OPTION_TOKEN_FILE);
	cli->tls_ca = args_text(args, OPTION_TLS_CA);
	cli->tls_cert = args_text(args, OPTION_TLS_CERT);
	cli->tls_key = args_text(args, OPTION_TLS_KEY);
	uint64_t timeout_ms = 0;
	enum exit_status status =
		args_number(cli, args, OPTION_TIMEOUT, 1, UINT32_MAX, &timeout_ms);
	cli->timeout_ms = (uint32_t)timeout_ms;
	return status;
}

static enum exit_status run(struct cli *cli, const struct args *args)
{
	if (args_flag(args, OPTION_VERSION))
		return help_version(cli);
	if (args_flag(args, OPTION_HELP))
		return help_print(cli, args->command, args->path);
	return args->command->run(cli, args);
}

static void free_args(struct args **args)
{
	free(*args);
}

int cli_run(struct cli *cli, int argc, char **argv)
{
	AUTO(free_args) struct args *args = calloc(1, sizeof *args);
	enum exit_status status;
	if (args == NULL) {
		status = problem_tool(cli, "out of memory");
	} else {
		status = args_parse(cli, args, argc, argv);
		take_output(cli, args);
		if (status == EXIT_STATUS_OK)
			status = take_connection(cli, args);
		if (status == EXIT_STATUS_OK)
			status = run(cli, args);
	}
	if (status == EXIT_STATUS_OK)
		status = output_flush(cli);
	else
		(void)fflush(stdout); /* what was written before the problem */
	if (status != EXIT_STATUS_OK)
		problem_print(cli);
	return (int)status;
}
