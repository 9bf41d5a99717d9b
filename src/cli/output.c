#include "cli/output.h"

#include "codec/json.h"
#include "codec/message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static enum exit_status failed(struct cli *cli)
{
	int cause = errno;
	enum exit_status status = problem_tool(cli, "cannot write the output: %s", strerror(cause));
	cli->problem.quiet = cause == EPIPE;
	return status;
}

enum exit_status output_write(struct cli *cli, const void *data, size_t size_bytes)
{
	errno = 0;
	if (size_bytes > 0 && fwrite(data, 1, size_bytes, stdout) != size_bytes)
		return failed(cli);
	return EXIT_STATUS_OK;
}

enum exit_status output_buffer(struct cli *cli, struct buffer *out)
{
	if (out->overflow)
		return problem_tool(cli, "cannot write the output: out of memory");
	enum exit_status status = output_write(cli, out->data, out->size);
	buffer_clear(out);
	return status;
}

enum exit_status output_finish(struct cli *cli, struct buffer *out)
{
	enum exit_status status = output_buffer(cli, out);
	buffer_done(out);
	return status;
}

static enum exit_status print_line(
	struct cli *cli, const ProtobufCMessage *message, unsigned flags, struct buffer *out)
{
	struct error err;
	if (json_print(message, flags, out, &err) != CODE_OK)
		return problem_tool(cli, "cannot print the answer: %s", err.text);
	buffer_append_char(out, '\n');
	return output_buffer(cli, out);
}

enum exit_status output_message(struct cli *cli, const ProtobufCMessage *message)
{
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	unsigned flags = cli->output == OUTPUT_JSONL ? JSON_DEFAULT : JSON_INDENT;
	enum exit_status status = print_line(cli, message, flags, &out);
	buffer_done(&out);
	return status;
}

enum exit_status output_items(struct cli *cli, const ProtobufCMessage *message, const char *field)
{
	struct buffer out;
	buffer_init(&out, CLI_DOCUMENT_BYTES);
	size_t count;
	ProtobufCMessage *const *items = message_list(message, field, &count);
	enum exit_status status = EXIT_STATUS_OK;
	for (size_t i = 0; status == EXIT_STATUS_OK && i < count; i++)
		status = print_line(cli, items[i], JSON_DEFAULT, &out);
	buffer_done(&out);
	return status;
}

enum exit_status output_flush(struct cli *cli)
{
	errno = 0;
	if (fflush(stdout) != 0 || ferror(stdout))
		return failed(cli);
	return EXIT_STATUS_OK;
}
