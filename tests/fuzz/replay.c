/*
 * Runs a fuzz target without libFuzzer: each file of the corpus as it is, cut at each length, and
 * with each byte changed in a few ways. Long files are cut and changed at evenly spread places.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	FILE_BYTES_MAX = 1 << 20,
	PLACES_MAX = 400, /* of each file */
};

static size_t runs;

/* On a copy of just this size, so that a sanitizer sees a read behind the end. */
static void run(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size == 0 ? 1 : size);
	if (copy == NULL)
		abort();
	memcpy(copy, data, size);
	LLVMFuzzerTestOneInput(copy, size);
	free(copy);
	runs++;
}

static void run_variants(uint8_t *data, size_t size)
{
	static const uint8_t masks[] = { 0x01, 0x80, 0xFF };
	size_t step = size / PLACES_MAX + 1;
	run(data, size);
	for (size_t at = 0; at < size; at += step) {
		run(data, at);
		for (size_t i = 0; i < sizeof masks; i++) {
			data[at] ^= masks[i];
			run(data, size);
			data[at] ^= masks[i];
		}
	}
}

static void run_file(const char *path)
{
	static uint8_t data[FILE_BYTES_MAX];
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		perror(path);
		exit(1);
	}
	size_t size = fread(data, 1, sizeof data, file);
	fclose(file);
	run_variants(data, size);
}

int main(int argc, char **argv)
{
	size_t files = 0;
	DIR *directory = argc == 2 ? opendir(argv[1]) : NULL;
	if (directory == NULL) {
		fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
		return 2;
	}
	for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
		char path[4096];
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", argv[1], entry->d_name);
		run_file(path);
		files++;
	}
	closedir(directory);
	printf("%zu files, %zu runs\n", files, runs);
	return files > 0 ? 0 : 1;
}
