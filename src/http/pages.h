/* Pages for operators and whoever looks what this is: /, /livez, /readyz, /metrics. */
#pragma once
#include "http/route.h"

enum { HTTP_PAGES = 4 };

/* Fills the first HTTP_PAGES entries. */
void http_pages(struct http_route *out);
