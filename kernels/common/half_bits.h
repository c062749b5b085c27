// float16 as bits, without branches: loops of these vectorise. No includes: it is read within namespaces,
// once for each instruction set.

/// IEEE binary16, rounded to nearest even; every NaN becomes the quiet one of its sign.
inline uint16_t half_bits(float value) {
  uint32_t u = std::bit_cast<uint32_t>(value), sign = (u >> 16) & 0x8000u, rest = u & 0x7fffffffu;
  // subnormal: adding 0.5 aligns the mantissa so that the hardware rounds to nearest even
  uint32_t small = std::bit_cast<uint32_t>(std::bit_cast<float>(rest) + 0.5f) - 0x3f000000u;
  uint32_t normal = (rest - 0x38000000u + 0xfffu + ((rest >> 13) & 1u)) >> 13;
  uint32_t half = rest < 0x38800000u ? small : normal;
  half = rest >= 0x47800000u ? 0x7c00u : half;  // infinity and all that rounds to it from 65536 on
  half = rest > 0x7f800000u ? 0x7e00u : half;
  return static_cast<uint16_t>(sign | half);
}

inline float float_of_half(uint16_t bits) {
  uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16, rest = bits & 0x7fffu;
  uint32_t small = std::bit_cast<uint32_t>(static_cast<float>(static_cast<int32_t>(rest)) * 0x1p-24f);
  uint32_t normal = (rest << 13) + 0x38000000u;
  uint32_t magnitude = rest < 0x400u ? small : normal;
  magnitude = rest >= 0x7c00u ? 0x7f800000u | (rest & 0x3ffu) << 13 : magnitude;
  return std::bit_cast<float>(sign | magnitude);
}
