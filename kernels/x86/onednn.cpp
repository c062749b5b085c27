#include "kernels/x86/onednn.h"

#include <algorithm>
#include <mutex>

#include "kernels/common/parallel.h"
#ifdef _OPENMP
#include <omp.h>
#endif

namespace miai::kernels::onednn {
namespace {

constexpr size_t kAlign = 64;
size_t aligned(size_t bytes) { return (bytes + kAlign - 1) / kAlign * kAlign; }

dnnl::stream& stream() {
  thread_local dnnl::stream stream(engine());
  return stream;
}

bool has_avx512() {
  static const bool has = (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) &
                           static_cast<unsigned>(dnnl::cpu_isa::avx512_core)) ==
                          static_cast<unsigned>(dnnl::cpu_isa::avx512_core);
  return has;
}

/// oneDNN makes primitives for the number of threads that OpenMP would use now.
class ThreadsInForce {
 public:
#ifdef _OPENMP
  explicit ThreadsInForce(int threads) : previous_(omp_get_max_threads()) { omp_set_num_threads(threads); }
  ~ThreadsInForce() { omp_set_num_threads(previous_); }
#else
  explicit ThreadsInForce(int) : previous_(1) {}
#endif
  ThreadsInForce(const ThreadsInForce&) = delete;
  ThreadsInForce& operator=(const ThreadsInForce&) = delete;

 private:
  int previous_;
};

}  // namespace

const dnnl::engine& engine() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

std::string library_name() {
  const dnnl_version_t* v = dnnl_version();
  return "oneDNN " + std::to_string(v->major) + "." + std::to_string(v->minor) + "." +
         std::to_string(v->patch);
}

Support supports_dtype(const KernelSignature& signature) {
  for (auto metas : {signature.inputs, signature.outputs})
    for (const TensorMeta& meta : metas) {
      if (!meta.present) continue;
      bool ok = meta.dtype == DType::kFloat32 || (meta.dtype == DType::kBFloat16 && has_avx512());
      if (!ok)
        return Support::no("dtype " + std::string(dtype_name(meta.dtype)) + ": oneDNN has no such " +
                           std::string(signature.op) + " on this processor");
      if (meta.layout != Layout::kStrided) return Support::no("an opaque layout");
      if (meta.size() == 0) return Support::no("an empty tensor");
    }
  return Support::yes();
}

dnnl::memory::data_type data_type(DType dtype) {
  return dtype == DType::kBFloat16 ? dnnl::memory::data_type::bf16 : dnnl::memory::data_type::f32;
}

Desc strided_desc(DType dtype, const Shape& shape, const Strides& strides) {
  dnnl::memory::dims sizes(shape.begin(), shape.end()), steps(strides.begin(), strides.end());
  int64_t extent = 1;
  for (int d = 0; d < shape.size(); ++d)
    if (shape[d] > 1) extent = std::max(extent, shape[d] * strides[d]);
  for (int d = shape.size() - 1; d >= 0; --d) {
    if (shape[d] != 1) continue;
    bool innermost = d == shape.size() - 1;
    steps[d] = innermost ? 1 : sizes[d + 1] * steps[d + 1];
    if (!innermost)
      steps[d] = std::max<int64_t>(steps[d], 1);
    else if (extent > 1 && shape.size() > 1)
      steps[d] = 1;
  }
  return Desc(sizes, data_type(dtype), steps);
}

Desc strided_desc(const TensorMeta& meta) {
  if (!meta.is_channels_last() || meta.is_dense()) return strided_desc(meta.dtype, meta.shape, meta.strides);
  return Desc(dnnl::memory::dims(meta.shape.begin(), meta.shape.end()), data_type(meta.dtype),
              dnnl::memory::format_tag::nhwc);
}

Desc any_desc(DType dtype, const Shape& shape) {
  return Desc(dnnl::memory::dims(shape.begin(), shape.end()), data_type(dtype),
              dnnl::memory::format_tag::any);
}

dnnl::primitive_attr attributes(const std::string& activation, const Desc* z) {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  dnnl::post_ops ops;
  if (z) ops.append_binary(dnnl::algorithm::binary_add, *z);
  if (activation == "relu") ops.append_eltwise(dnnl::algorithm::eltwise_relu, 0.f, 0.f);
  if (activation == "relu6") ops.append_eltwise(dnnl::algorithm::eltwise_clip, 0.f, 6.f);
  if (activation == "sigmoid") ops.append_eltwise(dnnl::algorithm::eltwise_logistic, 0.f, 0.f);
  if (activation == "tanh") ops.append_eltwise(dnnl::algorithm::eltwise_tanh, 0.f, 0.f);
  attr.set_post_ops(ops);
  return attr;
}

// ---- Program ----

struct Program::Bound {
  struct Item {
    dnnl::memory memory;
    Place place;
  };
  std::vector<Item> items;
  std::vector<std::vector<dnnl_exec_arg_t>> steps;
};

struct Program::Pool {
  std::mutex mutex;
  std::vector<std::unique_ptr<Bound>> free;
};

Program::Program() : pool_(std::make_shared<Pool>()) {}

Place Program::scratch(size_t bytes) {
  Place place{Place::kWorkspace, workspace_bytes_};
  workspace_bytes_ += aligned(bytes);
  return place;
}

void Program::add(const dnnl::primitive_desc_base& desc, std::vector<Argument> arguments) {
  Desc scratchpad = desc.scratchpad_desc();
  if (scratchpad.get_size() > 0)
    arguments.push_back({DNNL_ARG_SCRATCHPAD, scratch(scratchpad.get_size()), scratchpad});
  steps_.push_back({desc, {}, std::move(arguments)});
}

Place Program::reordered(Place place, const Desc& given, const Desc& wanted) {
  if (given == wanted) return place;
  Place copy = scratch(wanted.get_size());
  reorder_back(place, given, copy, wanted);
  return copy;
}

Place Program::target(Place place, const Desc& given, const Desc& made) {
  return given == made ? place : scratch(made.get_size());
}

void Program::reorder_back(Place made_at, const Desc& made, Place place, const Desc& given) {
  if (given == made) return;
  add(dnnl::reorder::primitive_desc(engine(), made, engine(), given, attributes()),
      {{DNNL_ARG_FROM, made_at, made}, {DNNL_ARG_TO, place, given}});
}

Place Program::weight(Place place, const Desc& given, const Desc& wanted) {
  if (!takes_packed_) return reordered(place, given, wanted);
  if (!(given == wanted)) packing_ = {given, wanted};
  return place;
}

void Program::compile() {
  for (Step& step : steps_) step.primitive = dnnl::primitive(step.desc.get());
}

std::unique_ptr<Program::Bound> Program::bind() const {
  auto bound = std::make_unique<Bound>();
  for (const Step& step : steps_) {
    std::vector<dnnl_exec_arg_t>& list = bound->steps.emplace_back();
    for (const Argument& argument : step.arguments) {
      dnnl::memory memory(argument.desc, engine(), DNNL_MEMORY_NONE);
      list.push_back({argument.name, memory.get()});
      bound->items.push_back({std::move(memory), argument.place});
    }
  }
  return bound;
}

void Program::run(const KernelArgs& args) const {
  std::unique_ptr<Bound> bound;
  {
    std::lock_guard lock(pool_->mutex);
    if (!pool_->free.empty()) {
      bound = std::move(pool_->free.back());
      pool_->free.pop_back();
    }
  }
  if (!bound) bound = bind();
  for (Bound::Item& item : bound->items) {
    void* data = item.place.kind == Place::kInput    ? args.inputs[item.place.at].data
                 : item.place.kind == Place::kOutput ? args.outputs[item.place.at].data
                                                     : static_cast<char*>(args.workspace) + item.place.at;
    dnnl_memory_set_data_handle(item.memory.get(), data);
  }
  for (size_t i = 0; i < steps_.size(); ++i) {
    const auto& list = bound->steps[i];
    dnnl_status_t status = dnnl_primitive_execute(steps_[i].primitive.get(), stream().get(),
                                                  static_cast<int>(list.size()), list.data());
    if (status != dnnl_success)
      raise(ErrorKind::kRuntime, "oneDNN failed with status ", static_cast<int>(status));
  }
  std::lock_guard lock(pool_->mutex);
  pool_->free.push_back(std::move(bound));
}

// ---- state ----

namespace {

struct State {
  int threads = 1;
  Program many;
  mutable Program one;
  mutable std::once_flag one_made;
  dnnl::reorder pack;
};

/// Both programs; nullptr if they cannot read one packed weight.
std::shared_ptr<State> make_state(const KernelSignature& signature, const BuildProgram& build, bool alone) {
  auto state = std::make_shared<State>();
  state->threads = alone ? 1 : thread_count();
  {
    ThreadsInForce threads(state->threads);
    if (signature.packed) state->many.take_packed(std::nullopt);
    build(signature, state->many);
    state->many.compile();
    if (const auto& packing = state->many.packing()) {
      dnnl::primitive_attr attr;
      state->pack = dnnl::reorder(
          dnnl::reorder::primitive_desc(engine(), packing->first, engine(), packing->second, attr));
    }
  }
  ThreadsInForce threads(1);
  const auto& packing = state->many.packing();
  if (signature.packed) state->one.take_packed(packing ? std::optional(packing->second) : std::nullopt);
  build(signature, state->one);
  if (state->one.packing() != packing) return nullptr;
  return state;
}

}  // namespace

Support supports_program(const KernelSignature& signature, const BuildProgram& build) {
  try {
    Program program;
    build(signature, program);
    return Support::yes();
  } catch (const dnnl::error& error) {
    return Support::no(std::string("oneDNN: ") + error.what());
  }
}

Prepared prepare_program(const KernelSignature& signature, const BuildProgram& build, bool alone) {
  std::shared_ptr<State> state = make_state(signature, build, alone);
  if (!state) {
    KernelSignature unpacked = signature;
    unpacked.packed = false;
    state = make_state(unpacked, build, alone);
  }
  const auto& packing = state->many.packing();
  return {state, std::max(state->many.workspace_bytes(), state->one.workspace_bytes()),
          packing ? packing->second.get_size() : 0};
}

void pack_program_weight(const void* program_state, const TensorView& weight, void* packed) {
  const auto& state = *static_cast<const State*>(program_state);
  const auto& [given, wanted] = *state.many.packing();
  LibraryThreads library;
  ThreadsInForce threads(library.count() == state.threads ? state.threads : 1);
  dnnl::memory from(given, engine(), weight.data), to(wanted, engine(), packed);
  state.pack.execute(stream(), from, to);
}

void run_program(const KernelArgs& args) {
  const State& state = args.state_as<State>();
  if (state.threads == 1) {
    ThreadsInForce threads(1);
    return state.many.run(args);
  }
  LibraryThreads library;
  if (library.count() == state.threads) return state.many.run(args);
  ThreadsInForce threads(1);
  std::call_once(state.one_made, [&] { state.one.compile(); });
  state.one.run(args);
}

}  // namespace miai::kernels::onednn
