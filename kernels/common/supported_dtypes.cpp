#include "kernels/common/supported_dtypes.h"

#include <algorithm>

namespace miai {

Support supports_dtype(DType dtype, std::initializer_list<DType> dtypes) {
  if (std::find(dtypes.begin(), dtypes.end(), dtype) != dtypes.end()) return Support::yes();
  std::string words;
  for (DType one : dtypes) words += (words.empty() ? "" : " and ") + std::string(dtype_name(one));
  return Support::no("dtype " + std::string(dtype_name(dtype)) + ": made for " + words);
}

Support supports_floats(const KernelSignature& signature, std::initializer_list<DType> dtypes) {
  for (auto metas : {signature.inputs, signature.outputs})
    for (const TensorMeta& meta : metas) {
      if (!meta.present || !is_float(meta.dtype)) continue;
      if (Support can = supports_dtype(meta.dtype, dtypes); !can.ok) return can;
    }
  return Support::yes();
}

}  // namespace miai
