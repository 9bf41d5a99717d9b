/* Ghost exports. */
#include "fuzz/import_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_format(&ghost_format, "export", data, size);
	return 0;
}
