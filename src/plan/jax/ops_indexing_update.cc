// Values with some places changed: `.at[…]`, dynamic_update_slice, insert and delete.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/portable_math.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/ops_indexing.h"
#include "plan/jax/shape_helpers.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;

double second(double, double y) { return y; }

// What `.at[…]` can do with a place and a value.
struct Update {
  const char* method;
  Kernel2 kernel;
  double lo, hi;  // literals that read well
};
const std::vector<Update>& updates() {
  static const std::vector<Update> kUpdates = {
      {"set", second, -1, 2},
      {"add", [](double x, double y) { return x + y; }, 0.1, 5},
      {"multiply", [](double x, double y) { return x * y; }, 0.1, 3},
      {"max", [](double x, double y) { return std::max(x, y); }, -1, 1},
      {"min", [](double x, double y) { return std::min(x, y); }, -1, 1},
      {"subtract", [](double x, double y) { return x - y; }, 0.1, 3},
      {"divide", [](double x, double y) { return x / y; }, 1.5, 5},
  };
  return kUpdates;
}
constexpr std::size_t kSet = 0, kAdd = 1, kMultiply = 2, kMax = 3, kMin = 4, kSubtract = 5;

// A literal to update with; a factor of one would change nothing.
double number_for(Builder& b, const Update& u, bool integral) {
  const double number = b.nice_number(integral ? 2 : u.lo, integral ? 5 : u.hi, integral);
  return number == 1 && u.kernel(2, number) == 2 ? 0.5 : number;
}

// Stats of x where a share of the elements has been through the kernel.
Stats updated_stats(const Stats& x, const Stats& changed, double share) {
  Stats out = x;
  out.lo = std::min(x.lo, changed.lo);
  out.hi = std::max(x.hi, changed.hi);
  const int count = std::clamp(static_cast<int>(std::lround(share * kProbes)), 1, kProbes - 1);
  for (int i = 0; i < count; ++i) {
    const auto p = static_cast<std::size_t>((5 * i + 2) % kProbes);
    out.probe[p] = changed.probe[p];
  }
  return out;
}

double share_of(const Shape& part, const Shape& whole) {
  return static_cast<double>(tensor::element_count(part)) /
         static_cast<double>(tensor::element_count(whole));
}

std::optional<Place> draw_place(Builder& b, const Shape& shape) {
  return b.random().chance(0.72) ? draw_basic_place(b, shape) : draw_listed_place(b, shape, true);
}

std::optional<ValueId> draw_target(Builder& b, std::uint32_t kinds = kNumbers) {
  return b.draw([&](const Value& v) {
    return (kind_of(v.type.dtype) & kinds) && v.type.rank() >= 1 &&
           tensor::element_count(v.type.shape) >= 3;
  });
}

Op at_constant() {
  Op op{"patch", kIndexing, 0.9, kSmooth, {"updated", "patched", "adjusted", "cleared"}};
  op.traits = kFillsIn;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_target(b);
    if (!x) return false;
    const Type type = b[*x].type;
    const auto place = draw_place(b, type.shape);
    if (!place) return false;
    const bool integral = tensor::is_integer(type.dtype),
               is_unsigned = tensor::dtype_class(type.dtype) == tensor::DTypeClass::kUnsigned;
    static const std::vector<double> kLiking = {0.75, 0.06, 0.05, 0.03, 0.03, 0.04, 0.04};
    const std::size_t which = b.random().weighted(kLiking);
    const Update& u = updates()[which];
    if (integral && (which > kMin || (is_unsigned && which == kSubtract))) return false;
    double number = which == kSet ? filler(b, b[*x]) : number_for(b, u, integral);
    // A limit that some elements reach and others do not.
    if (which == kMax || which == kMin) number = threshold_of(b[*x]);
    const Stats changed = map_stats(b[*x].stats, constant_stats(number), u.kernel);
    draft.attributes["index"] = place->index;
    draft.attributes["number"] = number_of(number, type.dtype);
    draft.spelling = fmt::format("$0.at[$index].{}($number)", u.method);
    draft.operands = {*x};
    Value result = with_shape(b[*x], type.shape);
    result.stats = updated_stats(b[*x].stats, changed, share_of(place->shape, type.shape));
    result.sure =
        share_of(place->shape, type.shape) < 0.7 || which == kAdd ? sure_everywhere(b, *x) : 0;
    draft.sure_given = true;
    draft.results = {result};
    return true;
  };
  return op;
}

// Another value goes to a place that it fits.
Op at_update() {
  Op op{"write", kIndexing, 1.1, kSmooth, {"updated", "patched", "written", "merged"}};
  op.traits = kJoinsOperands;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_target(b);
    if (!x) return false;
    const Type type = b[*x].type;
    const auto place = draw_place(b, type.shape);
    if (!place) return false;
    const auto value = b.draw([&](const Value& v) {
      return &v != &b[*x] && v.type.dtype == type.dtype &&
             b.broadcasts(v.type.shape, place->shape) &&
             broadcast_shapes(v.type.shape, place->shape) == place->shape;
    });
    if (!value) return false;
    const std::size_t which = b.random().weighted(std::vector<double>{0.45, 0.3, 0.12, 0.07, 0.06});
    const Update& u = updates()[which];
    const Stats changed = map_stats(b[*x].stats, b[*value].stats, u.kernel);
    draft.attributes["index"] = place->index;
    // The listed places are distinct, and a product over places has a derivative only where JAX is
    // told so.
    draft.spelling =
        fmt::format("$0.at[$index].{}($1{})", u.method,
                    place->listed && which == kMultiply ? ", unique_indices=True" : "");
    draft.operands = {*x, *value};
    Value result = with_shape(b[*x], type.shape);
    result.stats = updated_stats(b[*x].stats, changed, share_of(place->shape, type.shape));
    draft.results = {result};
    draft.results[0].sure =
        sure_everywhere(b, *x) | (which == kMax || which == kMin ? 0 : b[*value].sure);
    draft.sure_given = true;
    return true;
  };
  return op;
}

// A function of the elements at a place. JAX does not differentiate it.
Op at_apply() {
  Op op{"apply_at",
        kIndexing,
        0.25,
        kNone,
        {"activated", "updated", "processed"},
        {"$0.at[$index].apply($function)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_target(b, kReal);
    if (!x) return false;
    const Type type = b[*x].type;
    const auto place = draw_place(b, type.shape);
    if (!place) return false;
    struct Function {
      const char* text;
      Kernel1 kernel;
      double lo, hi;
    };
    static const std::vector<Function> kFunctions = {
        {"jnp.tanh", [](double v) { return portable::tanh(v); }, -50, 50},
        {"jnp.square", [](double v) { return v * v; }, -20, 20},
        {"jnp.abs", [](double v) { return std::abs(v); }, -1e4, 1e4},
        {"jax.nn.sigmoid", [](double v) { return 1 / (1 + portable::exp(-v)); }, -20, 20},
        {"jnp.sqrt", [](double v) { return std::sqrt(v); }, 0.05, 1e4},
        {"jnp.exp", [](double v) { return portable::exp(v); }, -6, 4},
        {"jnp.log1p", [](double v) { return portable::log1p(v); }, -0.5, 1e4}};
    const Function& f = b.random().pick(kFunctions);
    if (b[*x].stats.lo < f.lo || b[*x].stats.hi > f.hi) return false;
    draft.attributes["index"] = place->index;
    draft.attributes["function"] = f.text;
    draft.operands = {*x};
    Value result = with_shape(b[*x], type.shape);
    result.stats = updated_stats(b[*x].stats, map_stats(b[*x].stats, f.kernel, Bounds::kEnds),
                                 share_of(place->shape, type.shape));
    draft.results = {result};
    return true;
  };
  return op;
}

// The row or column to change is computed.
Op at_row() {
  Op op{"row_update", kIndexing, 1, kSmooth, {"updated", "table_after", "written"}};
  op.traits = kJoinsOperands;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_target(b);
    const int axis = x ? draw_axis(b, b[*x].type.shape, 3) : -1;
    if (axis < 0) return false;
    const auto n = size_at(b[*x].type.shape, axis);
    const auto index = draw_index(b, n, [](const Value& v) { return v.type.rank() == 0; });
    if (!index) return false;
    const Type type = b[*x].type;
    Shape row = type.shape;
    row.erase(row.begin() + axis);
    const auto value = b.draw([&](const Value& v) {
      return &v != &b[*x] && v.type.dtype == type.dtype && b.broadcasts(v.type.shape, row) &&
             broadcast_shapes(v.type.shape, row) == row && &v != &b[*index];
    });
    const std::size_t which = b.random().weighted(std::vector<double>{0.5, 0.3, 0.1, 0.05, 0.05});
    const Update& u = updates()[which];
    draft.attributes["index"] = at_axis(axis, "$1");
    draft.operands = {*x, *index};
    Stats other;
    if (value) {
      draft.operands.push_back(*value);
      other = b[*value].stats;
      draft.attributes["value"] = "$2";
    } else {
      if (which == kMax || which == kMin) return false;
      const bool integral = tensor::is_integer(type.dtype);
      const double number = which == kSet ? filler(b, b[*x]) : number_for(b, u, integral);
      other = constant_stats(number);
      draft.attributes["value"] = number_of(number, type.dtype);
    }
    const std::string mode = b.random().chance(0.12) ? ", mode=\"drop\"" : "";
    draft.spelling = fmt::format("$0.at[$index].{}($value{})", u.method, mode);
    Value result = with_shape(b[*x], type.shape);
    result.stats = updated_stats(b[*x].stats, map_stats(b[*x].stats, other, u.kernel),
                                 1.0 / static_cast<double>(n));
    result.sure = sure_everywhere(b, *x);
    if (value && which <= kAdd) result.sure |= b[*value].sure;
    if (index_shows(b, *index, n) && tensor::is_inexact(type.dtype) && which <= kAdd)
      result.sure |= b[*index].sure;
    draft.sure_given = true;
    draft.results = {result};
    return true;
  };
  return op;
}

// Many places at once, which may coincide: only what does not depend on the order.
Op scatter() {
  Op op{"scatter", kIndexing, 0.9, kSmooth, {"scattered", "accumulated", "peaks", "pooled"}};
  op.traits = kJoinsOperands;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_target(b);
    if (!x || b[*x].type.shape[0] < 3) return false;
    const auto n = b[*x].type.shape[0];
    const auto index = draw_index(b, n, [](const Value& v) { return v.type.rank() == 1; });
    if (!index) return false;
    const Type type = b[*x].type;
    Shape rows = type.shape;
    rows[0] = b[*index].type.shape[0];
    const bool integral = tensor::is_integer(type.dtype);
    const std::size_t which = integral && b.random().chance(0.6) ? kAdd
                              : b.random().chance(0.5)           ? kMax
                                                                 : kMin;
    const auto value = b.draw([&](const Value& v) {
      const bool fits = v.type.shape == rows || v.type.rank() == 0;
      return &v != &b[*x] && &v != &b[*index] && v.type.dtype == type.dtype && fits &&
             (which != kAdd || magnitude(v.stats) < 1e6);
    });
    if (!value) return false;
    const double count = static_cast<double>(rows[0]);
    Stats other =
        which == kAdd
            ? sum_stats(b[*value].stats, std::max(1.0, std::ceil(count / static_cast<double>(n))))
            : b[*value].stats;
    if (which == kAdd) {
      other.lo = std::min(0.0, count * b[*value].stats.lo);
      other.hi = std::max(0.0, count * b[*value].stats.hi);
    }
    draft.spelling = fmt::format("$0.at[$1].{}($2)", updates()[which].method);
    draft.operands = {*x, *index, *value};
    Value result = with_shape(b[*x], type.shape);
    result.stats =
        updated_stats(b[*x].stats, map_stats(b[*x].stats, other, updates()[which].kernel),
                      std::min(0.9, count / static_cast<double>(n)));
    result.sure = which == kAdd ? b[*x].sure : 0;
    draft.sure_given = true;
    draft.results = {result};
    return true;
  };
  return op;
}

// A window of a value is replaced, at a computed start.
Op dynamic_update() {
  Op op{"dynamic_update", kIndexing, 1.2, kSmooth, {"updated", "buffer", "cache", "written"}};
  op.traits = kJoinsOperands;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_target(b);
    const int axis = x ? draw_axis(b, b[*x].type.shape, 3) : -1;
    if (axis < 0) return false;
    const Type type = b[*x].type;
    const int rank = type.rank();
    const auto n = size_at(type.shape, axis);
    Shape row = type.shape;
    row.erase(row.begin() + axis);
    const auto value = b.draw([&](const Value& v) {
      if (&v == &b[*x] || v.type.dtype != type.dtype) return false;
      if (v.type.shape == row) return true;
      if (v.type.rank() != rank || size_at(v.type.shape, axis) >= n) return false;
      for (int i = 0; i < rank; ++i) {
        if (i != axis && size_at(v.type.shape, i) != size_at(type.shape, i)) return false;
      }
      return true;
    });
    if (!value) return false;
    const bool single = b[*value].type.rank() < rank;
    const auto width = single ? 1 : size_at(b[*value].type.shape, axis);
    const auto index = draw_index(
        b, n - width + 1, [&](const Value& v) { return v.type.rank() == 0 && &v != &b[*value]; });
    if (!index) return false;
    draft.attributes["axis"] = "axis=" + std::to_string(axis);
    draft.spelling = single ? "lax.dynamic_update_index_in_dim($0, $1, $2, $axis)"
                            : "lax.dynamic_update_slice_in_dim($0, $1, $2, $axis)";
    if (!single && (rank == 1 || b[*index].type.dtype == b.default_integer()) &&
        b.random().chance(0.55)) {
      std::string starts;
      for (int i = 0; i < rank; ++i)
        starts += fmt::format("{}{}", i ? ", " : "", i == axis ? "$2" : "0");
      draft.spelling =
          fmt::format("lax.dynamic_update_slice($0, $1, ({}{}))", starts, rank == 1 ? "," : "");
    }
    draft.operands = {*x, *value, *index};
    Value result = with_shape(b[*x], type.shape);
    result.stats = updated_stats(b[*x].stats, b[*value].stats,
                                 static_cast<double>(width) / static_cast<double>(n));
    result.sure = sure_everywhere(b, *x) | b[*value].sure;
    if (index_shows(b, *index, n - width + 1) && tensor::is_inexact(type.dtype))
      result.sure |= b[*index].sure;
    draft.sure_given = true;
    draft.results = {result};
    return true;
  };
  return op;
}

// A buffer of a constant into which a value goes.
Op embed() {
  Op op{"embed", kIndexing, 0.4, kSmooth, {"embedded", "canvas", "buffer", "framed"}};
  op.traits = kFillsIn;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kNumbers, 1, 3);
    if (!x) return false;
    const Type type = b[*x].type;
    Shape shape = type.shape;
    const int axis = static_cast<int>(b.random().below(shape.size()));
    const auto n = size_at(shape, axis), extra = b.random().between(1, 3);
    size_at(shape, axis) += extra;
    const double kind = b.random().uniform();
    std::string range = kind < 0.4   ? fmt::format(":{}", n)
                        : kind < 0.7 ? fmt::format("{}:", extra)
                                     : "1:-1";
    if (range == "1:-1" && extra != 2) range = fmt::format("{}:{}", extra / 2, extra / 2 + n);
    if (range.starts_with("0:")) range = range.substr(1);
    if (range == fmt::format("{}:{}", extra, extra + n)) range = fmt::format("{}:", extra);
    draft.attributes["index"] = at_axis(axis, range);
    const bool plain = type.dtype == b.default_real();
    const double fill = b.random().chance(0.6) ? 0 : filler(b, b[*x]);
    const std::string dims = shape.size() == 1 ? std::to_string(shape[0]) : tuple_text(shape);
    const std::string dtype = plain                    ? ""
                              : b.random().chance(0.6) ? "dtype=$0.dtype"
                                                       : "dtype=" + dtype_text(type.dtype);
    const std::string maker =
        fill == 0 ? fmt::format("jnp.zeros({})", arguments_text({dims, dtype}))
                  : fmt::format("jnp.full({})",
                                arguments_text({dims, number_of(fill, type.dtype), dtype}));
    draft.spelling = fmt::format("{}.at[$index].set($0)", maker);
    draft.operands = {*x};
    Value result = with_shape(b[*x], shape);
    result.stats = with_constant(b[*x].stats, fill,
                                 static_cast<double>(extra) / static_cast<double>(n + extra));
    draft.results = {result};
    return true;
  };
  return op;
}

// One more row or column, or some fewer.
Op insert() {
  Op op{"insert",
        kIndexing,
        0.25,
        kSmooth,
        {"inserted", "augmented", "lengthened"},
        {"jnp.insert($0, $place, $value, $axis)"}};
  op.traits = kJoinsOperands;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_target(b);
    const int axis = x ? draw_axis(b, b[*x].type.shape, 2) : -1;
    if (axis < 0) return false;
    const Type type = b[*x].type;
    const auto n = size_at(type.shape, axis);
    Shape row = type.shape;
    row.erase(row.begin() + axis);
    Shape shape = type.shape;
    size_at(shape, axis) += 1;
    draft.attributes["place"] = std::to_string(b.random().between(0, n));
    draft.attributes["axis"] =
        type.rank() == 1 && b.random().chance(0.5) ? "" : axis_option(b, axis, type.rank());
    draft.operands = {*x};
    Value result = with_shape(b[*x], shape);
    const auto value = b.draw([&](const Value& v) {
      return &v != &b[*x] && v.type.dtype == type.dtype && v.type.shape == row;
    });
    const double share = 1.0 / static_cast<double>(n + 1);
    if (value && b.random().chance(0.6)) {
      draft.operands.push_back(*value);
      draft.attributes["value"] = "$1";
      result.stats = updated_stats(b[*x].stats, b[*value].stats, share);
    } else {
      const double fill = filler(b, b[*x]);
      draft.attributes["value"] = number_of(fill, type.dtype);
      result.stats = with_constant(b[*x].stats, fill, share);
      result.sure = 0;
    }
    draft.results = {result};
    return true;
  };
  return op;
}

Op remove() {
  Op op{"deletion",
        kIndexing,
        0.3,
        kSmooth,
        {"reduced", "remaining", "shortened"},
        {"jnp.delete($0, $place, $axis)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 1);
    const int axis = x ? draw_axis(b, b[*x].type.shape, 3) : -1;
    if (axis < 0) return false;
    const Type type = b[*x].type;
    const auto n = size_at(type.shape, axis);
    Shape shape = type.shape;
    if (n > 3 && b.random().chance(0.3)) {
      auto places = draw_places(b, n, 2, true);
      std::sort(places.begin(), places.end());
      draft.attributes["place"] = fmt::format("np.array([{}, {}])", places[0], places[1]);
      size_at(shape, axis) -= 2;
    } else {
      const auto place = b.random().between(0, n - 1);
      draft.attributes["place"] = std::to_string(place == n - 1 ? -1 : place);
      size_at(shape, axis) -= 1;
    }
    draft.attributes["axis"] =
        type.rank() == 1 && b.random().chance(0.5) ? "" : axis_option(b, axis, type.rank());
    draft.operands = {*x};
    draft.results = {rearranged(b[*x], shape, 1)};
    picked_from(b, draft, *x);
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> update_ops() {
  return {at_constant(),    at_update(), at_apply(), at_row(), scatter(),
          dynamic_update(), embed(),     insert(),   remove()};
}

}  // namespace jaxsmith::plan
