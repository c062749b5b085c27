// pack_bits and unpack_bits: a plan keeps the bools that a gradient needs as bits.
#include "kernels/common/attrs/pack_bits.h"

#include "graph/ops/builders.h"
#include "graph/ops/tables.h"

namespace miai::ops {
namespace {

Dim bytes_for(Dim bits) { return floor_div(bits + Dim(7), Dim(8)); }

void infer_pack(InferContext& c) {
  c.check_rank(0, 1);
  if (c.input(0).dtype != DType::kBool)
    c.fail(ErrorKind::kType, "inp", "expected dtype bool, got ", c.input(0).dtype);
  c.output(DType::kUInt8, {bytes_for(c.input(0).shape[0])}, c.input(0).device);
}

void infer_unpack(InferContext& c) {
  c.check_rank(0, 1);
  if (c.input(0).dtype != DType::kUInt8)
    c.fail(ErrorKind::kType, "inp", "expected dtype uint8, got ", c.input(0).dtype);
  Dim count = c.attrs<UnpackBitsAttrs>().count;
  c.check_dim(0, 0, bytes_for(count), "a byte for each 8 of 'count'");
  c.output(DType::kBool, {count}, c.input(0).device);
}

}  // namespace

void define_pack_bits(OpTable& table) {
  OpDef pack;
  pack.name = "pack_bits";
  pack.doc = "Bool i becomes bit i % 8 of byte i / 8; the bits after the last one are 0.";
  pack.inputs = {{"inp"}};
  pack.infer = infer_pack;
  pack.is_public = false;
  table.add(std::move(pack));

  OpDef unpack;
  unpack.name = "unpack_bits";
  unpack.doc = "The bools that pack_bits was given.";
  unpack.inputs = {{"inp"}};
  unpack.attrs = &attrs_type<UnpackBitsAttrs>();
  unpack.infer = infer_unpack;
  unpack.is_public = false;
  table.add(std::move(unpack));
}

void define_pack_bits_samples(SampleTable& samples) {
  SampleList& pack = samples.of("pack_bits");
  pack.check_grad = false;
  for (int64_t count : {0, 1, 7, 8, 9, 15, 16, 64, 1001, 70000}) pack.valid({b8({count})});
  pack.valid({b8({9}).sliced()})
      .invalid({b8({2, 3})}, {}, ErrorKind::kValue, "pack_bits: argument 'inp': expected rank 1, got rank 2")
      .invalid({b8({})}, {}, ErrorKind::kValue, "pack_bits: argument 'inp': expected rank 1, got rank 0")
      .invalid({f32({3})}, {}, ErrorKind::kType, "pack_bits: argument 'inp': expected dtype bool")
      .invalid({i64({3})}, {}, ErrorKind::kType, "pack_bits: argument 'inp': expected dtype bool")
      .invalid({b8({3})}, {{"count", int64_t{3}}}, ErrorKind::kType, "pack_bits");

  auto bytes = [](int64_t count) { return typed(DType::kUInt8, {count}).range(0, 256); };
  auto bits = [](int64_t count) { return AttrList{{"count", count}}; };
  SampleList& unpack = samples.of("unpack_bits");
  unpack.check_grad = false;
  for (int64_t count : {0, 1, 7, 8, 9, 15, 16, 64, 1001, 70000})
    unpack.valid({bytes((count + 7) / 8)}, bits(count));
  unpack.valid({bytes(3).sliced()}, bits(20))
      .invalid({bytes(3)}, bits(25), ErrorKind::kValue, "unpack_bits: argument 'inp': expected size 4")
      .invalid({bytes(3)}, bits(16), ErrorKind::kValue, "unpack_bits: argument 'inp': expected size 2")
      .invalid({f32({1})}, bits(8), ErrorKind::kType, "unpack_bits: argument 'inp': expected dtype uint8")
      .invalid({b8({1})}, bits(8), ErrorKind::kType, "unpack_bits: argument 'inp': expected dtype uint8")
      .invalid({typed(DType::kUInt8, {1, 1})}, bits(8), ErrorKind::kValue,
               "unpack_bits: argument 'inp': expected rank 1");
}

}  // namespace miai::ops
