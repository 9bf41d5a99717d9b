/* YAML front matter, read with libyaml as YAML 1.1: https://yaml.org/spec/1.1/ */
#pragma once
#include "importers/front_matter_value.h"

/* Reads one document, whose first line is tree->line, into a map; an empty one gives an empty map.
 * Tabs in the indentation, which YAML forbids, are read as blanks where that gives a document:
 * *ret_tabs tells. INVALID_ARGUMENT for what is no YAML or no map, with tree->line where. */
enum code yaml_read(struct slice text, struct value_tree *tree, struct value **ret, bool *ret_tabs,
	struct error *err) NODISCARD;
