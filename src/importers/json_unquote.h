/* Texts of JSON as they are meant. */
#pragma once
#include "base/attributes.h"
#include "base/slice.h"

/* Writes the string, given with its quotes, without them and without escapes; `out` has room for
 * text.size bytes and may be text.data. What comes out is UTF-8 without NUL. Returns NULL, or what
 * is wrong with it, as "holds ...". */
const char *unquote(struct slice text, uint8_t *out, size_t *ret_size) NODISCARD;
