// matmul, one dot product at a time.
#include "kernels/common/matmul_shape.h"
#include "kernels/reference/element.h"
#include "kernels/reference/reference_kernel.h"

namespace miai::kernels {
namespace {

template <class T>
void matmul_of(const KernelArgs& args) {
  using W = reference::Wide<T>;
  MatmulShape s = matmul_shape(args.inputs[0], args.inputs[1], args.outputs[0], args.attrs_as<MatmulAttrs>());
  reference::Reader<W> a(args.inputs[0]), b(args.inputs[1]);
  T* c = args.outputs[0].as<T>();
  for_each_matrix(s, [&](int64_t at_a, int64_t at_b, int64_t at_c) {
    for (int64_t i = 0; i < s.m && !args.context.is_cancelled(); ++i)
      for (int64_t j = 0; j < s.n; ++j) {
        W sum = 0;
        for (int64_t p = 0; p < s.k; ++p)
          sum += a[at_a + i * s.a.row + p * s.a.col] * b[at_b + p * s.b.row + j * s.b.col];
        c[at_c + i * s.c.row + j * s.c.col] = reference::narrow<T>(sum);
      }
  });
}

void run_matmul(const KernelArgs& args) {
  visit_dtype(args.outputs[0].dtype, [&]<class T>() { matmul_of<T>(args); });
}

}  // namespace

void register_reference_matmul(KernelTable& table) { table.add(reference_kernel("matmul", run_matmul)); }

}  // namespace miai::kernels
