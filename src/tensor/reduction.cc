#include "tensor/reduction.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tensor/movement.h"
#include "tensor/reduction_parts.h"
#include "tensor/rounding_noise.h"

namespace jaxsmith::tensor {
namespace {

// Below so many elements in a row they are combined one after another, above it in pairs, whose
// results are combined in pairs, and so on: bodies are taken to be associative, as XLA takes them.
constexpr std::int64_t kInTurn = 64;

Array broadcast_scalar(const Array& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  return broadcast_in_dim(x, shape, {});
}

// What a body gives for arrays of one shape, scalars spread out.
std::vector<Array> run_over(const Body& body, std::vector<Array> arguments, const Shape& shape) {
  auto out = body(std::move(arguments));
  for (Array& a : out) a = broadcast_scalar(a, shape);
  return out;
}

void require_scalar_of(const Array& scalar, const Array& operand, const char* what) {
  if (scalar.rank() != 0 || scalar.dtype() != operand.dtype())
    invalid(fmt::format("{}: {} for an operand {}", what, scalar.type_text(), operand.type_text()));
}

// A body's type rule: it is run once on abstract scalars.
void check_body(const Body& body, std::span<const Array> operands, std::size_t results,
                const char* what) {
  std::vector<Array> arguments;
  for (int half = 0; half < 2; ++half)
    for (const Array& x : operands) arguments.push_back(Array::typed(x.dtype(), {}));
  const auto out = body(std::move(arguments));
  if (out.size() != results)
    invalid(fmt::format("{}: the body gives {} results, not {}", what, out.size(), results));
  for (std::size_t i = 0; i < out.size(); ++i) require_scalar_of(out[i], operands[i], what);
}

// What a simple body adds or multiplies: other bodies round, with noise, by themselves.
Array noisy_where_rounded(const Array& x, const Body& body) {
  return body.simple() && rounds(*body.simple()) ? with_noise(x) : x;
}

// ---- Simple bodies ----

// Of elements in a flat array.
using Places = std::span<const std::int64_t>;

template <class T>
T combine(Binary op, DType dtype, T a, T b) {
  if constexpr (std::is_same_v<T, std::int64_t>) {
    const bool boolean = dtype == DType::kBool, without_sign = boolean || is_unsigned(dtype);
    const auto ua = static_cast<std::uint64_t>(a), ub = static_cast<std::uint64_t>(b);
    switch (op) {
      case Binary::add:
        return boolean ? a | b : wrap(dtype, static_cast<T>(ua + ub));
      case Binary::subtract:
        return wrap(dtype, static_cast<T>(ua - ub));
      case Binary::multiply:
        return wrap(dtype, static_cast<T>(ua * ub));
      case Binary::maximum:
        return without_sign ? (ua < ub ? b : a) : std::max(a, b);
      case Binary::minimum:
        return without_sign ? (ub < ua ? b : a) : std::min(a, b);
      case Binary::and_:
        return a & b;
      case Binary::or_:
        return a | b;
      default:
        return a ^ b;
    }
  } else {
    T out;
    if (op == Binary::add) {
      out = a + b;
    } else if (op == Binary::subtract) {
      out = a - b;
    } else if (op == Binary::multiply) {
      out = a * b;
    } else if constexpr (std::is_floating_point_v<T>) {
      if (std::isnan(a) || std::isnan(b))
        out = std::isnan(a) ? a : b;
      else
        out = op == Binary::maximum ? std::max(a, b) : std::min(a, b);
    } else {
      out = a;
    }
    if constexpr (std::is_same_v<T, float>) return round_to(dtype, out);
    return out;
  }
}

bool is_fast(Binary op, DType dtype) {
  switch (op) {
    case Binary::add:
    case Binary::multiply:
      return true;
    case Binary::subtract:
      return dtype != DType::kBool;
    case Binary::maximum:
    case Binary::minimum:
      return !is_complex(dtype);
    case Binary::and_:
    case Binary::or_:
    case Binary::xor_:
      return lane_of(dtype) == Lane::kInt;
    default:
      return false;
  }
}

bool reduces_fast(const Body& body, DType dtype) {
  return body.simple() && *body.simple() != Binary::subtract && is_fast(*body.simple(), dtype);
}

// Sums and products of floats are kept in twice the precision and rounded once.
template <class T>
struct Accumulator {
  using type = T;
};
template <>
struct Accumulator<float> {
  using type = double;
};
template <>
struct Accumulator<std::complex<float>> {
  using type = std::complex<double>;
};

// `step`: that of `x`, or a narrower type that each step is rounded to.
template <class T>
void reduce_simple(Binary op, DType step, const Array& x, const Array& init, Places kept,
                   Places gone, Array& out) {
  using A = typename Accumulator<T>::type;
  const T* from = x.data<T>().data();
  auto to = out.mutate<T>();
  const T start = init.data<T>()[0];
  const bool stepwise =
      out.context().arithmetic().stepwise || step != x.dtype() || out.context().noisy();
  const bool wide = !std::is_same_v<T, std::int64_t> &&
                    (op == Binary::add || op == Binary::multiply) && !stepwise;
  for (std::size_t o = 0; o < to.size(); ++o) {
    const T* base = from + kept[o];
    if (wide) {
      if constexpr (!std::is_same_v<T, std::int64_t>) {
        A sum(start);
        if (op == Binary::add)
          for (const std::int64_t r : gone) sum += A(base[r]);
        else
          for (const std::int64_t r : gone) sum *= A(base[r]);
        to[o] = static_cast<T>(sum);
      }
    } else {
      T value = start;
      for (const std::int64_t r : gone) value = combine<T>(op, step, value, base[r]);
      to[o] = value;
    }
  }
  settle(out);
}

// [outputs, elements] of each operand to [outputs, 1], in pairs.
std::vector<Array> reduce_in_pairs(std::vector<Array> values, const Body& body) {
  while (values[0].shape()[1] > 1) {
    const std::int64_t rows = values[0].shape()[0], n = values[0].shape()[1], even = n / 2 * 2;
    std::vector<Array> arguments;
    for (std::int64_t first : {0, 1})
      for (const Array& v : values) arguments.push_back(slice(v, {0, first}, {rows, even}, {1, 2}));
    auto pairs = run_over(body, std::move(arguments), {rows, n / 2});
    if (n % 2)
      for (std::size_t i = 0; i < pairs.size(); ++i) {
        const Array parts[] = {pairs[i], slice(values[i], {0, even}, {rows, n}, {1, 1})};
        pairs[i] = concatenate(parts, 1);
      }
    values = std::move(pairs);
  }
  return values;
}

std::vector<Array> one_by_one(const Body& body, std::vector<Array> values,
                              std::span<const Array> operands, Places kept, Places gone) {
  for (std::size_t o = 0; o < kept.size(); ++o) {
    std::vector<Array> state;
    for (const Array& v : values)
      state.push_back(taken(v, static_cast<std::int64_t>(o)).reshaped({}));
    for (const std::int64_t r : gone) {
      auto arguments = state;
      for (const Array& x : operands) arguments.push_back(taken(x, kept[o] + r).reshaped({}));
      state = body(std::move(arguments));
    }
    for (std::size_t i = 0; i < values.size(); ++i)
      copy_box({}, state[i], 0, {}, values[i], static_cast<std::int64_t>(o), {});
  }
  return values;
}

}  // namespace

namespace {

// The dimensions of an array that a reduction keeps, and those that it sums over: their sizes, and
// where their elements lie.
struct Divided {
  Shape kept_shape, gone_shape;
  Ints kept_strides, gone_strides;

  Divided(const Shape& shape, const Ints& dims) {
    const Ints own = row_major_strides(shape);
    for (std::size_t d = 0; d < shape.size(); ++d) {
      const bool gone = contains(dims, static_cast<std::int64_t>(d));
      (gone ? gone_shape : kept_shape).push_back(shape[d]);
      (gone ? gone_strides : kept_strides).push_back(own[d]);
    }
  }
};

std::vector<Array> reduce_values(std::span<const Array> operands, std::span<const Array> inits,
                                 const Ints& dims, const Body& body) {
  const auto [kept_shape, gone_shape, kept_strides, gone_strides] =
      Divided(operands[0].shape(), dims);
  std::vector<Array> out;
  // Nothing is reduced to nothing.
  if (contains(kept_shape, 0)) {
    for (const Array& x : operands) out.push_back(x.zeros(x.dtype(), kept_shape));
    return out;
  }
  const EvaluationContext& context = Array::context_of({&operands[0], &inits[0]});
  const auto kept = offsets_of(context, kept_shape, kept_strides),
             gone = offsets_of(context, gone_shape, gone_strides);
  const auto rows = static_cast<std::int64_t>(kept.size()),
             n = static_cast<std::int64_t>(gone.size());
  context.spend(operands[0].size());
  const DType dtype = operands[0].dtype();
  const bool fast = reduces_fast(body, dtype), rounded = body.rounded() && dtype == DType::kF32;
  if (operands.size() == 1 && (fast || rounded)) {
    const Binary op = fast ? *body.simple() : body.rounded()->op;
    Array result = Array::zeros(context, dtype, kept_shape);
    const Array x = rounds(op) ? with_noise(operands[0]) : operands[0];
    with_lane(dtype, [&]<class T>(T) {
      reduce_simple<T>(op, fast ? dtype : body.rounded()->to, x, inits[0], kept, gone, result);
    });
    return {result};
  }
  std::vector<Array> values;
  for (const Array& init : inits) values.push_back(broadcast_scalar(init, {rows}));
  if (!body.pointwise()) {
    values = one_by_one(body, std::move(values), operands, kept, gone);
  } else if (n <= kInTurn) {
    for (const std::int64_t r : gone) {
      for (const Array& x : operands) values.push_back(taken(x, kept, r));
      values = run_over(body, std::move(values), {rows});
    }
  } else {
    Shape all{rows, n};
    Scratch<std::int64_t> places(context);
    for (const std::int64_t k : kept)
      for (const std::int64_t r : gone) places.push_back(k + r);
    std::vector<Array> columns;
    for (std::size_t i = 0; i < operands.size(); ++i) {
      const Array parts[] = {values[i].reshaped({rows, 1}),
                             taken(operands[i], places, 0).reshaped(all)};
      columns.push_back(concatenate(parts, 1));
    }
    values = reduce_in_pairs(std::move(columns), body);
  }
  for (const Array& v : values) out.push_back(v.reshaped(kept_shape));
  return out;
}

// The windows in which XLA's TreeReductionRewriter sums first, where a dimension has more than 32.
std::optional<Window> first_windows(const Shape& shape, const Ints& dims) {
  constexpr std::int64_t kMost = 32;
  Ints size(shape.size(), 1);
  bool long_one = false;
  for (const std::int64_t dim : dims) {
    const auto d = static_cast<std::size_t>(dim);
    size[d] = std::clamp<std::int64_t>(shape[d], 1, kMost);
    long_one = long_one || shape[d] > kMost;
  }
  if (!long_one) return std::nullopt;
  Window w = Window::of(size);
  w.stride = size;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    const std::int64_t missing = (size[d] - shape[d] % size[d]) % size[d];
    w.low[d] = missing / 2;
    w.high[d] = missing - missing / 2;
  }
  return w;
}

}  // namespace

std::vector<Array> reduce(std::span<const Array> operands, std::span<const Array> inits,
                          const Ints& dims, const Body& body) {
  require(!operands.empty() && operands.size() == inits.size(),
          "as many initial values are wanted as operands");
  require(all_same_shape(operands), "operands of different shapes are reduced together");
  require_distinct_dims(dims, operands[0].rank(), "dimensions");
  for (std::size_t i = 0; i < operands.size(); ++i)
    require_scalar_of(inits[i], operands[i], "an initial value");
  if (abstract_among({operands, inits})) {
    check_body(body, operands, operands.size(), "reduce");
    std::vector<Array> out;
    for (const Array& x : operands)
      out.push_back(Array::typed(x.dtype(), Divided(x.shape(), dims).kept_shape));
    return out;
  }
  if (operands[0].context().arithmetic().windowed_sums && operands.size() == 1)
    if (const auto windows = first_windows(operands[0].shape(), dims))
      return reduce_values(reduce_window(operands, inits, *windows, body), inits, dims, body);
  return reduce_values(operands, inits, dims, body);
}

Body Body::of(Binary op) {
  return {[op](std::vector<Array> a) { return std::vector<Array>{binary(op, a[0], a[1])}; },
          {.pointwise = true, .simple = op}};
}

std::vector<Array> Body::operator()(std::vector<Array> arguments) const {
  constexpr std::int64_t kCost = 20;
  for (const Array& a : arguments)
    if (a.context().metered()) {
      a.context().spend(kCost);
      break;
    }
  return run_(std::move(arguments));
}

Array identity_of(const Array& beside, Binary op, DType dtype) {
  switch (op) {
    case Binary::multiply:
      return convert(beside.scalar_int(DType::kI32, 1), dtype);
    case Binary::and_:
      return beside.scalar_int(dtype, wrap(dtype, -1));
    case Binary::maximum:
    case Binary::minimum: {
      const bool lowest = op == Binary::maximum;
      if (!is_complex(dtype)) return extreme(beside, dtype, lowest);
      const double infinity = std::numeric_limits<double>::infinity();
      return convert(beside.scalar(DType::kF64, lowest ? -infinity : infinity), dtype);
    }
    default:
      return beside.zeros(dtype, {});
  }
}

Array reduce_dims(Binary op, const Array& x, const Ints& dims) {
  const Array init = identity_of(x, op, x.dtype());
  return reduce({&x, 1}, {&init, 1}, dims, Body::of(op))[0];
}

// ---- Windows ----

Window Window::of(const Ints& size) {
  const Ints ones(size.size(), 1), zeros(size.size(), 0);
  return {size, ones, ones, ones, zeros, zeros, std::vector<bool>(size.size(), false)};
}

void Window::set_padding(std::span<const std::int64_t> pairs) {
  require(pairs.size() == 2 * rank(),
          "padding has not two numbers for each dimension of the window");
  for (std::size_t d = 0; d < rank(); ++d) {
    low[d] = pairs[2 * d];
    high[d] = pairs[2 * d + 1];
  }
}

std::int64_t window_places(const Window& w, std::size_t d, std::int64_t size) {
  if (w.size[d] < 1 || w.stride[d] < 1 || w.dilation[d] < 1 || w.base_dilation[d] < 1)
    invalid("a window's size, stride or dilation is less than 1");
  constexpr std::int64_t kMost = std::int64_t{1} << 31;  // so that products can be counted
  for (const std::int64_t n :
       {size, w.size[d], w.stride[d], w.dilation[d], w.base_dilation[d], w.low[d], w.high[d]})
    if (n > kMost || n < -kMost) unsupported("windows that reach that far");
  const std::int64_t dilated = size == 0 ? 0 : (size - 1) * w.base_dilation[d] + 1;
  const std::int64_t padded = dilated + w.low[d] + w.high[d];
  const std::int64_t reach = (w.size[d] - 1) * w.dilation[d] + 1;
  return padded < reach ? 0 : (padded - reach) / w.stride[d] + 1;
}

namespace {

void require_window_rank(const Window& w, const Array& x) {
  const auto n = static_cast<std::size_t>(x.rank());
  for (const Ints* part : {&w.size, &w.stride, &w.base_dilation, &w.dilation, &w.low, &w.high})
    if (part->size() != n)
      invalid(fmt::format("the window has {} dimensions, the operand {}", part->size(), n));
}

Shape places_of(const Window& w, const Array& x) {
  Shape out;
  for (std::size_t d = 0; d < w.rank(); ++d) out.push_back(window_places(w, d, x.shape()[d]));
  return out;
}

}  // namespace

std::vector<Array> reduce_window(std::span<const Array> operands, std::span<const Array> inits,
                                 const Window& w, const Body& body) {
  require(!operands.empty() && operands.size() == inits.size(),
          "as many initial values are wanted as operands");
  require(all_same_shape(operands), "operands of different shapes are reduced together");
  require_window_rank(w, operands[0]);
  for (std::size_t i = 0; i < operands.size(); ++i)
    require_scalar_of(inits[i], operands[i], "an initial value");
  const Shape places = places_of(w, operands[0]);
  std::vector<Array> out;
  if (abstract_among({operands, inits})) {
    check_body(body, operands, operands.size(), "reduce_window");
    for (const Array& x : operands) out.push_back(Array::typed(x.dtype(), places));
    return out;
  }
  std::vector<Array> padded;
  Ints interior;
  for (const std::int64_t b : w.base_dilation) interior.push_back(b - 1);
  for (std::size_t i = 0; i < operands.size(); ++i) {
    padded.push_back(pad(operands[i], inits[i], w.low, w.high, interior));
    out.push_back(broadcast_scalar(inits[i], places));
  }
  if (out[0].size() == 0) return out;
  const bool fast = operands.size() == 1 && reduces_fast(body, operands[0].dtype());
  for (IndexWalk at(out[0].context(), w.size); at; at.next()) {
    Ints limit, start;
    for (std::size_t d = 0; d < w.rank(); ++d) {
      start.push_back(at[d] * w.dilation[d]);
      limit.push_back(start[d] + (places[d] - 1) * w.stride[d] + 1);
    }
    std::vector<Array> arguments = out;
    for (const Array& p : padded) arguments.push_back(slice(p, start, limit, w.stride));
    if (fast)
      out[0] = binary(*body.simple(), arguments[0], arguments[1]);
    else if (body.pointwise())
      out = run_over(body, std::move(arguments), places);
    else
      out = map(arguments, body);
  }
  return out;
}

std::vector<Array> map(std::span<const Array> operands, const Body& body) {
  require(!operands.empty() && all_same_shape(operands), "operands of different shapes");
  const Shape shape = operands[0].shape();
  std::vector<Array> out;
  const bool abstract = abstract_among({operands});
  const std::int64_t n = operands[0].size();
  if (abstract || n == 0) {
    std::vector<Array> arguments;
    for (const Array& x : operands) arguments.push_back(Array::typed(x.dtype(), {}));
    for (const Array& r : body(std::move(arguments))) {
      require(r.rank() == 0, "the body gives no scalar");
      out.push_back(abstract ? Array::typed(r.dtype(), shape)
                             : operands[0].zeros(r.dtype(), shape));
    }
    return out;
  }
  if (body.pointwise())
    return run_over(body, std::vector<Array>(operands.begin(), operands.end()), shape);
  for (std::int64_t i = 0; i < n; ++i) {
    std::vector<Array> arguments;
    for (const Array& x : operands) arguments.push_back(taken(x, i).reshaped({}));
    const auto results = body(std::move(arguments));
    if (out.empty())
      for (const Array& r : results) out.push_back(operands[0].zeros(r.dtype(), shape));
    for (std::size_t k = 0; k < results.size(); ++k) copy_box({}, results[k], 0, {}, out[k], i, {});
  }
  return out;
}

namespace {

// The body for two arrays of one shape.
Array run_pairs(const Body& body, const Array& a, const Array& b) {
  const Array both[] = {a, b};
  auto out = map(both, body);
  require(out.size() == 1, "the body gives more than one result");
  return out[0];
}

void check_select(const Body& body, DType dtype) {
  const Array scalar = Array::typed(dtype, {});
  const auto out = body({scalar, scalar});
  require(out.size() == 1 && out[0].dtype() == DType::kBool && out[0].rank() == 0,
          "what selects does not give one bool");
}

// Where this place of the window, `at`, lies for each place that the window takes, or -1.
Scratch<std::int64_t> candidates_at(const Array& operand, const Shape& places, const Window& w,
                                    const Ints& at) {
  const Ints own = row_major_strides(operand.shape());
  Scratch<std::int64_t> out(operand.context());
  out.reserve(static_cast<std::size_t>(element_count(places)));
  charge_dimensions(operand.context(), element_count(places), w.rank());
  for (IndexWalk index(operand.context(), places); index; index.next()) {
    std::int64_t offset = 0;
    bool inside = true;
    for (std::size_t d = 0; d < w.rank(); ++d) {
      const std::int64_t p = index[d] * w.stride[d] + at[d] - w.low[d];
      inside = inside && p >= 0 && p < operand.shape()[d];
      if (inside) offset += p * own[d];
    }
    out.push_back(inside ? offset : -1);
  }
  return out;
}

// The element that is selected at each place of the window, or -1.
Scratch<std::int64_t> selected_places(const Array& operand, const Shape& places, const Window& w,
                                      const Body& select) {
  const EvaluationContext& context = operand.context();
  Scratch<std::int64_t> chosen(static_cast<std::size_t>(element_count(places)), -1, context);
  for (IndexWalk at(context, w.size); at; at.next()) {
    const auto candidates = candidates_at(operand, places, w, at.index());
    Scratch<std::int64_t> both(context), old_at(context), new_at(context);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      if (candidates[i] < 0) continue;
      if (chosen[i] < 0) {
        chosen[i] = candidates[i];
        continue;
      }
      both.push_back(static_cast<std::int64_t>(i));
      old_at.push_back(chosen[i]);
      new_at.push_back(candidates[i]);
    }
    if (both.empty()) continue;
    const Array stays = run_pairs(select, taken(operand, old_at), taken(operand, new_at));
    for (std::size_t i = 0; i < both.size(); ++i)
      if (!stays.int_at(static_cast<std::int64_t>(i)))
        chosen[static_cast<std::size_t>(both[i])] = new_at[i];
  }
  return chosen;
}

template <class T>
void add_up(const Array& source, Places places, const Body& body, Array& out) {
  const auto values = source.data<T>();
  if (body.simple() && is_fast(*body.simple(), out.dtype())) {
    auto to = out.mutate<T>();
    for (std::size_t i = 0; i < places.size(); ++i)
      if (places[i] >= 0) {
        T& at = to[static_cast<std::size_t>(places[i])];
        at = combine<T>(*body.simple(), out.dtype(), at, values[i]);
      }
    return;
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i] < 0) continue;
    std::vector<Array> arguments = {taken(out, places[i]).reshaped({}),
                                    taken(source, static_cast<std::int64_t>(i)).reshaped({})};
    copy_box({}, body(std::move(arguments)).at(0), 0, {}, out, places[i], {});
  }
}

}  // namespace

Array select_and_scatter(const Array& operand, const Array& source, const Array& init,
                         const Window& w, const Body& select_body, const Body& scatter_body) {
  require_window_rank(w, operand);
  require_scalar_of(init, operand, "the initial value");
  const Shape places = places_of(w, operand);
  if (source.shape() != places || source.dtype() != operand.dtype())
    invalid(fmt::format("the source is {}, the window has places {}", source.type_text(),
                        aval_text(operand.dtype(), places)));
  if (any_abstract({&operand, &source, &init})) {
    const Array one[] = {operand};
    check_body(scatter_body, one, 1, "scatter");
    check_select(select_body, operand.dtype());
    return Array::typed(operand.dtype(), operand.shape());
  }
  Array out = broadcast_scalar(init, operand.shape());
  if (contains(places, 0)) return out;
  const auto chosen = selected_places(operand, places, w, select_body);
  const Array added = noisy_where_rounded(source, scatter_body);
  with_lane(operand.dtype(), [&]<class T>(T) { add_up<T>(added, chosen, scatter_body, out); });
  return out;
}

// ---- scatter ----

namespace {

// Where each update element goes, or -1.
Scratch<std::int64_t> scatter_places(const EvaluationContext& context, const Array& operand,
                                     const Array& indices, const Shape& updates,
                                     const ScatterDims& dims) {
  const auto vector_dim = static_cast<std::size_t>(dims.index_vector_dim);
  const bool scalar_indices = dims.index_vector_dim == indices.rank();
  const Ints own = row_major_strides(operand.shape()),
             index_strides = row_major_strides(indices.shape());
  Ints batch_strides, window_strides, window_sizes, window_dims;
  std::vector<std::size_t> batch_of(indices.shape().size(), 0);
  for (std::size_t d = 0, b = 0; d < indices.shape().size(); ++d) {
    if (d == vector_dim) continue;
    batch_of[d] = b++;
    batch_strides.push_back(index_strides[d]);
  }
  for (std::size_t d = 0; d < operand.shape().size(); ++d) {
    const auto n = static_cast<std::int64_t>(d);
    if (!contains(dims.inserted_window_dims, n) && !contains(dims.input_batching_dims, n))
      window_dims.push_back(n);
  }
  Shape batch;
  Ints update_batch_strides, update_window_strides, window_from;
  const Ints update_strides = row_major_strides(updates);
  for (std::size_t d = 0, w = 0; d < updates.size(); ++d) {
    if (contains(dims.update_window_dims, static_cast<std::int64_t>(d))) {
      window_sizes.push_back(updates[d]);
      update_window_strides.push_back(update_strides[d]);
      window_from.push_back(own[static_cast<std::size_t>(window_dims[w++])]);
    } else {
      batch.push_back(updates[d]);
      update_batch_strides.push_back(update_strides[d]);
    }
  }
  Scratch<std::int64_t> places(static_cast<std::size_t>(element_count(updates)), -1, context);
  if (places.empty()) return places;
  const auto batch_from = offsets_of(context, batch, batch_strides),
             batch_to = offsets_of(context, batch, update_batch_strides);
  const auto in_window = offsets_of(context, window_sizes, window_from),
             in_update = offsets_of(context, window_sizes, update_window_strides);
  const auto index = indices.ints();
  charge_dimensions(context, element_count(batch), operand.shape().size());
  IndexWalk batch_index(context, batch);
  for (std::size_t b = 0; b < batch_from.size(); ++b, batch_index.next()) {
    Ints start(operand.shape().size(), 0);
    for (std::size_t i = 0; i < dims.scatter_dims_to_operand_dims.size(); ++i) {
      const std::int64_t step = scalar_indices ? 0 : index_strides[vector_dim];
      const std::int64_t value =
          index[static_cast<std::size_t>(batch_from[b] + static_cast<std::int64_t>(i) * step)];
      start[static_cast<std::size_t>(dims.scatter_dims_to_operand_dims[i])] = value;
    }
    for (std::size_t i = 0; i < dims.input_batching_dims.size(); ++i)
      start[static_cast<std::size_t>(dims.input_batching_dims[i])] =
          batch_index[batch_of[static_cast<std::size_t>(dims.scatter_indices_batching_dims[i])]];
    bool inside = true;
    std::int64_t offset = 0;
    for (std::size_t d = 0, w = 0; d < start.size(); ++d) {
      const bool windowed =
          w < window_dims.size() && window_dims[w] == static_cast<std::int64_t>(d);
      const std::int64_t size = windowed ? window_sizes[w++] : 1;
      inside = inside && start[d] >= 0 && start[d] <= operand.shape()[d] - size;
      if (inside) offset += start[d] * own[d];
    }
    if (inside)
      for (std::size_t w = 0; w < in_window.size(); ++w)
        places[static_cast<std::size_t>(batch_to[b] + in_update[w])] = offset + in_window[w];
  }
  return places;
}

void check_scatter(const Array& operand, const Array& indices, const Array& updates,
                   const ScatterDims& dims) {
  require(is_integer(indices.dtype()), "scatter_indices are no integers");
  if (dims.index_vector_dim < 0 || dims.index_vector_dim > indices.rank())
    invalid("index_vector_dim is beyond the rank of scatter_indices");
  require_distinct_dims(dims.inserted_window_dims, operand.rank(), "inserted_window_dims");
  require_distinct_dims(dims.input_batching_dims, operand.rank(), "input_batching_dims");
  require_distinct_dims(dims.scatter_dims_to_operand_dims, operand.rank(),
                        "scatter_dims_to_operand_dims");
  require_distinct_dims(dims.update_window_dims, updates.rank(), "update_window_dims");
  require_distinct_dims(dims.scatter_indices_batching_dims, indices.rank(),
                        "scatter_indices_batching_dims");
  require(dims.input_batching_dims.size() == dims.scatter_indices_batching_dims.size(),
          "as many batching dimensions are wanted of the input as of scatter_indices");
  for (const auto& [other, what] :
       {std::pair(&dims.inserted_window_dims, "inserted_window_dims and input_batching_dims"),
        std::pair(&dims.scatter_dims_to_operand_dims,
                  "scatter_dims_to_operand_dims and input_batching_dims")}) {
    Ints both = dims.input_batching_dims;
    both.insert(both.end(), other->begin(), other->end());
    require_distinct_dims(both, operand.rank(), what);
  }
  for (std::size_t i = 0; i < dims.input_batching_dims.size(); ++i) {
    const std::int64_t of_indices = dims.scatter_indices_batching_dims[i];
    require(of_indices != dims.index_vector_dim,
            "scatter_indices_batching_dims has the dimension of the index vectors");
    require(operand.shape()[static_cast<std::size_t>(dims.input_batching_dims[i])] ==
                indices.shape()[static_cast<std::size_t>(of_indices)],
            "batching dimensions of the input and of scatter_indices differ in size");
  }
  const auto vector_dim = static_cast<std::size_t>(dims.index_vector_dim);
  const std::int64_t vector_size =
      dims.index_vector_dim == indices.rank() ? 1 : indices.shape()[vector_dim];
  if (vector_size != static_cast<std::int64_t>(dims.scatter_dims_to_operand_dims.size()))
    invalid(fmt::format("scatter_dims_to_operand_dims has {} numbers, an index vector {}",
                        dims.scatter_dims_to_operand_dims.size(), vector_size));
  const auto windowed = static_cast<std::size_t>(operand.rank()) -
                        dims.inserted_window_dims.size() - dims.input_batching_dims.size();
  if (windowed != dims.update_window_dims.size())
    invalid(fmt::format("update_window_dims has {} numbers for a window of {} dimensions",
                        dims.update_window_dims.size(), windowed));
  // The updates' batch dimensions are those of the indices; a window is no larger than the operand.
  Shape batch;
  for (std::size_t d = 0; d < indices.shape().size(); ++d)
    if (d != vector_dim) batch.push_back(indices.shape()[d]);
  Ints window_dims;
  for (std::int64_t d = 0; d < operand.rank(); ++d)
    if (!contains(dims.inserted_window_dims, d) && !contains(dims.input_batching_dims, d))
      window_dims.push_back(d);
  std::size_t b = 0, w = 0;
  for (std::int64_t d = 0; d < updates.rank(); ++d) {
    const std::int64_t n = updates.shape()[static_cast<std::size_t>(d)];
    if (contains(dims.update_window_dims, d)) {
      if (n > operand.shape()[static_cast<std::size_t>(window_dims[w++])])
        invalid(fmt::format(
            "an update's window has {} elements along dimension {}, more than the operand", n, d));
    } else if (b >= batch.size() || batch[b++] != n) {
      invalid(
          fmt::format("dimension {} of the updates is no batch dimension of scatter_indices", d));
    }
  }
  if (b != batch.size()) invalid("the updates have fewer batch dimensions than scatter_indices");
}

}  // namespace

std::vector<Array> scatter(std::span<const Array> operands, const Array& indices,
                           std::span<const Array> updates, const ScatterDims& dims,
                           const Body& body) {
  require(!operands.empty() && operands.size() == updates.size(),
          "as many updates are wanted as operands");
  require(all_same_shape(operands) && all_same_shape(updates), "operands of different shapes");
  check_scatter(operands[0], indices, updates[0], dims);
  for (std::size_t i = 0; i < operands.size(); ++i)
    require(operands[i].dtype() == updates[i].dtype(),
            "an update has another type than its operand");
  const Array index_group[] = {indices};
  if (abstract_among({operands, updates, index_group})) {
    check_body(body, operands, operands.size(), "scatter");
    std::vector<Array> out;
    for (const Array& x : operands) out.push_back(Array::typed(x.dtype(), x.shape()));
    return out;
  }
  const EvaluationContext& context = Array::context_of({&operands[0], &indices, &updates[0]});
  const auto places = scatter_places(context, operands[0], indices, updates[0].shape(), dims);
  context.spend({static_cast<std::int64_t>(places.size()), 2});
  std::vector<Array> out;
  for (const Array& x : operands) out.push_back(x.within(context));
  if (operands.size() == 1 && body.gives_second()) {
    with_lane(out[0].dtype(), [&]<class T>(T) {
      const auto values = updates[0].data<T>();
      auto to = out[0].mutate<T>();
      for (std::size_t i = 0; i < places.size(); ++i)
        if (places[i] >= 0) to[static_cast<std::size_t>(places[i])] = values[i];
    });
    return out;
  }
  if (operands.size() == 1) {
    const Array added = noisy_where_rounded(updates[0], body);
    with_lane(out[0].dtype(), [&]<class T>(T) { add_up<T>(added, places, body, out[0]); });
    return out;
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i] < 0) continue;
    std::vector<Array> arguments;
    for (const Array& x : out) arguments.push_back(taken(x, places[i]).reshaped({}));
    for (const Array& u : updates)
      arguments.push_back(taken(u, static_cast<std::int64_t>(i)).reshaped({}));
    const auto results = body(std::move(arguments));
    for (std::size_t k = 0; k < out.size(); ++k)
      copy_box({}, results[k], 0, {}, out[k], places[i], {});
  }
  return out;
}

}  // namespace jaxsmith::tensor
