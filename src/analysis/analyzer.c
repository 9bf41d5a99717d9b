#include "analysis/analyzer.h"
