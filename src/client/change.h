/* The message behind a change, for tools that print it. Not part of the library's public interface.
 */
#pragma once
#include <lectern/v1/change.pb-c.h>
#include <lectern/watch.h>

const Lectern__V1__Change *change_message(const lectern_change *change);
