#include "importers/import.h"

static const char *const names[] = { "archive-text", "jsonl", NULL };

const char *const *import_format_names(void)
{
	return names;
}

enum code import_run(lectern_client *client, const struct import_options *options,
	struct import_summary *ret, struct error *err)
{
	(void)client;
	(void)options;
	*ret = (struct import_summary){ 0 };
	return fail(err, CODE_UNIMPLEMENTED, "import: not yet");
}
