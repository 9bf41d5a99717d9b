/* The report of an import that the user did not ask for as a file. */
#pragma once
#include <stdio.h>

/* Tells on standard error what was refused and why, the first of them. */
void import_report_refused(FILE *report);
