/* Unicode text: checking, folding and slugs. UTF-8 throughout. */
#pragma once
#include "base/attributes.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the first byte lies that is NUL or not part of well-formed UTF-8 (Unicode 15, table 3-7:
 * no overlong forms, no surrogates, nothing above U+10FFFF); text.size if there is none. */
size_t text_find_invalid(struct slice text);

/* The longest prefix of at most max_bytes that ends at a character. The text is valid. */
size_t text_cut(struct slice text, size_t max_bytes);

/*
 * Folds a name for comparison: NFKC with case folding (so that case and width do not matter),
 * white space trimmed and inner runs of it made one blank. The text must be valid.
 * Writes at most capacity - 1 bytes and a NUL, cut at a character; returns the bytes written
 * without the NUL.
 */
size_t text_fold(struct slice text, char *out, size_t capacity);

/*
 * Makes a slug: NFKC, lower case, letters and digits of every script kept, apostrophes dropped,
 * every other run of characters made one '-'. Ends trimmed. May be empty. The text must be valid.
 * Same buffer rules as text_fold(); a long slug is cut at a '-' where there is one near.
 */
size_t text_slug(struct slice text, char *out, size_t capacity);

/* Whether the text is a slug that a caller may choose: 1 to 200 bytes; letters and marks (no upper
 * case, none that is invisible), digits, '-', '_' and '.' in any script; not only dots. */
bool text_is_slug(struct slice text);

/* Where the first byte lies that no address of the web may have as it is (controls, blanks,
 * quotation marks and angle brackets); 0 unless it begins with http:// or https://, in any case;
 * text.size for an address. */
size_t text_find_url_invalid(struct slice text);

/* Whether it is one, of at most LIMIT_URL_BYTES. */
bool text_is_url(struct slice text);

/* Reads a decimal number: digits and nothing else. False where there are none, there is something
 * else, or the number is too large. */
bool text_number(struct slice text, uint64_t *ret);
