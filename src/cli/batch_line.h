/* One line of a batch. */
#pragma once
#include "base/buffer.h"
#include "base/slice.h"
#include "cli/cli.h"

/* Makes the call that the line asks for and appends the line that answers it. Uses the client of
 * cli, which is open, and its settings; any thread. Returns the status of the call. */
enum exit_status batch_line_run(const struct cli *cli, struct slice line, struct buffer *answer);
