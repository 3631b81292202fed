// Element types by the names that JAX prints in a jaxpr.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace jaxsmith::tensor {

//            enum    jaxpr    numpy         bytes  class
#define JAXSMITH_DTYPES(X)                     \
  X(kBool, "bool", "bool", 1, kBoolean)        \
  X(kI8, "i8", "int8", 1, kSigned)             \
  X(kI16, "i16", "int16", 2, kSigned)          \
  X(kI32, "i32", "int32", 4, kSigned)          \
  X(kI64, "i64", "int64", 8, kSigned)          \
  X(kU8, "u8", "uint8", 1, kUnsigned)          \
  X(kU16, "u16", "uint16", 2, kUnsigned)       \
  X(kU32, "u32", "uint32", 4, kUnsigned)       \
  X(kU64, "u64", "uint64", 8, kUnsigned)       \
  X(kF16, "f16", "float16", 2, kReal)          \
  X(kBF16, "bf16", "bfloat16", 2, kReal)       \
  X(kF32, "f32", "float32", 4, kReal)          \
  X(kF64, "f64", "float64", 8, kReal)          \
  X(kC64, "c64", "complex64", 8, kComplex)     \
  X(kC128, "c128", "complex128", 16, kComplex) \
  JAXSMITH_NARROW_DTYPES(X)

// Types narrower than a byte or than 16 bits of floating point: one byte an element, as ml_dtypes
// keeps them in NumPy arrays. jaxsmith reads and writes them but plans nothing with them.
#define JAXSMITH_NARROW_DTYPES(X)                                     \
  X(kI2, "i2", "int2", 1, kSigned)                                    \
  X(kI4, "i4", "int4", 1, kSigned)                                    \
  X(kU2, "u2", "uint2", 1, kUnsigned)                                 \
  X(kU4, "u4", "uint4", 1, kUnsigned)                                 \
  X(kF8E3M4, "f8_e3m4", "float8_e3m4", 1, kReal)                      \
  X(kF8E4M3, "f8_e4m3", "float8_e4m3", 1, kReal)                      \
  X(kF8E4M3B11FNUZ, "f8_e4m3b11fnuz", "float8_e4m3b11fnuz", 1, kReal) \
  X(kF8E4M3FN, "f8_e4m3fn", "float8_e4m3fn", 1, kReal)                \
  X(kF8E4M3FNUZ, "f8_e4m3fnuz", "float8_e4m3fnuz", 1, kReal)          \
  X(kF8E5M2, "f8_e5m2", "float8_e5m2", 1, kReal)                      \
  X(kF8E5M2FNUZ, "f8_e5m2fnuz", "float8_e5m2fnuz", 1, kReal)          \
  X(kF8E8M0FNU, "f8_e8m0fnu", "float8_e8m0fnu", 1, kReal)             \
  X(kF6E2M3FN, "f6_e2m3fn", "float6_e2m3fn", 1, kReal)                \
  X(kF6E3M2FN, "f6_e3m2fn", "float6_e3m2fn", 1, kReal)                \
  X(kF4E2M1FN, "f4_e2m1fn", "float4_e2m1fn", 1, kReal)

enum class DType {
#define X(id, jaxpr, numpy, bytes, kind) id,
  JAXSMITH_DTYPES(X)
#undef X
};

enum class DTypeClass { kBoolean, kSigned, kUnsigned, kReal, kComplex };

std::string_view jaxpr_name(DType dtype);  // "f32"
std::string_view numpy_name(DType dtype);  // "float32"
std::size_t byte_size(DType dtype);
DTypeClass dtype_class(DType dtype);
std::optional<DType> dtype_from_jaxpr_name(std::string_view name);
std::optional<DType> dtype_from_numpy_name(std::string_view name);

inline bool is_real(DType d) { return dtype_class(d) == DTypeClass::kReal; }
inline bool is_complex(DType d) { return dtype_class(d) == DTypeClass::kComplex; }
inline bool is_inexact(DType d) { return is_real(d) || is_complex(d); }
inline bool is_signed_integer(DType d) { return dtype_class(d) == DTypeClass::kSigned; }
inline bool is_integer(DType d) {
  return is_signed_integer(d) || dtype_class(d) == DTypeClass::kUnsigned;
}

// Of a complex type that of a number's parts; any other itself.
inline DType real_part_type(DType d) {
  return d == DType::kC64 ? DType::kF32 : d == DType::kC128 ? DType::kF64 : d;
}

// One of JAXSMITH_NARROW_DTYPES.
bool is_narrow(DType dtype);

// Types that JAX has only with jax_enable_x64 on.
bool needs_x64(DType dtype);

}  // namespace jaxsmith::tensor
