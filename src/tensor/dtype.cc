#include "tensor/dtype.h"

#include <array>

namespace jaxsmith::tensor {
namespace {

struct Entry {
  std::string_view jaxpr, numpy;
  std::size_t bytes;
  DTypeClass kind;
};

constexpr std::array kEntries = {
#define X(id, jaxpr, numpy, bytes, kind) Entry{jaxpr, numpy, bytes, DTypeClass::kind},
    JAXSMITH_DTYPES(X)
#undef X
};

const Entry& entry(DType dtype) { return kEntries[static_cast<std::size_t>(dtype)]; }

template <class Predicate>
std::optional<DType> find(Predicate predicate) {
  for (std::size_t i = 0; i < kEntries.size(); ++i) {
    if (predicate(kEntries[i])) return static_cast<DType>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view jaxpr_name(DType dtype) { return entry(dtype).jaxpr; }
std::string_view numpy_name(DType dtype) { return entry(dtype).numpy; }
std::size_t byte_size(DType dtype) { return entry(dtype).bytes; }
DTypeClass dtype_class(DType dtype) { return entry(dtype).kind; }

std::optional<DType> dtype_from_jaxpr_name(std::string_view name) {
  return find([&](const Entry& e) { return e.jaxpr == name; });
}

std::optional<DType> dtype_from_numpy_name(std::string_view name) {
  return find([&](const Entry& e) { return e.numpy == name; });
}

bool is_narrow(DType dtype) { return dtype >= DType::kI2; }

bool needs_x64(DType dtype) {
  return dtype == DType::kI64 || dtype == DType::kU64 || dtype == DType::kF64 ||
         dtype == DType::kC128;
}

}  // namespace jaxsmith::tensor
