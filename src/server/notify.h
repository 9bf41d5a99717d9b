/* Tells a service manager how the server does: the protocol of sd_notify(3). */
#pragma once

/* Sends for example "READY=1". Does nothing where the variable NOTIFY_SOCKET is not set; a message
 * that cannot be delivered is dropped. */
void notify_service_manager(const char *state);
