// The arrays that IR is executed on.
//
//   Array x = Array::from(context, tensor);           // what a dataset's row or a .npy file holds
//   Array y = broadcast_in_dim(x, {2, 3}, {1});       // movement.h and its neighbours
//   Tensor back = y.tensor();
//
// Elements are kept in a lane wide enough to compute in: every integer and bool as int64 (u64 by
// its bits), floats of 32 bits and fewer as float (rounded to their type after each operation), f64
// as double, complex ones as pairs. An abstract array has a type and no elements: kernels that get
// one check and give types only, so that an operation's type rule and its evaluation are one piece.
#pragma once

#include <algorithm>
#include <complex>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tensor/context.h"
#include "tensor/tensor.h"

namespace jaxsmith::tensor {

using Ints = std::vector<std::int64_t>;

enum class Lane { kInt, kF32, kF64, kC64, kC128 };
Lane lane_of(DType dtype);
std::size_t lane_bytes(Lane lane);

template <class T>
struct LaneOf;

// Calls `f` with a zero of the type that the dtype's lane holds.
template <class F>
decltype(auto) with_lane(DType dtype, F&& f) {
  switch (lane_of(dtype)) {
    case Lane::kInt:
      return f(std::int64_t{});
    case Lane::kF32:
      return f(float{});
    case Lane::kF64:
      return f(double{});
    case Lane::kC64:
      return f(std::complex<float>{});
    case Lane::kC128:
      break;
  }
  return f(std::complex<double>{});
}

class Buffer;

class Array {
 public:
  Array() = default;
  // Elements count to the context's budget (context.h); of a program that is executed no array is
  // made without one.
  static Array zeros(const EvaluationContext& context, DType dtype, Shape shape);
  static Array from(const EvaluationContext& context, const Tensor& tensor);
  static Array scalar(const EvaluationContext& context, DType dtype, double value);
  static Array scalar_int(const EvaluationContext& context, DType dtype, std::int64_t value);
  static Array of_ints(const EvaluationContext& context, DType dtype,
                       std::span<const std::int64_t> values);
  // Abstract: a type.
  static Array typed(DType dtype, Shape shape);
  // What is made of these operands: zeros, or abstract where one of them is.
  static Array result(std::initializer_list<const Array*> operands, DType dtype, Shape shape);
  // Beside this array: abstract where it is.
  Array zeros(DType dtype, Shape shape) const { return result({this}, dtype, std::move(shape)); }
  Array scalar(DType dtype, double value) const;
  Array scalar_int(DType dtype, std::int64_t value) const;

  // Where what is made of these operands counts.
  static const EvaluationContext& context_of(std::initializer_list<const Array*> operands);
  // Of an array with elements: where they count. Those of an abstract one count nowhere.
  const EvaluationContext& context() const;
  // The same elements in another evaluation, where what is made of them will count.
  Array within(const EvaluationContext& context) const;
  Tensor tensor() const;

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  std::int64_t rank() const { return static_cast<std::int64_t>(shape_.size()); }
  std::int64_t size() const { return size_; }
  bool abstract() const { return !buffer_; }
  bool same_type(const Array& other) const {
    return dtype_ == other.dtype_ && shape_ == other.shape_;
  }
  std::string type_text() const { return aval_text(dtype_, shape_); }

  template <class T>
  std::span<const T> data() const {
    return {static_cast<const T*>(raw()), static_cast<std::size_t>(size_)};
  }
  // Elements to write to; they are copied first where another array has them too.
  template <class T>
  std::span<T> mutate() {
    return {static_cast<T*>(raw_mutable()), static_cast<std::size_t>(size_)};
  }
  std::span<const std::int64_t> ints() const { return data<std::int64_t>(); }
  // The only element of an integer array, or element i of one.
  std::int64_t int_at(std::int64_t i) const { return ints()[static_cast<std::size_t>(i)]; }

  // The same elements under another shape of as many.
  Array reshaped(Shape shape) const;
  // The f32 elements that were rounded to these, where that was kept (Arithmetic::wide_converts).
  std::optional<Array> before_rounding() const;
  // The same elements under another type of the same lane whose values they already are.
  Array as_dtype(DType dtype) const;

 private:
  friend void settle(Array& array);
  Array(DType dtype, Shape shape, const EvaluationContext* context);
  const void* raw() const;
  void* raw_mutable();

  DType dtype_ = DType::kF32;
  Shape shape_;
  std::int64_t size_ = 0;
  std::shared_ptr<Buffer> buffer_;
};

// Why no array can be made of what came from a file or a caller; nothing where one can.
std::optional<std::string> why_no_array(const Tensor& tensor);

// An integer as its type holds it: two's complement, wrapped. bool: the lowest bit.
std::int64_t wrap(DType dtype, std::int64_t value);
int bit_width(DType dtype);
bool is_unsigned(DType dtype);
// The nearest number of a type of at most 32 bits.
float round_to(DType dtype, float value);
// Rounds a whole array's elements, wrapped or to the nearest, to what its type holds.
void settle(Array& array);

// The largest and the lowest finite number, or integer; infinities where `infinite`.
double highest(DType dtype, bool infinite);
// Beside an array: -inf or +inf, or the type's lowest or highest integer.
Array extreme(const Array& beside, DType dtype, bool lowest);

inline bool any_abstract(std::initializer_list<const Array*> arrays) {
  for (const Array* a : arrays)
    if (a->abstract()) return true;
  return false;
}

// All 0 where there are no elements.
Ints row_major_strides(const Shape& shape);

inline bool contains(const Ints& numbers, std::int64_t n) {
  return std::find(numbers.begin(), numbers.end(), n) != numbers.end();
}

// What going over a shape costs at least, even where it holds nothing.
inline std::int64_t cost_of_rank(const Shape& shape) {
  return 20 + 5 * static_cast<std::int64_t>(shape.size());
}

// Charges what is done for each dimension of each of `count` indices: nothing for the few
// dimensions that arrays have, whose cost is that of the index.
inline void charge_dimensions(const EvaluationContext& context, std::int64_t count,
                              std::size_t dims) {
  constexpr std::size_t kFew = 8;
  context.spend({count, dims > kFew ? static_cast<std::int64_t>(dims / kFew) : 0});
}

// All indices of a shape, row by row; each is charged before the first.
//
//   for (IndexWalk at(context, shape); at; at.next()) use(at[d]);
class IndexWalk {
 public:
  IndexWalk(const EvaluationContext& context, const Shape& shape);
  explicit operator bool() const { return !done_; }
  void next() {
    for (std::size_t k = axes_.size(); k-- > 0;) {
      std::int64_t& at = index_[axes_[k].dim];
      if (++at < axes_[k].size) return;
      at = 0;
    }
    done_ = true;
  }
  std::int64_t operator[](std::size_t d) const { return index_[d]; }
  const Ints& index() const { return index_; }
  // The dimensions that it goes along: those of one element would be passed at every step.
  struct Axis {
    std::size_t dim;
    std::int64_t size;
  };
  const std::vector<Axis>& axes() const { return axes_; }

 private:
  std::vector<Axis> axes_;
  Ints index_;
  bool done_;
};

}  // namespace jaxsmith::tensor
