/* The report of an import that the user did not ask for as a file. */
#pragma once
#include <stdio.h>

/* Tells on standard error what was refused and why, the first of them, and how much was left out
 * for which reasons. */
void import_report_show(FILE *report);
