#include "cli/post_command.h"

#include "cli/output.h"
#include "cli/post_text.h"
#include "codec/message.h"

#include <inttypes.h>
#include <string.h>

enum exit_status post_show_written(
	struct cli *cli, const char *verb, const ProtobufCMessage *response)
{
	const Lectern__V1__Post *post = (const Lectern__V1__Post *)message_child(response, "post");
	if (cli->output == OUTPUT_JSONL && post != NULL)
		return output_message(cli, &post->base);
	if (cli->output != OUTPUT_TEXT)
		return output_message(cli, response);
	if (post == NULL)
		return output_write(cli, "Nothing to do\n", 14);
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	buffer_printf(&out, "%s post ", verb);
	/* The id of a post that would be created is not taken: the next one may get it. */
	if (post->id > 0 && strcmp(verb, "Would create") != 0)
		buffer_printf(&out, "%" PRIu64 ": ", post->id);
	screen_text(&out, slice_of_text(post->slug), false);
	buffer_printf(&out, " (%s)\n", state_text(post->state));
	return output_finish(cli, &out);
}

static const struct command *const children[] = {
	&post_get,
	&post_list,
	&post_adjacent,
	&post_related,
	&post_create,
	&post_update,
	&post_delete,
	&post_undelete,
	&post_purge,
	&post_publish,
	&post_schedule,
	&post_unpublish,
	&post_history,
	&post_revision,
	&post_diff,
	&post_rollback,
	NULL,
};

const struct command post_command = {
	.name = "post",
	.summary = "Read and change posts",
	.children = children,
};
