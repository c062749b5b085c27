// The library's version, dtypes and process-wide settings.
#include "kernels/common/dtype.h"
#include "kernels/common/error.h"
#include "kernels/common/parallel.h"
#include "miai/miai.h"
#include "runtime/cancel.h"
#include "sdk/src/status.h"

const char* miai_version() { return MIAI_VERSION; }

const char* miai_dtype_name(miai_dtype dtype) {
  if (dtype < MIAI_BOOL || dtype > MIAI_FLOAT64) return "unknown";
  return miai::dtype_name(static_cast<miai::DType>(dtype)).data();  // of a literal: ends with a zero
}

size_t miai_dtype_size(miai_dtype dtype) {
  if (dtype < MIAI_BOOL || dtype > MIAI_FLOAT64) return 0;
  return miai::dtype_size(static_cast<miai::DType>(dtype));
}

miai_status miai_set_threads(int threads) {
  return miai::sdk::guarded([&] {
    if (threads < 1)
      miai::raise(miai::ErrorKind::kValue, "miai_set_threads: expected at least 1, got ", threads);
    miai::set_thread_count(threads);
  });
}

void miai_cancel() { miai::request_cancel(); }
