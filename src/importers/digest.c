#include "importers/digest.h"

#include <sodium.h>

struct digest digest_of(struct slice text)
{
	struct digest digest;
	crypto_generichash(digest.bytes, sizeof digest.bytes, text.data, text.size, NULL, 0);
	return digest;
}

uint64_t digest_number(struct slice text)
{
	struct digest digest = digest_of(text);
	uint64_t number;
	memcpy(&number, digest.bytes, sizeof number);
	return number == 0 ? 1 : number;
}

void digest_hex(const struct digest *digest, char out[DIGEST_HEX_BYTES])
{
	sodium_bin2hex(out, DIGEST_HEX_BYTES, digest->bytes, sizeof digest->bytes);
}
