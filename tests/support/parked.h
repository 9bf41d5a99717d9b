/* The method of the transport's fixture whose calls wait; transport_fixture.h has the rest of it.
 */
#pragma once
#include "rpc/rpc.h"

enum code parked_list_tags(
	struct rpc_call *call, const ProtobufCMessage *message, struct error *err);

/* Around all tests of a program. */
int parked_set_up(void);
void parked_tear_down(void);

/* At the start of a server. */
void parked_reset(void);
