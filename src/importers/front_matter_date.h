/* Dates as people write them into front matter. */
#pragma once
#include "base/attributes.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * Reads YAML's and TOML's forms ("2019-07-02", "2019-7-2 9:05", "2019-07-02T13:05:00.5+02:00",
 * "2019-07-02 13:05:00 -4", "2019/07/02", "20190702T130500Z"), those of mail and of `date` ("Tue,
 * 02 Jul 2019 13:05:00 GMT", "Tue Jul 2 13:05:00 CEST 2019"), "July 2nd, 2019 1:05 pm", "2.7.2019",
 * "7/31/2019" where no other reading is possible, and seconds since 1970. Without a zone it is UTC.
 *
 * False for anything else and for days that no calendar has. *ret_zone_unknown: the zone has a name
 * that says nothing here; the time was read as UTC.
 */
bool front_matter_date(struct slice text, int64_t *ret_us, bool *ret_zone_unknown) NODISCARD;
