/* The file in which `lectern watch` keeps how far it has come. */
#pragma once
#include "base/attributes.h"
#include "cli/cli.h"

#include <lectern/watch.h>

/* Reads the file; *ret_found is false and *ret stays where there is none. USAGE for a file that is
 * something else. */
enum exit_status watch_state_read(
	struct cli *cli, const char *path, struct lectern_position *ret, bool *ret_found) NODISCARD;

/* Replaces the file as a whole: after a crash it holds the old position or the new one. */
enum exit_status watch_state_write(
	struct cli *cli, const char *path, const struct lectern_position *position) NODISCARD;
