/* A disk that can be full: a tmpfs in a mount namespace of the test's own. */
#pragma once
#include <stdbool.h>

/* `size` as mount(8) has it, "3m" for example. False where neither root nor a user namespace may
 * mount. A second disk is no trouble. */
bool mount_small_disk(const char *directory, const char *size);
