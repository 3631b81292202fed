// Operations with a body: a small program on scalars that is applied again and again.
#pragma once

#include <functional>
#include <optional>

#include "tensor/elementwise.h"

namespace jaxsmith::tensor {

class Body {
 public:
  using Run = std::function<std::vector<Array>(std::vector<Array>)>;
  // A binary operation, rounded to a narrower type and converted back: what XLA makes of sums in
  // types that a processor lacks.
  struct Rounded {
    Binary op;
    DType to;
  };
  struct Facts {
    // It may be run on arrays of one shape, and gives arrays of that shape or scalars, each element
    // for itself.
    bool pointwise = false;
    // It is this operation on its two arguments, in order; or this one, rounded.
    std::optional<Binary> simple = std::nullopt;
    std::optional<Rounded> rounded = std::nullopt;
    // It gives its second argument back: what a scatter does that overwrites.
    bool gives_second = false;
  };
  Body(Run run, const Facts& facts) : facts_(facts), run_(std::move(run)) {}
  // The operation on two arguments.
  static Body of(Binary op);

  // Scalars in, scalars out, or arrays where pointwise. Each call is charged.
  std::vector<Array> operator()(std::vector<Array> arguments) const;
  bool pointwise() const { return facts_.pointwise; }
  const std::optional<Binary>& simple() const { return facts_.simple; }
  const std::optional<Rounded>& rounded() const { return facts_.rounded; }
  bool gives_second() const { return facts_.gives_second; }

 private:
  Facts facts_;
  Run run_;
};

// Several operands are reduced together: the body takes an accumulator of each, then an element of
// each.
std::vector<Array> reduce(std::span<const Array> operands, std::span<const Array> inits,
                          const Ints& dims, const Body& body);
// What leaves every number as it is under the operation, and the operation over all elements along
// `dims` from there.
Array identity_of(const Array& beside, Binary op, DType dtype);
Array reduce_dims(Binary op, const Array& x, const Ints& dims);

struct Window {
  Ints size, stride, base_dilation, dilation, low, high;
  std::vector<bool> reversed;  // convolutions only
  std::size_t rank() const { return size.size(); }
  // Strides and dilations of 1, no padding, where nothing was said.
  static Window of(const Ints& size);
  // Low and high of each dimension, one after another.
  void set_padding(std::span<const std::int64_t> pairs);
};
// Along a dimension: how many places the window has.
std::int64_t window_places(const Window& window, std::size_t dim, std::int64_t size);

std::vector<Array> reduce_window(std::span<const Array> operands, std::span<const Array> inits,
                                 const Window& window, const Body& body);
Array select_and_scatter(const Array& operand, const Array& source, const Array& init,
                         const Window& window, const Body& select, const Body& scatter);

struct ScatterDims {
  Ints update_window_dims, inserted_window_dims, input_batching_dims, scatter_indices_batching_dims,
      scatter_dims_to_operand_dims;
  std::int64_t index_vector_dim = 0;
};
// An update whose window does not lie within the operand is left out, as XLA does it.
std::vector<Array> scatter(std::span<const Array> operands, const Array& indices,
                           std::span<const Array> updates, const ScatterDims& dims,
                           const Body& body);

// The comparator takes two elements of each operand in turn and gives a bool. Not stable: equal
// elements in the order in which XLA leaves them on the CPU, or in an expected one (equivalent.h).
std::vector<Array> sort(std::span<const Array> operands, std::int64_t dim, const Body& comparator,
                        bool stable);
// The k largest along the last dimension and where they stood; NaN is larger than all.
std::vector<Array> top_k(const Array& x, std::int64_t k, bool largest = true, bool stable = true);
// Applies the body to each element.
std::vector<Array> map(std::span<const Array> operands, const Body& body);

}  // namespace jaxsmith::tensor
