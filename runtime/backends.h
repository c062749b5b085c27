// The backends that are built in: runtime/backend.cpp picks among them.
#pragma once
#include "runtime/backend.h"

namespace miai {

Backend make_cpu_backend();
Backend make_fake_backend();

}  // namespace miai
