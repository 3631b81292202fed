#include "tensor/movement.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace jaxsmith::tensor {
namespace {

using Pair64 = std::complex<double>;

// A dimension of a box with its steps on both sides.
struct Axis {
  std::int64_t size, from, to;
};

// Dimensions that lie one behind the other on both sides are one.
std::vector<Axis> merged_axes(const Shape& shape, const Ints& from, const Ints& to) {
  std::vector<Axis> axes;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 1) continue;
    const Axis axis{shape[d], from[d], to[d]};
    if (!axes.empty() && axes.back().from == axis.from * axis.size &&
        axes.back().to == axis.to * axis.size) {
      axes.back() = {axes.back().size * axis.size, axis.from, axis.to};
    } else {
      axes.push_back(axis);
    }
  }
  return axes;
}

bool lies_together(const Axis& axis) { return axis.from == 1 && axis.to == 1; }

// Where elements that are neighbours on one side are far apart on the other, square by square:
// what is fetched at once is used before it goes.
template <class T>
void copy_squares(const Axis& outer, const Axis& inner, const T* from, T* to) {
  constexpr std::int64_t kSide = 32;
  for (std::int64_t i0 = 0; i0 < outer.size; i0 += kSide)
    for (std::int64_t j0 = 0; j0 < inner.size; j0 += kSide)
      for (std::int64_t i = i0; i < std::min(i0 + kSide, outer.size); ++i)
        for (std::int64_t j = j0; j < std::min(j0 + kSide, inner.size); ++j)
          to[i * outer.to + j * inner.to] = from[i * outer.from + j * inner.from];
}

template <class T>
void copy_axes(const Axis* axis, const Axis* last, const T* from, T* to) {
  if (axis == last) {
    const std::int64_t n = axis->size, a = axis->from, b = axis->to;
    if (lies_together(*axis))
      std::copy_n(from, n, to);
    else
      for (std::int64_t i = 0; i < n; ++i) to[i * b] = from[i * a];
    return;
  }
  const bool turned = axis->from == 1 || axis->to == 1;
  if (turned && axis + 1 == last) return copy_squares(*axis, *last, from, to);
  for (std::int64_t i = 0; i < axis->size; ++i)
    copy_axes(axis + 1, last, from + i * axis->from, to + i * axis->to);
}

template <class T>
void copy_typed(const std::vector<Axis>& axes, const T* from, T* to) {
  if (axes.empty())
    *to = *from;
  else
    copy_axes(axes.data(), axes.data() + axes.size() - 1, from, to);
}

// Elements by their width alone.
template <class F>
void with_width(const Array& x, F f) {
  switch (lane_bytes(lane_of(x.dtype()))) {
    case 4:
      f(float{});
      break;
    case 8:
      f(std::int64_t{});
      break;
    default:
      f(Pair64{});
  }
}

Array strided(const Array& x, const Shape& shape, std::int64_t offset, const Ints& strides) {
  Array out = x.zeros(x.dtype(), shape);
  if (!out.abstract()) copy_box(shape, x, offset, strides, out, 0, row_major_strides(shape));
  return out;
}

void require_rank(const Ints& numbers, const Array& x, const char* what) {
  if (static_cast<std::int64_t>(numbers.size()) != x.rank())
    invalid(fmt::format("{} has {} numbers, the operand {} dimensions", what, numbers.size(),
                        x.rank()));
}

std::int64_t clamped_start(std::int64_t start, std::int64_t size, std::int64_t bound,
                           bool without_sign) {
  if (without_sign && start < 0) return bound - size;  // u64 beyond what i64 holds
  return std::clamp<std::int64_t>(start, 0, bound - size);
}

Ints clamped_starts(const Array& x, std::span<const Array> starts, const Ints& sizes) {
  Ints out;
  for (std::size_t d = 0; d < starts.size(); ++d)
    out.push_back(clamped_start(starts[d].int_at(0), sizes[d], x.shape()[d],
                                starts[d].dtype() == DType::kU64));
  return out;
}

void check_starts(const Array& x, std::span<const Array> starts) {
  if (static_cast<std::int64_t>(starts.size()) != x.rank())
    invalid(fmt::format("{} start indices for {} dimensions", starts.size(), x.rank()));
  for (const Array& s : starts)
    if (s.rank() != 0 || !is_integer(s.dtype())) invalid("a start index is no integer scalar");
}

std::int64_t dot(const Ints& index, const Ints& strides) {
  std::int64_t sum = 0;
  for (std::size_t d = 0; d < index.size(); ++d) sum += index[d] * strides[d];
  return sum;
}

}  // namespace

void require_distinct_dims(const Ints& dims, std::int64_t rank, const char* what) {
  std::vector<bool> seen(static_cast<std::size_t>(rank), false);
  for (const std::int64_t d : dims) {
    if (d < 0 || d >= rank) invalid(fmt::format("{}: there is no dimension {}", what, d));
    if (seen[static_cast<std::size_t>(d)])
      invalid(fmt::format("{}: dimension {} stands twice", what, d));
    seen[static_cast<std::size_t>(d)] = true;
  }
}

Ints to_the_end(std::int64_t rank, std::int64_t dim) {
  Ints out;
  for (std::int64_t d = 0; d < rank; ++d)
    if (d != dim) out.push_back(d);
  out.push_back(dim);
  return out;
}

Ints from_the_end(std::int64_t rank, std::int64_t dim) {
  Ints out;
  for (std::int64_t d = 0; d < rank; ++d) out.push_back(d < dim ? d : d == dim ? rank - 1 : d - 1);
  return out;
}

Array taken(const Array& x, std::span<const std::int64_t> places, std::int64_t offset) {
  Array out = x.zeros(x.dtype(), {static_cast<std::int64_t>(places.size())});
  with_lane(x.dtype(), [&]<class T>(T) {
    const T* from = x.data<T>().data() + offset;
    T* to = out.mutate<T>().data();
    for (std::size_t i = 0; i < places.size(); ++i) to[i] = from[places[i]];
  });
  return out;
}

void copy_box(const Shape& shape, const Array& from, std::int64_t from_offset,
              const Ints& from_strides, Array& to, std::int64_t to_offset, const Ints& to_strides) {
  const std::int64_t n = element_count(shape);
  const auto axes = merged_axes(shape, from_strides, to_strides);
  // Two that lie together, or are the same, take a step; one by itself takes some.
  constexpr std::int64_t kTogether = 2, kApart = 3;
  const bool together =
      axes.empty() || lies_together(axes.back()) || (axes.back().from == 0 && axes.back().to == 1);
  to.context().spend(together ? n / kTogether : kApart * n);
  to.context().spend(cost_of_rank(shape));
  if (n == 0) return;
  with_width(from, [&]<class T>(T) {
    copy_typed(axes, from.data<T>().data() + from_offset, to.mutate<T>().data() + to_offset);
  });
}

Scratch<std::int64_t> offsets_of(const EvaluationContext& context, const Shape& shape,
                                 const Ints& strides) {
  Scratch<std::int64_t> out(context);
  out.reserve(static_cast<std::size_t>(Array::typed(DType::kI64, shape).size()));
  for_each_offset(context, shape, strides, [&](std::int64_t offset) { out.push_back(offset); });
  return out;
}

Array broadcast_in_dim(const Array& x, const Shape& shape, const Ints& dims) {
  require_rank(dims, x, "broadcast_dimensions");
  require_distinct_dims(dims, static_cast<std::int64_t>(shape.size()), "broadcast_dimensions");
  Ints strides(shape.size(), 0);
  const Ints own = row_major_strides(x.shape());
  for (std::size_t d = 0; d < dims.size(); ++d) {
    const auto to = static_cast<std::size_t>(dims[d]);
    if (x.shape()[d] == shape[to])
      strides[to] = own[d];
    else if (x.shape()[d] != 1)
      invalid(
          fmt::format("{} cannot be broadcast to {}", x.type_text(), aval_text(x.dtype(), shape)));
  }
  return strided(x, shape, 0, strides);
}

Array transpose(const Array& x, const Ints& permutation) {
  require_rank(permutation, x, "the permutation");
  require_distinct_dims(permutation, x.rank(), "the permutation");
  const Ints own = row_major_strides(x.shape());
  Shape shape;
  Ints strides;
  for (const std::int64_t d : permutation) {
    shape.push_back(x.shape()[static_cast<std::size_t>(d)]);
    strides.push_back(own[static_cast<std::size_t>(d)]);
  }
  return strided(x, shape, 0, strides);
}

Ints inverse_permutation(const Ints& permutation) {
  Ints out(permutation.size());
  for (std::size_t i = 0; i < out.size(); ++i)
    out[static_cast<std::size_t>(permutation[i])] = static_cast<std::int64_t>(i);
  return out;
}

Array reverse(const Array& x, const Ints& dims) {
  require_distinct_dims(dims, x.rank(), "dimensions");
  Ints strides = row_major_strides(x.shape());
  std::int64_t offset = 0;
  for (const std::int64_t d : dims) {
    auto& stride = strides[static_cast<std::size_t>(d)];
    offset += stride * (x.shape()[static_cast<std::size_t>(d)] - 1);
    stride = -stride;
  }
  return strided(x, x.shape(), offset, strides);
}

Array slice(const Array& x, const Ints& start, const Ints& limit, const Ints& steps) {
  require_rank(start, x, "start_indices");
  require_rank(limit, x, "limit_indices");
  require_rank(steps, x, "strides");
  Ints strides = row_major_strides(x.shape());
  Shape shape;
  std::int64_t offset = 0;
  for (std::size_t d = 0; d < start.size(); ++d) {
    if (start[d] < 0 || start[d] > limit[d] || limit[d] > x.shape()[d] || steps[d] < 1)
      invalid(fmt::format("slice [{}:{}:{}] of dimension {}, which has {} elements", start[d],
                          limit[d], steps[d], d, x.shape()[d]));
    const std::int64_t extent = limit[d] - start[d];
    shape.push_back(extent == 0 ? 0 : (extent - 1) / steps[d] + 1);
    offset += start[d] * strides[d];
    strides[d] *= std::min(steps[d], std::max<std::int64_t>(extent, 1));
  }
  return strided(x, shape, offset, strides);
}

Array pad(const Array& x, const Array& value, const Ints& low, const Ints& high,
          const Ints& interior) {
  require_rank(low, x, "edge_padding_low");
  require_rank(high, x, "edge_padding_high");
  require_rank(interior, x, "interior_padding");
  require(value.rank() == 0 && value.dtype() == x.dtype(),
          "the padding value is no scalar of the operand's type");
  Shape shape;
  for (std::size_t d = 0; d < low.size(); ++d) {
    require(interior[d] >= 0, "interior_padding is negative");
    const std::int64_t n = x.shape()[d];
    constexpr std::int64_t kFarthest = std::int64_t{1} << 40;
    for (const std::int64_t by : {low[d], high[d], interior[d]})
      if (by > kFarthest || by < -kFarthest) invalid("padding that reaches that far");
    if (n > (std::int64_t{1} << 60) / std::max<std::int64_t>(interior[d], 1))
      invalid("padding that reaches that far");
    const std::int64_t size = low[d] + high[d] + n + std::max<std::int64_t>(n - 1, 0) * interior[d];
    if (size < 0) invalid(fmt::format("padding leaves {} elements of dimension {}", size, d));
    shape.push_back(size);
  }
  const bool abstract = any_abstract({&x, &value});
  Array out = broadcast_in_dim(abstract ? Array::typed(x.dtype(), {}) : value, shape, {});
  if (out.abstract() || x.size() == 0) return out;
  // The part of the operand that stays: along each dimension, elements `first` to `last`.
  const Ints own = row_major_strides(x.shape()), to = row_major_strides(shape);
  Ints to_strides;
  Shape box;
  std::int64_t from_offset = 0, to_offset = 0;
  for (std::size_t d = 0; d < low.size(); ++d) {
    const std::int64_t step = interior[d] + 1, n = x.shape()[d];
    const std::int64_t first = low[d] < 0 ? (-low[d] + step - 1) / step : 0;
    const std::int64_t room = shape[d] - 1 - low[d];
    const std::int64_t last = room < 0 ? -1 : std::min(n - 1, room / step);
    if (last < first) return out;
    box.push_back(last - first + 1);
    from_offset += first * own[d];
    to_offset += (low[d] + first * step) * to[d];
    to_strides.push_back(to[d] * step);
  }
  copy_box(box, x, from_offset, own, out, to_offset, to_strides);
  return out;
}

Array concatenate(std::span<const Array> parts, std::int64_t dim) {
  require(!parts.empty(), "nothing to concatenate");
  const Array& first = parts[0];
  if (dim < 0 || dim >= first.rank()) invalid(fmt::format("there is no dimension {}", dim));
  const auto axis = static_cast<std::size_t>(dim);
  Shape shape = first.shape();
  shape[axis] = 0;
  bool abstract = false;
  for (const Array& part : parts) {
    Shape same = part.shape();
    if (part.dtype() != first.dtype() || part.rank() != first.rank())
      invalid(fmt::format("{} beside {}", first.type_text(), part.type_text()));
    const std::int64_t n = std::exchange(same[axis], shape[axis]);
    if (same != shape) invalid(fmt::format("{} beside {}", first.type_text(), part.type_text()));
    if (__builtin_add_overflow(shape[axis], n, &shape[axis])) invalid("a dimension is over 2^48");
    abstract |= part.abstract();
  }
  if (abstract) return Array::typed(first.dtype(), shape);
  const EvaluationContext* context = &first.context();
  for (const Array& part : parts)
    if (!context->metered()) context = &part.context();
  Array out = Array::zeros(*context, first.dtype(), shape);
  const Ints to = row_major_strides(shape);
  std::int64_t offset = 0;
  for (const Array& part : parts) {
    copy_box(part.shape(), part, 0, row_major_strides(part.shape()), out, offset, to);
    offset += part.shape()[axis] * to[axis];
  }
  return out;
}

Array iota_type(DType dtype, const Shape& shape, std::int64_t dim) {
  if (dim < 0 || dim >= static_cast<std::int64_t>(shape.size()))
    invalid(fmt::format("there is no dimension {}", dim));
  return Array::typed(dtype, shape);
}

Array iota(const EvaluationContext& context, DType dtype, const Shape& shape, std::int64_t dim) {
  if (iota_type(dtype, shape, dim).size() == 0) return Array::zeros(context, dtype, shape);
  const auto axis = static_cast<std::size_t>(dim);
  Array line = Array::zeros(context, dtype, {shape[axis]});
  with_lane(dtype, [&]<class T>(T) {
    auto to = line.mutate<T>();
    for (std::size_t i = 0; i < to.size(); ++i) {
      if constexpr (std::is_same_v<T, std::complex<float>>)
        to[i] = static_cast<float>(i);
      else
        to[i] = static_cast<T>(i);
    }
  });
  settle(line);
  return broadcast_in_dim(line, shape, {dim});
}

Array dynamic_slice(const Array& x, std::span<const Array> starts, const Ints& sizes) {
  require_rank(sizes, x, "slice_sizes");
  check_starts(x, starts);
  bool abstract = x.abstract();
  for (std::size_t d = 0; d < sizes.size(); ++d) {
    if (sizes[d] < 0 || sizes[d] > x.shape()[d])
      invalid(fmt::format("a slice of {} of dimension {}, which has {} elements", sizes[d], d,
                          x.shape()[d]));
    abstract |= starts[d].abstract();
  }
  if (abstract) return Array::typed(x.dtype(), sizes);
  const Ints strides = row_major_strides(x.shape());
  return strided(x, sizes, dot(clamped_starts(x, starts, sizes), strides), strides);
}

Array dynamic_update_slice(const Array& x, const Array& update, std::span<const Array> starts) {
  check_starts(x, starts);
  require(update.dtype() == x.dtype() && update.rank() == x.rank(),
          "the update has another type or rank than the operand");
  bool abstract = any_abstract({&x, &update});
  for (std::size_t d = 0; d < starts.size(); ++d) {
    require(update.shape()[d] <= x.shape()[d], "the update is larger than the operand");
    abstract |= starts[d].abstract();
  }
  if (abstract) return Array::typed(x.dtype(), x.shape());
  Array out = x.within(Array::context_of({&x, &update}));
  const Ints strides = row_major_strides(x.shape());
  copy_box(update.shape(), update, 0, row_major_strides(update.shape()), out,
           dot(clamped_starts(x, starts, update.shape()), strides), strides);
  return out;
}

// ---- gather ----

namespace {

class Gather {
 public:
  Gather(const Array& operand, const Array& starts, const GatherDims& dims, const Ints& slice_sizes)
      : operand_(operand), starts_(starts), dims_(dims), slice_sizes_(slice_sizes) {
    require_dims();
    require_batching_dims();
    find_batch();
    find_window();
    find_shape();
  }

  const Shape& shape() const { return shape_; }

  void run(Array& out) const {
    const Ints to = row_major_strides(shape_);
    Ints window_to, batch_to;
    for (std::size_t d = 0; d < shape_.size(); ++d)
      (is_offset(d) ? window_to : batch_to).push_back(to[d]);
    const EvaluationContext& context = out.context();
    const auto from_starts = offsets_of(context, batch_, batch_strides_),
               to_batch = offsets_of(context, batch_, batch_to),
               from_window = offsets_of(context, window_, window_strides_),
               to_window = offsets_of(context, window_, window_to);
    IndexWalk batch_index(context, batch_);
    context.spend(out.size());
    charge_dimensions(context, element_count(batch_), operand_.shape().size());
    with_width(operand_, [&]<class T>(T) {
      const T* from = operand_.data<T>().data();
      T* result = out.mutate<T>().data();
      for (std::size_t b = 0; b < from_starts.size(); ++b) {
        const std::int64_t offset = slice_offset(from_starts[b], batch_index.index());
        for (std::size_t w = 0; w < from_window.size(); ++w)
          result[to_batch[b] + to_window[w]] = from[offset + from_window[w]];
        batch_index.next();
      }
    });
  }

 private:
  bool is_offset(std::size_t result_dim) const {
    return contains(dims_.offset_dims, static_cast<std::int64_t>(result_dim));
  }

  void require_dims() const {
    require(is_integer(starts_.dtype()), "start_indices are no integers");
    require_rank(slice_sizes_, operand_, "slice_sizes");
    require_distinct_dims(dims_.collapsed_slice_dims, operand_.rank(), "collapsed_slice_dims");
    require_distinct_dims(dims_.operand_batching_dims, operand_.rank(), "operand_batching_dims");
    require_distinct_dims(dims_.start_index_map, operand_.rank(), "start_index_map");
    if (dims_.index_vector_dim < 0 || dims_.index_vector_dim > starts_.rank())
      invalid("index_vector_dim is beyond the rank of start_indices");
    const std::int64_t size = scalar_indices() ? 1 : starts_.shape()[vector_dim()];
    if (size != static_cast<std::int64_t>(dims_.start_index_map.size()))
      invalid(fmt::format("start_index_map has {} numbers, an index vector {}",
                          dims_.start_index_map.size(), size));
  }

  void require_batching_dims() const {
    require(dims_.operand_batching_dims.size() == dims_.start_indices_batching_dims.size(),
            "as many batching dimensions are wanted of the operand as of start_indices");
    for (std::size_t i = 0; i < dims_.operand_batching_dims.size(); ++i) {
      const std::int64_t at = dims_.start_indices_batching_dims[i];
      if (at < 0 || at >= starts_.rank() || at == dims_.index_vector_dim)
        invalid("start_indices_batching_dims names no batch dimension");
      if (starts_.shape()[static_cast<std::size_t>(at)] !=
          operand_.shape()[static_cast<std::size_t>(dims_.operand_batching_dims[i])])
        invalid("batching dimensions of different sizes");
    }
  }

  bool scalar_indices() const { return dims_.index_vector_dim == starts_.rank(); }
  std::size_t vector_dim() const { return static_cast<std::size_t>(dims_.index_vector_dim); }

  // The dimensions of start_indices without that of the index vectors.
  void find_batch() {
    const Ints strides = row_major_strides(starts_.shape());
    if (!scalar_indices()) vector_step_ = strides[vector_dim()];
    for (std::size_t d = 0; d < starts_.shape().size(); ++d) {
      batch_of_.push_back(batch_.size());
      if (d == vector_dim()) continue;
      batch_.push_back(starts_.shape()[d]);
      batch_strides_.push_back(strides[d]);
    }
  }

  // The dimensions of a slice that stay.
  void find_window() {
    for (std::size_t d = 0; d < slice_sizes_.size(); ++d) {
      const auto n = static_cast<std::int64_t>(d);
      if (slice_sizes_[d] < 0 || slice_sizes_[d] > operand_.shape()[d])
        invalid(fmt::format("a slice of {} of dimension {}, which has {} elements", slice_sizes_[d],
                            d, operand_.shape()[d]));
      if (contains(dims_.collapsed_slice_dims, n) || contains(dims_.operand_batching_dims, n)) {
        if (slice_sizes_[d] > 1)
          invalid(
              fmt::format("dimension {} goes, but its slice has {} elements", d, slice_sizes_[d]));
        continue;
      }
      window_.push_back(slice_sizes_[d]);
      window_strides_.push_back(strides_[d]);
    }
  }

  void find_shape() {
    const std::size_t rank = batch_.size() + window_.size();
    require_distinct_dims(dims_.offset_dims, static_cast<std::int64_t>(rank), "offset_dims");
    if (dims_.offset_dims.size() != window_.size())
      invalid(fmt::format("offset_dims has {} numbers for {} dimensions of a slice",
                          dims_.offset_dims.size(), window_.size()));
    for (std::size_t d = 0, w = 0, b = 0; d < rank; ++d)
      shape_.push_back(is_offset(d) ? window_[w++] : batch_[b++]);
  }

  // Where in the operand the slice begins whose index vector is at `at` in start_indices.
  std::int64_t slice_offset(std::int64_t at, const Ints& batch_index) const {
    const bool without_sign = starts_.dtype() == DType::kU64;
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < dims_.start_index_map.size(); ++i) {
      const auto d = static_cast<std::size_t>(dims_.start_index_map[i]);
      const std::int64_t start = starts_.int_at(at + static_cast<std::int64_t>(i) * vector_step_);
      offset +=
          strides_[d] * clamped_start(start, slice_sizes_[d], operand_.shape()[d], without_sign);
    }
    for (std::size_t i = 0; i < dims_.operand_batching_dims.size(); ++i) {
      const auto of_starts = static_cast<std::size_t>(dims_.start_indices_batching_dims[i]);
      offset += strides_[static_cast<std::size_t>(dims_.operand_batching_dims[i])] *
                batch_index[batch_of_[of_starts]];
    }
    return offset;
  }

  const Array &operand_, &starts_;
  const GatherDims& dims_;
  const Ints& slice_sizes_;
  Ints strides_ = row_major_strides(operand_.shape());
  std::int64_t vector_step_ = 0;  // between the numbers of an index vector
  Shape batch_, window_, shape_;
  Ints batch_strides_, window_strides_;  // in start_indices, in the operand
  std::vector<std::size_t> batch_of_;    // of each dimension of start_indices
};

}  // namespace

Array gather(const Array& operand, const Array& starts, const GatherDims& dims,
             const Ints& slice_sizes) {
  const Gather gather(operand, starts, dims, slice_sizes);
  Array out = Array::result({&operand, &starts}, operand.dtype(), gather.shape());
  // XLA takes such a slice of a dimension that goes, and gives whatever it finds.
  if (out.size() != 0 && contains(slice_sizes, 0)) invalid("an element of a slice that has none");
  if (!out.abstract() && out.size() != 0) gather.run(out);
  return out;
}

}  // namespace jaxsmith::tensor
