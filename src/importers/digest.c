#include "importers/digest.h"

#include <sodium.h>

struct digest digest_of(struct slice text)
{
	struct digest digest;
	crypto_generichash(digest.bytes, sizeof digest.bytes, text.data, text.size, NULL, 0);
	return digest;
}
