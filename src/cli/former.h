/* Telling people that they have named something by a former slug. */
#pragma once
#include "base/attributes.h"
#include "base/buffer.h"
#include "cli/cli.h"

/* Appends the line: note: "js" is now "javascript" */
void former_slug_note(struct buffer *out, const char *asked, const char *present);

/* Writes it to standard error, behind the output. A document of -o json has it in it already. */
enum exit_status former_slug_tell(struct cli *cli, const char *asked, const char *present)
	NODISCARD;
