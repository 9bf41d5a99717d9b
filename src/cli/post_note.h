/* What a write leaves in the history of the post: who made it and why. */
#pragma once
#include "base/attributes.h"
#include "cli/cli.h"

#include <protobuf-c/protobuf-c.h>

/* --author is the author of a post; a note has one of its own. */
#define NOTE_OPTION_ROWS \
	{ .id = OPTION_NOTE, \
		.name = "note", \
		.value = "TEXT", \
		.help = "What was done or why, for the history (default: the server's words)" }, \
	{ \
		.id = OPTION_NOTE_AUTHOR, .name = "note-author", .value = "WHO", \
		.help = "Who did it, for the history" \
	}

/* Sets the field `note` of the request from the options, if any of them was given. */
enum exit_status post_note_set(struct cli *cli, const struct args *args, ProtobufCMessage *request)
	NODISCARD;
