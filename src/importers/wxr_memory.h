/*
 * Memory for expat, with a maximum: whatever a file holds (a tag without an end, elements in
 * elements, any number of different names), the parser does not take more.
 */
#pragma once
#include <expat.h>

enum { WXR_PARSER_BYTES = 8 * 1024 * 1024 };

/* A parser with memory of its own; NULL when out of memory. For use in one thread. */
XML_Parser wxr_parser_new(void);
