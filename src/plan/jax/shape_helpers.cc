#include "plan/jax/shape_helpers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/portable_math.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/ops_reduction.h"

namespace jaxsmith::plan {
Value with_shape(const Value& x, Shape shape) {
  Value result;
  result.type = {x.type.dtype, std::move(shape)};
  result.stats = x.stats;
  return result;
}

Value rearranged(const Value& x, Shape shape, std::int64_t shift) {
  Value result = with_shape(x, std::move(shape));
  const auto by = static_cast<std::ptrdiff_t>(((shift % kProbes) + kProbes) % kProbes);
  std::rotate(result.stats.probe.begin(), result.stats.probe.begin() + by,
              result.stats.probe.end());
  return result;
}

Stats with_constant(const Stats& x, double constant, double share) {
  Stats out = x;
  out.lo = std::min(out.lo, constant);
  out.hi = std::max(out.hi, constant);
  const int count = std::clamp(static_cast<int>(std::lround(share * kProbes)), 1, kProbes - 2);
  // Every fifth, so that the replaced ones are spread out.
  for (int i = 0; i < count; ++i)
    out.probe[static_cast<std::size_t>((5 * i + 3) % kProbes)] = constant;
  return out;
}

Stats joined_stats(const Builder& b, const std::vector<ValueId>& values) {
  Stats out = b[values[0]].stats;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const Stats& other = b[values[i]].stats;
    out.lo = std::min(out.lo, other.lo);
    out.hi = std::max(out.hi, other.hi);
    for (std::size_t p = i; p < kProbes; p += values.size()) out.probe[p] = other.probe[p];
  }
  return out;
}

std::uint32_t sure_everywhere(const Builder& b, ValueId id) {
  const Value& v = b[id];
  if (v.type.rank() == 0 || v.sure == 0) return v.sure;
  const Node* made = node_of(b, id);
  if (!made || !made->bodies.empty()) return v.sure;
  const Op& op = b.catalogue().named(made->op);
  if (op.has(kFillsIn)) return 0;
  const bool all = op.has(kJoinsOperands);
  std::uint32_t sure = all ? ~0u : 0;
  for (ValueId operand : made->operands) {
    if (!b[operand].literal.empty()) {
      if (all) sure = 0;
      continue;
    }
    const std::uint32_t part = sure_everywhere(b, operand);
    sure = all ? sure & part : sure | part;
  }
  return sure & v.sure;
}

void picked_from(const Builder& b, Draft& draft, ValueId x) {
  for (Value& result : draft.results) {
    const bool coarse =
        tensor::element_count(result.type.shape) < 4 && !tensor::is_inexact(result.type.dtype);
    result.sure = coarse ? 0 : sure_everywhere(b, x);
  }
  draft.sure_given = true;
}

int draw_axis(Builder& b, const Shape& shape, std::int64_t least) {
  std::vector<int> fitting;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] >= least) fitting.push_back(static_cast<int>(i));
  }
  return fitting.empty() ? -1 : b.random().pick(fitting);
}

std::string axis_number(Builder& b, int axis, int rank) {
  const bool from_end = axis == rank - 1 ? b.random().chance(0.6) : b.random().chance(0.08);
  return std::to_string(from_end ? axis - rank : axis);
}

std::string axis_option(Builder& b, int axis, int rank) {
  return "axis=" + axis_number(b, axis, rank);
}

std::string at_axis(int axis, const std::string& index) {
  std::string text;
  for (int i = 0; i < axis; ++i) text += ":, ";
  return text + index;
}

std::int64_t& size_at(Shape& shape, int axis) { return shape[static_cast<std::size_t>(axis)]; }
std::int64_t size_at(const Shape& shape, int axis) { return shape[static_cast<std::size_t>(axis)]; }

bool follows(const Builder& b, const Value& v, std::initializer_list<std::string_view> ops) {
  const auto& nodes = b.body_of(v.body).nodes;
  const auto made = std::find_if(nodes.begin(), nodes.end(), [&](const Node& node) {
    return std::any_of(node.results.begin(), node.results.end(),
                       [&](ValueId id) { return id != kNoValue && &b[id] == &v; });
  });
  return made != nodes.end() && std::find(ops.begin(), ops.end(), made->op) != ops.end();
}

std::optional<ValueId> draw_array(Builder& b, int min_rank, int max_rank,
                                  std::initializer_list<std::string_view> not_after) {
  return b.draw([&](const Value& v) {
    return v.type.rank() >= min_rank && v.type.rank() <= max_rank && !follows(b, v, not_after);
  });
}

std::optional<ValueId> draw_numbers(Builder& b, int min_rank, int max_rank) {
  return b.draw_kind(kNumbers, min_rank, max_rank);
}

namespace {

// Led into [0, count) where it may lie outside.
std::optional<ValueId> bounded_index(Builder& b, ValueId index, std::int64_t count) {
  const double last = static_cast<double>(count - 1);
  const Stats& stats = b[index].stats;
  if (stats.lo >= 0 && stats.hi <= last) return index;
  if (b.random().chance(0.8)) {
    const auto wrapped = b.apply("remainder", {index, b.literal(last + 1, b[index].type.dtype)});
    if (wrapped) return wrapped;
  }
  return b.into(index, {0, last});
}

// An index out of numbers that are none: where a vector is largest, the order of its elements,
// their whole parts.
std::optional<ValueId> computed_index(Builder& b, std::int64_t count, const Accept& accept) {
  Value scalar, vector;
  scalar.type = {b.default_integer(), {}};
  scalar.stats = vector.stats = {0, static_cast<double>(count - 1), {}};
  const bool single = accept(scalar);
  const auto key = b.draw([&](const Value& v) {
    const bool clear = v.type.dtype == DType::kF32 || v.type.dtype == DType::kF64;
    if (!clear || v.type.rank() != 1 || v.type.shape[0] < 3) return false;
    vector.type = {b.default_integer(), v.type.shape};
    return single || accept(vector);
  });
  if (!key || !varies_along(b, *key, {0})) return std::nullopt;
  std::optional<ValueId> index;
  if (single) {
    index = b.apply("peak_position", {*key});
  } else if (b.random().chance(0.5)) {
    index = b.apply("ordering", {*key});
  } else {
    const auto led = b.into(*key, {-50, 50});
    const auto scaled =
        led ? b.apply("multiply",
                      {*led, b.literal(b.random().chance(0.5) ? 10 : 5, b[*led].type.dtype)})
            : std::nullopt;
    if (scaled)
      index = b.apply_text("astype", {*scaled}, {{"dtype", dtype_text(b.default_integer())}});
  }
  return index ? bounded_index(b, *index, count) : std::nullopt;
}

}  // namespace

std::optional<ValueId> draw_index(Builder& b, std::int64_t count, const Accept& accept) {
  if (count < 2) return std::nullopt;
  const auto index = b.draw([&](const Value& v) {
    return tensor::is_integer(v.type.dtype) &&
           static_cast<double>(count) <= integer_bounds(v.type.dtype).hi && accept(v);
  });
  return index                ? bounded_index(b, *index, count)
         : b.differentiable() ? std::nullopt
                              : computed_index(b, count, accept);
}

std::optional<ValueId> draw_mask(Builder& b, const Accept& accept) {
  const auto mask =
      b.draw([&](const Value& v) { return v.type.dtype == DType::kBool && accept(v); });
  if (mask || b.differentiable()) return mask;
  const auto x = b.draw([&](const Value& v) {
    const bool clear = v.type.dtype == DType::kF32 || v.type.dtype == DType::kF64 ||
                       tensor::is_integer(v.type.dtype);
    return clear && accept(v);
  });
  if (!x) return std::nullopt;
  return mask_of(b, *x);
}

bool index_shows(const Builder& b, ValueId index, std::int64_t count) {
  // Two other sets of inputs must not both select what the first one did.
  const auto distinct = std::min<double>(static_cast<double>(count), spread(b[index].stats) + 1);
  return portable::pow(distinct, static_cast<double>(tensor::element_count(b[index].type.shape))) >=
         8;
}

void selected_by(const Builder& b, Draft& draft, ValueId x, ValueId index, std::int64_t count) {
  picked_from(b, draft, x);
  if (!index_shows(b, index, count) || !tensor::is_inexact(b[x].type.dtype)) return;
  for (Value& result : draft.results) result.sure |= b[index].sure;
}

std::vector<std::int64_t> draw_places(Builder& b, std::int64_t count, std::int64_t how_many,
                                      bool distinct) {
  std::vector<std::int64_t> places(static_cast<std::size_t>(count));
  std::iota(places.begin(), places.end(), 0);
  b.random().shuffle(places);
  if (how_many < count) places.resize(static_cast<std::size_t>(how_many));
  if (b.random().chance(0.35)) std::sort(places.begin(), places.end());
  // All of them in their order would change nothing.
  if (how_many >= count && count > 1 && std::is_sorted(places.begin(), places.end()))
    std::swap(places[0], places.back());
  while (!distinct && static_cast<std::int64_t>(places.size()) < how_many) {
    places.push_back(b.random().between(0, count - 1));
  }
  if (!distinct && places.size() > 2 && b.random().chance(0.3)) places.back() = places.front();
  return places;
}

std::string places_text(const std::vector<std::int64_t>& places) {
  return fmt::format("jnp.array([{}])", fmt::join(places, ", "));
}

double filler(Builder& b, const Value& beside) {
  const DType dtype = beside.type.dtype;
  if (dtype == DType::kBool) return b.random().chance(0.5) ? 1 : 0;
  if (b.random().chance(0.55)) return 0;
  if (tensor::is_integer(dtype)) {
    const double lo = tensor::is_signed_integer(dtype) ? -1 : 0;
    return static_cast<double>(b.random().between(static_cast<std::int64_t>(lo), 9));
  }
  return b.random().chance(0.5) ? 1 : b.nice_number(-1, 2, false);
}

std::string number_of(double value, DType dtype) {
  if (dtype == DType::kBool) return value != 0 ? "True" : "False";
  return number_text(value, tensor::is_integer(dtype));
}

std::string either(Builder& b, const std::vector<std::string>& spellings) {
  std::vector<double> weights;
  for (std::size_t i = 0; i < spellings.size(); ++i)
    weights.push_back(1.0 / (1.0 + 0.35 * static_cast<double>(i)));
  return spellings[b.random().weighted(weights)];
}

}  // namespace jaxsmith::plan
