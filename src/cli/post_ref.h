/* REF: how a post is named on the command line. */
#pragma once
#include "base/attributes.h"
#include "cli/cli.h"

#include <protobuf-c/protobuf-c.h>

#define POST_REF_TEXT "REF is an id (digits only) or a slug; write slug:123 for a slug of digits."

/* Sets the field `id` or `slug` of the message. USAGE for a number that is no id. */
enum exit_status post_ref_set(struct cli *cli, const char *text, ProtobufCMessage *message)
	NODISCARD;

/* The number of a revision. USAGE for anything else. */
enum exit_status post_revision_read(struct cli *cli, const char *text, uint64_t *ret) NODISCARD;
