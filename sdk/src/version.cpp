#include "miai/miai.h"

const char* miai_version() { return MIAI_VERSION; }
