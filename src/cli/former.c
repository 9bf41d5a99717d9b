#include "cli/former.h"

#include "cli/output.h"

#include <stdio.h>

void former_slug_note(struct buffer *out, const char *asked, const char *present)
{
	buffer_append_text(out, "note: \"");
	screen_text(out, slice_of_text(asked), false);
	buffer_append_text(out, "\" is now \"");
	screen_text(out, slice_of_text(present), false);
	buffer_append_text(out, "\"\n");
}

enum exit_status former_slug_tell(struct cli *cli, const char *asked, const char *present)
{
	if (cli->output == OUTPUT_JSON)
		return EXIT_STATUS_OK;
	enum exit_status status = output_flush(cli);
	if (status != EXIT_STATUS_OK)
		return status;
	struct buffer out;
	buffer_init(&out, CLI_FILE_BYTES);
	former_slug_note(&out, asked, present);
	fwrite(out.data, 1, out.size, stderr);
	buffer_done(&out);
	return EXIT_STATUS_OK;
}
