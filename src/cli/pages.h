/* Lists that come in pages. */
#pragma once
#include "base/attributes.h"
#include "cli/cli.h"

#include <protobuf-c/protobuf-c.h>

#define PAGE_OPTION_ROWS OPTION_ROW_PAGE, OPTION_ROW_PAGE_TOKEN, OPTION_ROW_ALL

struct pages {
	const ProtobufCServiceDescriptor *service;
	const char *method;
	ProtobufCMessage *request; /* page_size and page_token are set here */
	const char *items;	   /* the response's repeated field */
	/* Shows one page for people; `first` on the first one that is shown. */
	enum exit_status (*show)(struct cli *cli, const struct pages *pages,
		const ProtobufCMessage *response, bool first);
	/* Called behind the last page that is shown for people; may be NULL. */
	enum exit_status (*finish)(struct cli *cli, const struct pages *pages);
	/* Appends lines for standard error about the first response; may be NULL. */
	void (*note)(
		const struct pages *pages, const ProtobufCMessage *response, struct buffer *out);
	const void *subject; /* for show() */
	void *state;	     /* for show() and finish() */
};

/* Gets the page or pages that --page, --page-size, --page-token and --all ask for and prints them.
 * Notes, a plan, and that a page is not the last one, are lines on standard error. */
enum exit_status pages_run(struct cli *cli, const struct args *args, const struct pages *pages)
	NODISCARD;
