/* What the tool ends with. docs and `lectern --help` list these numbers; they do not change. */
#pragma once
#include <lectern/error.h>

enum exit_status {
	EXIT_STATUS_OK = 0,
	EXIT_STATUS_FAILED = 1, /* the tool itself, for example: cannot write the output */
	EXIT_STATUS_USAGE = 2,
	EXIT_STATUS_RPC = 64, /* plus the code of the error, as grpcurl does */
};

static inline enum exit_status exit_status_of(enum lectern_code code)
{
	return (enum exit_status)(EXIT_STATUS_RPC + (int)code);
}
