/* What went wrong. A command fills it once and returns the exit status; the top prints it. */
#pragma once
#include "base/arena.h"
#include "base/attributes.h"
#include "base/buffer.h"
#include "base/error.h"
#include "cli/exit_status.h"

#include <stdbool.h>
#include <stdint.h>

struct cli;

struct problem {
	enum exit_status status;
	bool quiet; /* nobody is there to read the text, or it was said already */
	enum lectern_code code;
	char message[1024];
	char reason[64];
	char field[128];
	uint32_t retry_ms;
	char etag[64];		  /* the current one, after a stale one; or "" */
	uint64_t oldest_revision; /* that the server still lists; or 0 */
	char hint[256];		  /* one more line for people, or "" */
};

/* Fills a problem that is not yet the end of the command. */
void problem_fill_rpc(struct problem *problem, const struct lectern_error *err);
void problem_fill_local(struct problem *problem, const struct error *err);

/* Each fills cli->problem and returns its status. */
enum exit_status problem_usage(struct cli *cli, const char *fmt, ...) PRINTF_LIKE(2, 3);
enum exit_status problem_tool(struct cli *cli, const char *fmt, ...) PRINTF_LIKE(2, 3);
enum exit_status problem_rpc(struct cli *cli, const struct lectern_error *err);
/* An error of our own layers: USAGE where the input is wrong, else FAILED. */
enum exit_status problem_local(struct cli *cli, const struct error *err);

/* Says what to do. Returns the problem's status. */
enum exit_status problem_hint(struct cli *cli, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Writes it to standard error, for people or, after `-o json`, as a lectern.rpc.v1.Status. */
void problem_print(const struct cli *cli);

/* Appends the JSON form of the Status that stands for the problem. */
bool problem_status(
	const struct problem *problem, struct arena *arena, unsigned flags, struct buffer *out);
