/* Notes on an item: what was changed on its way from the input to the store. */
#pragma once
#include "base/attributes.h"
#include "importers/source.h"

/* Appends to item->reason, behind "; " where something stands there already; what does not fit is
 * cut at a character. */
void item_note(struct import_item *item, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Notes where the stored record has another slug than the item asked for, and where names of terms
 * were taken for those of terms that differ in case or width alone. */
void item_note_differences(struct import_item *item, const ProtobufCMessage *stored);
