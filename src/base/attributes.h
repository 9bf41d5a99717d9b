/* Compiler attributes that every layer uses. */
#pragma once

#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define NODISCARD __attribute__((warn_unused_result))

/* Runs `closer(&variable)` when the variable leaves its scope. */
#define AUTO(closer) __attribute__((cleanup(closer)))
