#include "test/graph/passes/pass_testing.h"

namespace miai {
namespace {

using namespace testing;
constexpr PassFunction kFuse = then_clean<fuse_embedding_update>;

// The gradient becomes input 0 of the program: what was before it moves up, what was after it stays.
TEST(FuseEmbeddingUpdate, TheGradientIsPartOfTheUpdate) {
  expect_pass(
      kFuse,
      R"(func @main(%0 dy: float32[n, 4], %1 inp: int64[n]) state(%2 v: float32[5, 4] -> %5, %3 w: float32[5, 4] -> %6) {
    %4 = embedding_backward(%0, %1) {num_embeddings=5, padding_idx=1}: float32[5, 4]
    %5, %6 = pointwise(%2, %4, %3) {program='in:float32#0;in:float32#1;add:float32,0,1;in:float32#2;sub:float32,3,2>2,4|3'}: float32[5, 4], float32[5, 4]  # train.py:3
    return
  })",
      R"(func @main(%0 dy: float32[n, 4], %1 inp: int64[n]) state(%2 v: float32[5, 4] -> %5, %3 w: float32[5, 4] -> %6) {
    %5, %6 = embedding_update(%0, %1, %2, %3) {num_embeddings=5, padding_idx=1, program='in:float32#1;in:float32#0;add:float32,0,1;in:float32#2;sub:float32,3,2>2,4|3'}: float32[5, 4], float32[5, 4]  # train.py:3
    return
  })");
}

// A weight that is looked up twice: one of the gradients is part of the update, the program reads the other.
TEST(FuseEmbeddingUpdate, OneOfTwoGradients) {
  expect_pass(kFuse,
              R"(func @main(%0 dy: float32[3, 4], %1 inp: int64[3], %2 dz: float32[2, 4], %3 at: int64[2]) {
    %4 = embedding_backward(%0, %1) {num_embeddings=5}: float32[5, 4]
    %5 = embedding_backward(%2, %3) {num_embeddings=5}: float32[5, 4]
    %6 = pointwise(%5, %4) {program='in:float32#0;in:float32#1;sub:float32,0,1>2|2'}: float32[5, 4]
    return %6
  })",
              R"(func @main(%0 dy: float32[3, 4], %1 inp: int64[3], %2 dz: float32[2, 4], %3 at: int64[2]) {
    %4 = embedding_backward(%0, %1) {num_embeddings=5}: float32[5, 4]
    %6 = embedding_update(%2, %3, %4) {num_embeddings=5, program='in:float32#0;in:float32#1;sub:float32,0,1>2|2'}: float32[5, 4]
    return %6
  })");
}

TEST(FuseEmbeddingUpdate, AGradientThatOthersReadStays) {
  expect_unchanged(kFuse, R"(func @main(%0 dy: float32[3, 4], %1 inp: int64[3], %2 w: float32[5, 4]) {
    %3 = embedding_backward(%0, %1) {num_embeddings=5}: float32[5, 4]
    %4 = pointwise(%2, %3) {program='in:float32#0;in:float32#1;sub:float32,0,1>2|2'}: float32[5, 4]
    %5 = sum(%3): float32[]
    return %4, %5
  })");
}

TEST(FuseEmbeddingUpdate, AGradientThatIsAResultStays) {
  expect_unchanged(kFuse, R"(func @main(%0 dy: float32[3, 4], %1 inp: int64[3], %2 w: float32[5, 4]) {
    %3 = embedding_backward(%0, %1) {num_embeddings=5}: float32[5, 4]
    %4 = pointwise(%2, %3) {program='in:float32#0;in:float32#1;sub:float32,0,1>2|2'}: float32[5, 4]
    return %4, %3
  })");
  expect_unchanged(
      kFuse,
      R"(func @main(%0 dy: float32[3, 4], %1 inp: int64[3], %2 w: float32[5, 4]) state(none grad -> %3) {
    %3 = embedding_backward(%0, %1) {num_embeddings=5}: float32[5, 4]
    %4 = pointwise(%2, %3) {program='in:float32#0;in:float32#1;sub:float32,0,1>2|2'}: float32[5, 4]
    return %4
  })");
}

TEST(FuseEmbeddingUpdate, AGradientThatIsBroadcastStays) {
  expect_unchanged(kFuse, R"(func @main(%0 dy: float32[3, 4], %1 inp: int64[3], %2 w: float32[2, 5, 4]) {
    %3 = embedding_backward(%0, %1) {num_embeddings=5}: float32[5, 4]
    %4 = pointwise(%2, %3) {program='in:float32#0;in:float32#1;sub:float32,0,1>2|2'}: float32[2, 5, 4]
    return %4
  })");
}

}  // namespace
}  // namespace miai
