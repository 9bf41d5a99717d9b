/* The report of an import: one JSON object a line for each item. */
#pragma once
#include "importers/source.h"

#include <stdio.h>

/* Writes a line; `result` is "created" and so on. Nothing for report == NULL. */
void report_item(FILE *report, const struct import_item *item, const char *result);
