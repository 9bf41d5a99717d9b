#include "services/page_token.h"

#include <sodium.h>

enum {
	TOKEN_VERSION = 1,
	HEAD_BYTES = 1 + PAGE_FINGERPRINT_BYTES,
	MAC_BYTES = 16,
	TOKEN_BYTES_MAX = HEAD_BYTES + PAGE_POSITION_BYTES_MAX + MAC_BYTES,
	TOKEN_TEXT_BYTES = sodium_base64_ENCODED_LEN(
		TOKEN_BYTES_MAX, sodium_base64_VARIANT_URLSAFE_NO_PADDING),
};

_Static_assert(
	(int)TOKEN_TEXT_BYTES <= (int)LIMIT_PAGE_TOKEN_BYTES, "every token is accepted again");

void page_fingerprint(struct page_fingerprint *ret, const struct slice *parts, size_t count)
{
	uint8_t hash[crypto_generichash_BYTES_MIN];
	crypto_generichash_state state;
	crypto_generichash_init(&state, NULL, 0, sizeof hash);
	for (size_t i = 0; i < count; i++) {
		uint64_t size = parts[i].size;
		crypto_generichash_update(&state, (const uint8_t *)&size, sizeof size);
		crypto_generichash_update(&state, parts[i].data, parts[i].size);
	}
	crypto_generichash_final(&state, hash, sizeof hash);
	memcpy(ret->bytes, hash, sizeof ret->bytes);
}

static void sign(const struct services *services, struct slice body, uint8_t mac[MAC_BYTES])
{
	crypto_generichash(mac, MAC_BYTES, body.data, body.size, services->page_token_key,
		sizeof services->page_token_key);
}

void page_token_reply(struct rpc_call *call, uint32_t number,
	const struct page_fingerprint *fingerprint, struct slice position)
{
	uint8_t token[TOKEN_BYTES_MAX] = { TOKEN_VERSION };
	char text[TOKEN_TEXT_BYTES];
	size_t position_size =
		position.size < PAGE_POSITION_BYTES_MAX ? position.size : PAGE_POSITION_BYTES_MAX;
	memcpy(token + 1, fingerprint->bytes, sizeof fingerprint->bytes);
	if (position_size > 0)
		memcpy(token + HEAD_BYTES, position.data, position_size);
	size_t size = HEAD_BYTES + position_size;
	sign(services_of(call), slice_of(token, size), token + size);
	sodium_bin2base64(text, sizeof text, token, size + MAC_BYTES,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	reply_text(&call->reply, number, text);
}

enum code page_token_read(struct rpc_call *call, const char *text,
	const struct page_fingerprint *fingerprint, struct slice *ret, struct error *err)
{
	uint8_t mac[MAC_BYTES];
	size_t size;
	uint8_t *token = arena_alloc(call->arena, TOKEN_BYTES_MAX);
	if (token == NULL)
		return fail_out_of_memory(err);
	if (sodium_base642bin(token, TOKEN_BYTES_MAX, text, strlen(text), NULL, &size, NULL,
		    sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
		size < HEAD_BYTES + MAC_BYTES || token[0] != TOKEN_VERSION)
		return fail_field(err, CODE_INVALID_ARGUMENT, "PAGE_TOKEN_MALFORMED", "page_token",
			"is not a token of this server; send next_page_token as you got it");
	size_t body_size = size - MAC_BYTES;
	sign(services_of(call), slice_of(token, body_size), mac);
	if (sodium_memcmp(mac, token + body_size, MAC_BYTES) != 0)
		return fail_field(err, CODE_INVALID_ARGUMENT, "PAGE_TOKEN_FORGED", "page_token",
			"was changed or comes from another store; begin with the first page");
	if (memcmp(fingerprint->bytes, token + 1, sizeof fingerprint->bytes) != 0)
		return fail_field(err, CODE_INVALID_ARGUMENT, "PAGE_TOKEN_OTHER_QUERY",
			"page_token", "belongs to another query; repeat the query it came from");
	*ret = slice_of(token + HEAD_BYTES, body_size - HEAD_BYTES);
	return CODE_OK;
}
