/* Exports of WordPress. The first byte says how many are parsed at once. */
#include "fuzz/import_checks.h"
#include "importers/wxr_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t first = size > 0;
	wxr_set_chunk_bytes(first ? data[0] : 0);
	check_format(&wordpress_format, "export.xml", data + first, size - first);
	return 0;
}
