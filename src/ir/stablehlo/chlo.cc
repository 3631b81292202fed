// Operations of the dialect CHLO that are no functions of single elements. Rules: ChloOps.td and
// CHLO's decompositions to StableHLO.
#include <fmt/format.h>

#include <algorithm>

#include "ir/common/elementwise.h"
#include "ir/stablehlo/rules.h"
#include "tensor/movement.h"

namespace jaxsmith::stablehlo {

Results mulhi_rule(const Call& c) {
  require(c.size() == 2, "mulhi takes two operands");
  return {ir::multiply_high_call(c)};
}

namespace {

// Of a number or a bool; what MLIR takes where no type is written.
std::optional<DType> type_of(const Attr& value) {
  if (value.kind == Attr::Kind::kBool) return DType::kBool;
  if (value.type) return value.type->dtype;
  return value.text.find('.') == std::string::npos ? DType::kI64 : DType::kF64;
}

}  // namespace

// One number for each element of another array.
Results constant_like_rule(const Call& c) {
  require(c.size() == 1, "constant_like takes one operand");
  const Array& x = c.array(0);
  const Attr& value = c.need("value");
  if (value.kind == Attr::Kind::kBool || value.kind == Attr::Kind::kNumber)
    require(type_of(value) == x.dtype(),
            "the value is of another type than the operand's elements");
  if (c.abstract()) return {x};
  const Array number = tensor::is_inexact(x.dtype()) ? x.scalar(x.dtype(), c.real("value"))
                                                     : x.scalar_int(x.dtype(), c.integer("value"));
  return {tensor::broadcast_in_dim(number, x.shape(), {})};
}

// ---- Scan ----

namespace {

// An array without a dimension, and slices of one along it.
struct Slices {
  std::int64_t dim;

  Shape below(const Array& x) const {
    if (dim < 0 || dim >= x.rank()) invalid(fmt::format("an input has no dimension {}", dim));
    Shape shape = x.shape();
    shape.erase(shape.begin() + dim);
    return shape;
  }
  Array at(const Array& x, std::int64_t i) const {
    Ints start(x.shape().size(), 0), limit = x.shape();
    start[static_cast<std::size_t>(dim)] = i;
    limit[static_cast<std::size_t>(dim)] = i + 1;
    return tensor::slice(x, start, limit, Ints(start.size(), 1)).reshaped(below(x));
  }
  // The slices one after another.
  Array join(const Call& c, std::vector<Array> parts, const Type& type) const {
    if (parts.empty()) {
      require(type.is_array(), "a result of no parts is no array of a known size");
      return c.make().zeros(*type.dtype, type.shape);
    }
    for (Array& part : parts) {
      Shape shape = part.shape();
      if (dim > part.rank()) invalid(fmt::format("a result has no dimension {}", dim));
      shape.insert(shape.begin() + dim, 1);
      part = part.reshaped(shape);
    }
    return tensor::concatenate(parts, dim);
  }
};

std::size_t inits_of(const Call& c) {
  const Ints sizes = c.ints("operandSegmentSizes");
  const auto count = static_cast<std::int64_t>(c.size());
  if (sizes.size() == 2 && sizes[0] >= 0 && sizes[0] <= count && sizes[1] == count - sizes[0])
    return static_cast<std::size_t>(sizes[1]);
  invalid("scan does not say which operands are inputs");
}

// What the body gives for one position: outputs, then carries.
Results scan_step(const Call& c, const Slices& slices, std::int64_t position, Results carries) {
  const std::size_t inputs = c.size() - carries.size();
  Results arguments;
  for (std::size_t k = 0; k < inputs; ++k)
    arguments.push_back(c.abstract() ? Array::typed(c.array(k).dtype(), slices.below(c.array(k)))
                                     : slices.at(c.array(k), position));
  arguments.insert(arguments.end(), carries.begin(), carries.end());
  auto given = c.run_region(0, std::move(arguments));
  require(given.size() == c.result_count(), "the body gives another number of values");
  return given;
}

}  // namespace

// One pass along a dimension: slices of the inputs and carries make slices of the outputs and
// further carries.
Results scan_rule(const Call& c) {
  const std::size_t inits = inits_of(c), inputs = c.size() - inits;
  require(c.result_count() >= inits, "scan gives the last of each carry");
  const std::size_t outputs = c.result_count() - inits;
  const Slices slices{c.integer("dimension")};
  Results carries;
  for (std::size_t i = inputs; i < c.size(); ++i) carries.push_back(c.datum(i));
  std::int64_t length = 0;
  for (std::size_t k = 0; k < inputs; ++k) {
    slices.below(c.array(k));
    const std::int64_t n = c.array(k).shape()[static_cast<std::size_t>(slices.dim)];
    require(k == 0 || n == length, "inputs are of different lengths");
    length = n;
  }
  require(inputs > 0, "scan takes an input");
  if (c.abstract()) {
    Results out = scan_step(c, slices, 0, carries);
    for (std::size_t k = 0; k < outputs; ++k) {
      Shape shape = out[k].as_array().shape();
      require(slices.dim <= out[k].as_array().rank(), "a result has not the scan's dimension");
      shape.insert(shape.begin() + slices.dim, length);
      out[k] = Array::typed(out[k].as_array().dtype(), shape);
    }
    return out;
  }
  const bool reverse = c.flag("is_reverse");
  std::vector<std::vector<Array>> parts(outputs);
  const tensor::Rounds rounds(c.context());
  for (std::int64_t i = 0; i < length; ++i, rounds.next()) {
    Results given = scan_step(c, slices, reverse ? length - 1 - i : i, std::move(carries));
    const auto first = given.begin() + static_cast<std::ptrdiff_t>(outputs);
    carries.assign(first, given.end());
    for (std::size_t k = 0; k < outputs; ++k) parts[k].push_back(given[k].as_array());
  }
  if (reverse)
    for (auto& each : parts) std::reverse(each.begin(), each.end());
  Results out;
  for (std::size_t k = 0; k < outputs; ++k)
    out.push_back(slices.join(c, std::move(parts[k]), c.result_type(k)));
  out.insert(out.end(), carries.begin(), carries.end());
  return out;
}

}  // namespace jaxsmith::stablehlo
