/* JSON front matter, as Hugo has it. */
#pragma once
#include "importers/front_matter_value.h"

/* Reads the object that the text begins with; *ret_size tells where it ends. The values have the
 * line tree->line. INVALID_ARGUMENT for what is no JSON, with tree->line where. */
enum code json_front_read(struct slice text, struct value_tree *tree, struct value **ret,
	size_t *ret_size, struct error *err) NODISCARD;
