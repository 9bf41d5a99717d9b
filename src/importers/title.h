/* Titles of posts that are parts of a series. */
#pragma once
#include "base/attributes.h"
#include "base/slice.h"

/* Splits "Name (Part 2)", "Name [Part 2]", "Name, Part 2", "Name: Part 2" and "Name - Part 2" (also
 * with a longer dash). False for any other title. */
bool title_is_part(struct slice title, struct slice *ret_name, uint32_t *ret_part) NODISCARD;
