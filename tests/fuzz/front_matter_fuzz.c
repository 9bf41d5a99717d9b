/* Posts with front matter in YAML, TOML and JSON. */
#include "fuzz/import_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = { "_posts/2020-01-02-a.md", "content/b.html",
		"content/2021/c/index.md", "d.en.markdown" };
	check_format(&front_matter_format, paths[size % 4], data, size);
	return 0;
}
