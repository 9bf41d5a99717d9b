#include "analysis/html_text.h"
