#include "cli/post_ref.h"

#include "base/text.h"
#include "codec/message.h"

#include <string.h>

/* From 1 upwards. */
static bool read_number(const char *text, uint64_t *ret)
{
	return text_number(slice_of_text(text), ret) && *ret > 0;
}

enum exit_status post_ref_set(struct cli *cli, const char *text, ProtobufCMessage *message)
{
	static const char prefix[] = "slug:";
	if (strncmp(text, prefix, sizeof prefix - 1) == 0) {
		message_set_text(message, "slug", text + sizeof prefix - 1);
		return EXIT_STATUS_OK;
	}
	if (*text == '\0')
		return problem_usage(cli, "REF must not be empty: it is an id or a slug");
	if (strspn(text, "0123456789") != strlen(text)) {
		message_set_text(message, "slug", text);
		return EXIT_STATUS_OK;
	}
	uint64_t id;
	if (!read_number(text, &id))
		return problem_usage(cli, "%s is no id; write slug:%s for a slug", text, text);
	message_set_number(message, "id", id);
	return EXIT_STATUS_OK;
}

enum exit_status post_revision_read(struct cli *cli, const char *text, uint64_t *ret)
{
	if (read_number(text, ret))
		return EXIT_STATUS_OK;
	problem_usage(cli, "%s: must be the number of a revision, from 1 upwards", text);
	return problem_hint(cli, "see: lectern post history REF");
}
