/* The signals that tell the server what to do. */
#pragma once

/* Keeps them from this thread and those it starts later, for signals_wait(). */
void signals_block(void);

/* Waits for SIGTERM, SIGINT or SIGHUP and returns its number. */
int signals_wait(void);

/* From now on SIGTERM and SIGINT end the process at once. */
void signals_make_final(void);
