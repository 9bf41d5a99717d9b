#include "cli/post_note.h"

#include "cli/rpc.h"
#include "codec/message.h"

#include <lectern/v1/post.pb-c.h>

enum exit_status post_note_set(struct cli *cli, const struct args *args, ProtobufCMessage *request)
{
	const char *summary = args_text(args, OPTION_NOTE);
	const char *author = args_text(args, OPTION_NOTE_AUTHOR);
	if (summary == NULL && author == NULL)
		return EXIT_STATUS_OK;
	ProtobufCMessage *note = rpc_message(cli, &lectern__v1__change_note__descriptor);
	if (note == NULL)
		return cli->problem.status;
	if (summary != NULL)
		message_set_text(note, "summary", summary);
	if (author != NULL)
		message_set_text(note, "author", author);
	message_set_child(request, "note", note);
	return EXIT_STATUS_OK;
}
