/* Writing to standard output, in the format that was asked for. */
#pragma once
#include "base/attributes.h"
#include "base/buffer.h"
#include "cli/cli.h"

#include <protobuf-c/protobuf-c.h>

/* Writes the bytes. A reader that went away makes a quiet problem. */
enum exit_status output_write(struct cli *cli, const void *data, size_t size_bytes) NODISCARD;

/* Writes the buffer's bytes and empties it; a buffer that overflowed is a problem. */
enum exit_status output_buffer(struct cli *cli, struct buffer *out) NODISCARD;

/* The same, and frees what the buffer holds. */
enum exit_status output_finish(struct cli *cli, struct buffer *out) NODISCARD;

/* Writes the message as JSON: over several lines after `-o json`, else on one. */
enum exit_status output_message(struct cli *cli, const ProtobufCMessage *message) NODISCARD;

/* Writes each message of a repeated field on a line of its own. */
enum exit_status output_items(struct cli *cli, const ProtobufCMessage *message, const char *field)
	NODISCARD;

/* Whether all that was written has arrived. */
enum exit_status output_flush(struct cli *cli) NODISCARD;
