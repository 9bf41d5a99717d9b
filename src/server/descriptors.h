/* How many files and connections the process may have open. */
#pragma once
#include <stddef.h>

/* Raises the limit as far as this user may and returns it. */
size_t descriptors_raise(void);

/* Connections that leave enough descriptors for everything else. */
size_t descriptors_for_connections(size_t limit);
