// Operators in shared libraries. Their gradients are not for the SDK.
#include "graph/plugin/load.h"
#include "miai/miai.h"
#include "sdk/src/status.h"

miai_status miai_load_plugin(const char* path) {
  return miai::sdk::guarded([&] {
    if (!path) miai::raise(miai::ErrorKind::kValue, "miai_load_plugin: no path");
    miai::load_plugin(path, nullptr);
  });
}
