#include "ir/stablehlo/rules.h"

#include <fmt/format.h>

namespace jaxsmith::stablehlo {

Results results_of(std::span<const Array> arrays) { return {arrays.begin(), arrays.end()}; }

DType Call::result_dtype() const {
  const Type& t = result_type();
  if (t.kind != Type::Kind::kTensor || !t.dtype) invalid("the result is no array");
  return *t.dtype;
}

const Shape& Call::result_dims() const {
  const Type& t = result_type();
  if (t.kind != Type::Kind::kTensor) invalid("the result is no array");
  if (!t.is_static()) tensor::unsupported("results whose dimensions are not known: " + t.text());
  return t.shape;
}

Shape asked_shape(const Call& c, std::size_t operand) {
  if (c.abstract()) return c.result_dims();
  const Array& sizes = c.array(operand);
  require(tensor::lane_of(sizes.dtype()) == tensor::Lane::kInt && sizes.rank() == 1,
          "the dimensions are no list of integers");
  return integers_of(sizes);
}

Ints integers_of(const Array& list) {
  require(tensor::lane_of(list.dtype()) == tensor::Lane::kInt && !list.abstract(),
          "a list of integers is wanted");
  const auto numbers = list.ints();
  return {numbers.begin(), numbers.end()};
}

}  // namespace jaxsmith::stablehlo
