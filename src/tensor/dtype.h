// Element types by the names that JAX prints in a jaxpr.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace jaxsmith {

//            enum    jaxpr    numpy         bytes  class
#define JAXSMITH_DTYPES(X)                 \
  X(kBool, "bool", "bool", 1, kBoolean)    \
  X(kI8, "i8", "int8", 1, kSigned)         \
  X(kI16, "i16", "int16", 2, kSigned)      \
  X(kI32, "i32", "int32", 4, kSigned)      \
  X(kI64, "i64", "int64", 8, kSigned)      \
  X(kU8, "u8", "uint8", 1, kUnsigned)      \
  X(kU16, "u16", "uint16", 2, kUnsigned)   \
  X(kU32, "u32", "uint32", 4, kUnsigned)   \
  X(kU64, "u64", "uint64", 8, kUnsigned)   \
  X(kF16, "f16", "float16", 2, kReal)      \
  X(kBF16, "bf16", "bfloat16", 2, kReal)   \
  X(kF32, "f32", "float32", 4, kReal)      \
  X(kF64, "f64", "float64", 8, kReal)      \
  X(kC64, "c64", "complex64", 8, kComplex) \
  X(kC128, "c128", "complex128", 16, kComplex)

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

// Types that JAX has only with jax_enable_x64 on.
bool needs_x64(DType dtype);

}  // namespace jaxsmith
