/* Closing a socket of nng. */
#pragma once
#include <nng/nng.h>
#include <stdbool.h>

/* Closes it, once, late and in one place. Before 1.6 nng may wait for ever for a connection whose
 * peer left in the middle of a message; it closes contexts first, so that the rest of the program
 * can end all the same. False if it did not come back in time and so still has the socket. */
bool close_socket(nng_socket socket);
