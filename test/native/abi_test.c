/* The header is C: this file is compiled as such. */
#include "backends/backend_abi.h"

size_t jetfleet_abi_sizes(void) { return sizeof(JfBackendFunctions) + sizeof(JfIo); }
