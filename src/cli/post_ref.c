#include "cli/post_ref.h"

#include "cli/message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
	errno = 0;
	unsigned long long id = strtoull(text, NULL, 10);
	if (errno != 0 || id == 0)
		return problem_usage(cli, "%s is no id; write slug:%s for a slug", text, text);
	message_set_number(message, "id", id);
	return EXIT_STATUS_OK;
}
