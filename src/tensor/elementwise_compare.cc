// Comparison of elements, and choice between them.
#include <bit>
#include <cmath>

#include "tensor/elementwise.h"
#include "tensor/elementwise_parts.h"

namespace jaxsmith::tensor {

using namespace elementwise;

namespace {

template <class T>
bool holds(Direction direction, T a, T b) {
  switch (direction) {
    case Direction::kEq:
      return a == b;
    case Direction::kNe:
      return a != b;
    case Direction::kLt:
      return a < b;
    case Direction::kLe:
      return a <= b;
    case Direction::kGt:
      return a > b;
    default:
      return a >= b;
  }
}

// Patterns as integers that stand in the order of the numbers.
std::int64_t total_rank(float x) {
  const auto bits = std::bit_cast<std::int32_t>(x);
  return bits < 0 ? bits ^ std::numeric_limits<std::int32_t>::max() : bits;
}
std::int64_t total_rank(double x) {
  const auto bits = std::bit_cast<std::int64_t>(x);
  return bits < 0 ? bits ^ std::numeric_limits<std::int64_t>::max() : bits;
}

template <class T>
Array compare_lane(Direction direction, bool total_order, const Array& x, const Array& y) {
  const auto map = [&](auto f) { return map2<std::int64_t, T>(x, y, DType::kBool, f); };
  if constexpr (kComplexLane<T>) {
    if (direction == Direction::kEq) return map([](T a, T b) { return a == b; });
    if (direction == Direction::kNe) return map([](T a, T b) { return a != b; });
    invalid("complex numbers have no order");
  } else if constexpr (kIntLane<T>) {
    if (is_unsigned(x.dtype()))
      return map([=](T a, T b) { return holds(direction, static_cast<U>(a), static_cast<U>(b)); });
    return map([=](T a, T b) { return holds(direction, a, b); });
  } else {
    if (total_order)
      return map([=](T a, T b) { return holds(direction, total_rank(a), total_rank(b)); });
    return map([=](T a, T b) { return holds(direction, a, b); });
  }
}

}  // namespace

std::optional<Direction> direction_named(std::string_view name) {
  constexpr std::string_view kNames[] = {"EQ", "NE", "LT", "LE", "GT", "GE"};
  for (std::size_t i = 0; i < 6; ++i)
    if (name == kNames[i]) return static_cast<Direction>(i);
  return std::nullopt;
}
bool compares_as(std::string_view type, DType dtype) {
  switch (dtype_class(dtype)) {
    case DTypeClass::kReal:
      return type == "FLOAT" || type == "TOTALORDER";
    case DTypeClass::kComplex:
      return type == "FLOAT";
    case DTypeClass::kSigned:
      return type == "SIGNED";
    default:
      return type == "UNSIGNED";
  }
}

Array compare(Direction direction, bool total_order, const Array& x, const Array& y) {
  same_dtype(x, y);
  return with_lane(x.dtype(),
                   [&]<class T>(T) { return compare_lane<T>(direction, total_order, x, y); });
}

Array select(const Array& predicate, const Array& x, const Array& y) {
  same_dtype(x, y);
  if (predicate.dtype() != DType::kBool) invalid("the predicate is no bool");
  const Shape& shape = common_shape({&x, &y, &predicate});
  Array out = Array::result({&predicate, &x, &y}, x.dtype(), shape);
  if (out.abstract()) return out;
  const std::size_t p = step_of(predicate, shape), a = step_of(x, shape), b = step_of(y, shape);
  with_lane(x.dtype(), [&]<class T>(T) {
    const auto which = predicate.ints();
    const auto from = x.data<T>(), other = y.data<T>();
    auto to = out.mutate<T>();
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = which[i * p] ? from[i * a] : other[i * b];
  });
  out.context().spend(out.size());
  return out;
}

Array clamp(const Array& low, const Array& x, const Array& high) {
  return binary(Binary::minimum, binary(Binary::maximum, x, low), high);
}

}  // namespace jaxsmith::tensor
