/* The version of the client library and of the server it was made with. */
#ifndef LECTERN_VERSION_H
#define LECTERN_VERSION_H

#define LECTERN_VERSION_MAJOR 0
#define LECTERN_VERSION_MINOR 1
#define LECTERN_VERSION_PATCH 0
#define LECTERN_VERSION "0.1.0"

#endif
