/* One run of the tool. */
#pragma once
#include "base/arena.h"
#include "cli/args.h"
#include "cli/problem.h"
#include "cli/screen.h"

#include <lectern/client.h>
#include <stdint.h>

enum output_format { OUTPUT_TEXT, OUTPUT_JSON, OUTPUT_JSONL };

enum {
	/* Of all messages that one command holds at a time. */
	CLI_ARENA_BYTES = 1024 * 1024 * 1024,
	/* Of a file that is read as a whole, and of one printed document. */
	CLI_FILE_BYTES = 64 * 1024 * 1024,
	CLI_DOCUMENT_BYTES = 1024 * 1024 * 1024,
};

struct cli {
	const char *server;	/* NULL: the library's default */
	const char *token_file; /* NULL: the library's default */
	uint32_t timeout_ms;
	const char *tls_ca; /* so the files of TLS */
	const char *tls_cert;
	const char *tls_key;
	enum output_format output;
	struct screen screen;
	struct problem problem;
	lectern_client *client; /* NULL until cli_client() */
	struct arena arena;	/* for requests and answers */
};

/* The struct must not be moved afterwards. */
void cli_init(struct cli *cli);
void cli_done(struct cli *cli);

/* Does what the line says and prints what went wrong. Returns the exit status. */
int cli_run(struct cli *cli, int argc, char **argv);

/* Opens the client where that has not happened yet. */
enum exit_status cli_client(struct cli *cli) NODISCARD;
