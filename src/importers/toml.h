/* TOML 1.0, as Hugo's front matter has it: https://toml.io/en/v1.0.0 */
#pragma once
#include "importers/front_matter_value.h"

/*
 * Reads a document, whose first line is tree->line, into a map. The text is valid UTF-8. Times and
 * numbers keep their text; whether a day exists is not checked. INVALID_ARGUMENT for what is no
 * TOML, with tree->line where.
 */
enum code toml_read(struct slice text, struct value_tree *tree, struct value **ret,
	struct error *err) NODISCARD;
