#include "kernels/common/attrs/recurrence.h"

#include "kernels/common/parallel.h"
#include "test/kernels/isa_check.h"
#include "test/kernels/kernel_check.h"

namespace miai::test {
namespace {

constexpr double kFactor = 400;  // steps of sums of some dozen products

struct Sizes {
  int64_t steps, batch, hidden;
};

Shape sequence(const RecurrenceAttrs& a, Sizes n, int64_t features) {
  return a.batch_first ? Shape{n.batch, n.steps, features} : Shape{n.steps, n.batch, features};
}
std::vector<TensorMeta> metas(std::vector<Shape> shapes) {
  std::vector<TensorMeta> list;
  for (const Shape& shape : shapes) list.push_back(dense_meta(DType::kFloat32, shape));
  return list;
}

Call forward_call(const RecurrenceAttrs& a, Sizes n, bool has_states, std::mt19937& rng) {
  const RecurrentCell& cell = *find_recurrent_cell(a.cell);
  auto random = [&](const Shape& shape) { return Tensor::random(DType::kFloat32, shape, rng); };
  Shape state{n.batch, n.hidden};
  std::vector<Shape> outputs{sequence(a, n, n.hidden), sequence(a, n, cell.saved * n.hidden)};
  for (int k = 0; k < cell.states; ++k) outputs.push_back(state);
  Call call{"recurrence", make_attrs(a), {}, metas(outputs)};
  call.inputs = {random(sequence(a, n, cell.gates * n.hidden)), random({cell.gates * n.hidden, n.hidden}),
                 has_states ? random({cell.gates * n.hidden}) : Tensor::absent()};
  for (int k = 0; k < cell.states; ++k) call.inputs.push_back(has_states ? random(state) : Tensor::absent());
  return call;
}

/// The gradient of a call whose outputs these are.
Call backward_call(const Call& forward, const std::vector<Tensor>& outputs, bool has_states, int gap,
                   std::mt19937& rng) {
  const RecurrentCell& cell = *find_recurrent_cell(forward.attrs.as<RecurrenceAttrs>().cell);
  bool two = cell.states > 1;
  auto state = [&](bool given) {
    return given ? Tensor::random(DType::kFloat32, forward.outputs[2].shape, rng) : Tensor::absent();
  };
  std::vector<Shape> shapes{forward.inputs[0].view().shape};
  for (int k = 0; k < cell.states; ++k) shapes.push_back(forward.outputs[2].shape);
  if (cell.kind == RecurrentCell::kGru) shapes.push_back(forward.outputs[0].shape);
  Call call{"recurrence_backward", forward.attrs, {}, metas(shapes)};
  call.inputs = {Tensor::random(DType::kFloat32, forward.outputs[0].shape, rng, {}, gap),
                 outputs[0],
                 outputs[1],
                 forward.inputs[1],
                 forward.inputs[3],
                 two ? forward.inputs[4] : Tensor::absent(),
                 state(has_states),
                 state(has_states && two)};
  return call;
}

template <class F>
void for_each_call(F&& body) {
  constexpr Sizes kSizes[] = {{5, 3, 4}, {1, 1, 1}, {4, 2, 33}, {3, 26, 17}, {2, 14, 100}, {2, 3, 270}};
  std::mt19937 rng(5);
  int count = 0;
  for (const RecurrentCell& cell : kRecurrentCells)
    for (Sizes sizes : kSizes) {
      RecurrenceAttrs attrs{std::string(cell.name), count % 2 == 1, count % 3 == 1};
      bool has_states = count % 5 != 2;
      Call call = forward_call(attrs, sizes, has_states, rng);
      body(call, has_states, ++count, rng);
    }
}

std::vector<Tensor> run_reference(const Call& call) {
  return PreparedKernel(*KernelTable::global().find(DeviceKind::kCpu, call.op).back(), call).run();
}

TEST(Recurrence, EveryCellAgreesWithTheReference) {
  for_each_isa([](const std::string& isa) {
    for_each_call([&](const Call& call, bool has_states, int number, std::mt19937& rng) {
      std::string what = isa + " call " + std::to_string(number);
      int compared = check_kernels(call, kFactor, what);
      Call backward = backward_call(call, run_reference(call), has_states, number % 4 == 3 ? 2 : 1, rng);
      compared += check_kernels(backward, kFactor, what);
      bool portable = KernelTable::global().find(DeviceKind::kCpu, call.op).size() == 1;
      EXPECT_TRUE(portable || compared == 2) << what;
    });
  });
}

void expect_same_bits(const Call& call, const std::string& what) {
  const Kernel& kernel = *KernelTable::global().find(DeviceKind::kCpu, call.op).front();
  PreparedKernel prepared(kernel, call);
  int before = thread_count();
  set_thread_count(1);
  std::vector<Tensor> one = prepared.run();
  set_thread_count(3);
  std::vector<Tensor> three = prepared.run();
  set_thread_count(before);
  for (size_t k = 0; k < one.size(); ++k)
    for (int64_t i = 0; i < one[k].view().size(); ++i)
      ASSERT_EQ(one[k].at(i), three[k].at(i)) << what << ", output " << k << ", element " << i;
}

TEST(Recurrence, TheNumberOfThreadsChangesNoBit) {
  std::mt19937 rng(6);
  for (const char* cell : {"gru", "lstm", "rnn_tanh"}) {
    Call call = forward_call({cell, true, false}, {20, 40, 50}, true, rng);
    expect_same_bits(call, cell);
    expect_same_bits(backward_call(call, run_reference(call), true, 1, rng), std::string(cell) + " backward");
  }
}

}  // namespace
}  // namespace miai::test
