#include "server/authorize.h"

#include "auth/auth.h"
#include "base/log.h"

static void log_tokens(struct auth *auth, const char *what)
{
	struct auth_facts facts;
	auth_get_facts(auth, &facts);
	log_event(LOG_INFO, what, log_number("tokens", (int64_t)facts.token_count),
		log_number("expired", (int64_t)facts.expired_count), LOG_END);
	if (facts.token_count == facts.expired_count)
		log_event(LOG_WARN,
			"the tokens file has no token that is valid, so nobody may call; make one "
			"with lectern token create, then send SIGHUP",
			LOG_END);
}

enum code authorize_open(
	const char *file, struct rpc_options *rpc, struct auth **ret, struct error *err)
{
	*ret = NULL;
	if (file == NULL)
		return CODE_OK;
	enum code code = auth_open(file, ret, err);
	if (code != CODE_OK)
		return code;
	rpc->authorize = auth_authorize;
	rpc->authorizer = *ret;
	log_tokens(*ret, "calls need a token");
	return CODE_OK;
}

void authorize_reload(struct auth *auth)
{
	struct error err;
	if (auth == NULL)
		return;
	if (auth_reload(auth, &err) == CODE_OK)
		log_tokens(auth, "the tokens were read again");
	else
		log_event(LOG_ERROR, "the tokens file cannot be used; the tokens stay as they were",
			log_text("cause", err.text), LOG_END);
}
