// Indexing at places that the program computes: by indices that are led into bounds first.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/ops_indexing.h"
#include "plan/jax/ops_reduction.h"
#include "plan/jax/shape_helpers.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;

// Where an index may point: an axis along which elements differ.
int draw_varied_axis(Builder& b, ValueId x, std::int64_t least) {
  const int axis = draw_axis(b, b[x].type.shape, least);
  return axis >= 0 && varies_along(b, x, {axis}) ? axis : -1;
}

std::optional<ValueId> draw_source(Builder& b, int min_rank, std::int64_t least) {
  return b.draw([&](const Value& v) {
    const bool numbers = (kind_of(v.type.dtype) & (kNumbers | kComplexKind)) != 0;
    return numbers && v.type.rank() >= min_rank &&
           std::any_of(v.type.shape.begin(), v.type.shape.end(),
                       [&](auto n) { return n >= least; });
  });
}

bool is_scalar(const Value& v) { return v.type.rank() == 0; }

// One position along an axis, by a scalar.
Op select_at() {
  Op op{"lookup", kIndexing, 1.1, kSmooth, {"row", "chosen", "current", "entry"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_source(b, 1, 3);
    const int axis = x ? draw_varied_axis(b, *x, 3) : -1;
    if (axis < 0) return false;
    const int rank = b[*x].type.rank();
    const auto n = size_at(b[*x].type.shape, axis);
    const auto index = draw_index(b, n, is_scalar);
    if (!index) return false;
    Shape shape = b[*x].type.shape;
    draft.attributes["index"] = at_axis(axis, "$1");
    draft.attributes["axis"] = axis == 0 ? "" : axis_option(b, axis, rank);
    draft.attributes["any_axis"] = axis_option(b, axis, rank);
    const bool keep = b.random().chance(0.2);
    if (keep) {
      draft.spelling = "lax.dynamic_index_in_dim($0, $1, $axis)";
      size_at(shape, axis) = 1;
    } else {
      draft.spelling = either(b, {"$0[$index]", "$0[$index]", "jnp.take($0, $1, $any_axis)",
                                  "lax.dynamic_index_in_dim($0, $1, $axis, keepdims=False)"});
      shape.erase(shape.begin() + axis);
    }
    draft.operands = {*x, *index};
    draft.results = {rearranged(b[*x], shape, 3)};
    selected_by(b, draft, *x, *index, n);
    return true;
  };
  return op;
}

// Some neighbouring positions, from a computed one on.
Op dynamic_slice() {
  Op op{"dynamic_slice", kIndexing, 1.3, kSmooth, {"window", "segment", "crop", "part"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_source(b, 1, 4);
    const int axis = x ? draw_varied_axis(b, *x, 4) : -1;
    if (axis < 0) return false;
    const int rank = b[*x].type.rank();
    const auto n = size_at(b[*x].type.shape, axis), size = b.random().between(2, n - 1);
    const auto index = draw_index(b, n - size + 1, is_scalar);
    if (!index) return false;
    Shape shape = b[*x].type.shape;
    size_at(shape, axis) = size;
    draft.attributes["options"] =
        arguments_text({std::to_string(size), axis == 0 ? "" : axis_option(b, axis, rank)});
    draft.attributes["sizes"] = tuple_text(shape);
    draft.spelling = "lax.dynamic_slice_in_dim($0, $1, $options)";
    // Starts must be of one type, and the other ones are plain numbers.
    const bool plain = rank == 1 || b[*index].type.dtype == b.default_integer();
    if (plain && b.random().chance(0.5)) {
      std::string starts;
      for (int i = 0; i < rank; ++i)
        starts += fmt::format("{}{}", i ? ", " : "", i == axis ? "$1" : "0");
      draft.spelling =
          fmt::format("lax.dynamic_slice($0, ({}{}), $sizes)", starts, rank == 1 ? "," : "");
    }
    draft.operands = {*x, *index};
    draft.results = {rearranged(b[*x], shape, 2)};
    selected_by(b, draft, *x, *index, n - size + 1);
    return true;
  };
  return op;
}

// Many positions along one axis, by a vector or a matrix of indices.
Op gather() {
  Op op{"gather", kIndexing, 1.2, kSmooth, {"gathered", "embedded", "picked", "looked_up"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_source(b, 1, 3);
    const int axis = x ? draw_varied_axis(b, *x, 3) : -1;
    if (axis < 0) return false;
    const int rank = b[*x].type.rank();
    const auto n = size_at(b[*x].type.shape, axis);
    const bool filled = tensor::is_real(b[*x].type.dtype) && b.random().chance(0.08);
    const auto index = draw_index(b, filled ? n + 2 : n, [&](const Value& v) {
      return v.type.rank() >= 1 && v.type.rank() + rank - 1 <= b.settings().max_rank;
    });
    if (!index) return false;
    const Shape& places = b[*index].type.shape;
    Shape shape = b[*x].type.shape;
    shape.erase(shape.begin() + axis);
    shape.insert(shape.begin() + axis, places.begin(), places.end());
    draft.attributes["index"] =
        axis > 0 && axis == rank - 1 && b.random().chance(0.3) ? "..., $1" : at_axis(axis, "$1");
    draft.attributes["axis"] = axis_option(b, axis, rank);
    draft.spelling = either(
        b, {"$0[$index]", "jnp.take($0, $1, $axis)", "$0.take($1, $axis)",
            "jnp.take($0, $1, $axis, mode=\"clip\")", "$0.at[$index].get()",
            "$0.at[$index].get(mode=\"clip\")", "$0.at[$index].get(mode=\"promise_in_bounds\")"});
    draft.operands = {*x, *index};
    Value result = rearranged(b[*x], shape, 1);
    if (filled) {  // what lies outside is a constant
      const double fill = filler(b, b[*x]);
      draft.attributes["fill"] = number_text(fill, false);
      draft.spelling = either(b, {"$0.at[$index].get(mode=\"fill\", fill_value=$fill)",
                                  "jnp.take($0, $1, $axis, mode=\"fill\", fill_value=$fill)"});
      result.stats = with_constant(result.stats, fill, 2.0 / static_cast<double>(n + 2));
    }
    draft.results = {result};
    selected_by(b, draft, *x, *index, n);
    if (filled) draft.results[0].sure = 0;
    return true;
  };
  return op;
}

// Any integers at all, taken around the end.
Op take_wrapped() {
  Op op{"cyclic_take",
        kIndexing,
        0.5,
        kSmooth,
        {"wrapped", "cyclic", "taken"},
        {"jnp.take($0, $1, $axis, mode=\"wrap\")", "$0.take($1, $axis, mode=\"wrap\")"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_source(b, 1, 3);
    const int axis = x ? draw_varied_axis(b, *x, 3) : -1;
    if (axis < 0) return false;
    const int rank = b[*x].type.rank();
    const auto n = size_at(b[*x].type.shape, axis);
    const auto index = b.draw([&](const Value& v) {
      return tensor::is_integer(v.type.dtype) && v.type.rank() <= 1 &&
             v.type.rank() + rank - 1 <= b.settings().max_rank && magnitude(v.stats) < 1e6;
    });
    if (!index || *index == *x) return false;
    Shape shape = b[*x].type.shape;
    shape.erase(shape.begin() + axis);
    shape.insert(shape.begin() + axis, b[*index].type.shape.begin(), b[*index].type.shape.end());
    draft.attributes["axis"] = axis_option(b, axis, rank);
    draft.operands = {*x, *index};
    draft.results = {rearranged(b[*x], shape, 2)};
    selected_by(b, draft, *x, *index, n);
    return true;
  };
  return op;
}

// One element of each row.
Op per_row() {
  Op op{"row_lookup", kIndexing, 0.9, kSmooth, {"per_row", "target_scores", "chosen", "labeled"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return (kind_of(v.type.dtype) & kNumbers) && v.type.rank() == 2 && v.type.shape[0] >= 2 &&
             v.type.shape[1] >= 3;
    });
    if (!x || !varies_along(b, *x, {1})) return false;
    const auto rows = b[*x].type.shape[0], n = b[*x].type.shape[1];
    const auto index =
        draw_index(b, n, [&](const Value& v) { return v.type.shape == Shape{rows}; });
    if (!index) return false;
    draft.attributes["rows"] = std::to_string(rows);
    draft.attributes["index"] = "jnp.arange($rows), $1";
    const double kind = b.random().uniform();
    const bool keep = kind < 0.25;
    draft.spelling =
        kind < 0.5 ? "jnp.take_along_axis($0, $1[:, None], axis=1)" : "$0[jnp.arange($rows), $1]";
    if (kind >= 0.25 && kind < 0.5)
      draft.spelling += b.random().chance(0.5) ? "[:, 0]" : ".squeeze(1)";
    draft.operands = {*x, *index};
    draft.results = {rearranged(b[*x], keep ? Shape{rows, 1} : Shape{rows}, 4)};
    selected_by(b, draft, *x, *index, n);
    return true;
  };
  return op;
}

// Along an axis, by indices of the same rank.
Op take_along() {
  Op op{"take_along_axis",
        kIndexing,
        0.7,
        kSmooth,
        {"aligned", "reordered", "along"},
        {"jnp.take_along_axis($0, $1, $axis)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_source(b, 1, 3);
    const int axis = x ? draw_varied_axis(b, *x, 3) : -1;
    if (axis < 0) return false;
    const int rank = b[*x].type.rank();
    const auto n = size_at(b[*x].type.shape, axis);
    const auto index = draw_index(b, n, [&](const Value& v) {
      if (v.type.rank() != rank) return false;
      for (int i = 0; i < rank; ++i) {
        if (i != axis && size_at(v.type.shape, i) != size_at(b[*x].type.shape, i)) return false;
      }
      return true;
    });
    if (!index) return false;
    draft.attributes["axis"] = axis_option(b, axis, rank);
    draft.operands = {*x, *index};
    draft.results = {rearranged(b[*x], b[*index].type.shape, 6)};
    selected_by(b, draft, *x, *index, n);
    return true;
  };
  return op;
}

// Positions that put a key in order, for the entries below.
Op order_of() {
  Op op{"ordering",
        kIndexing,
        0,
        kZero,
        {"order", "ranking", "permutation"},
        {"jnp.argsort($0, $options)", "$0.argsort($options)"}};
  op.infer = [](Builder& b, Draft& draft) {
    const Value& key = b[draft.operands[0]];
    Value result = with_shape(key, key.type.shape);
    result.type.dtype = b.default_integer();
    result.stats = position_stats(static_cast<double>(key.type.shape.back()));
    draft.attributes["options"] = arguments_text(
        {key.type.rank() > 1 ? "axis=-1" : "", b.random().chance(0.2) ? "descending=True" : ""});
    draft.results = {result};
    return true;
  };
  return op;
}

bool orderable(const Value& v) {
  const bool kind = tensor::is_integer(v.type.dtype) ||
                    (tensor::is_real(v.type.dtype) && !half_precision(v.type.dtype));
  return kind && v.type.rank() >= 1 && v.type.shape.back() >= 3;
}

// Rows in the order of a key, or each row in its own.
Op sorted_by() {
  Op op{"reorder", kIndexing, 0.6, kSmooth, {"ranked", "ordered", "arranged"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_source(b, 1, 3);
    if (!x) return false;
    const Type type = b[*x].type;
    const auto key = b.draw([&](const Value& v) {
      return orderable(v) && (v.type.shape == type.shape ||
                              (v.type.rank() == 1 && v.type.shape[0] == type.shape[0]));
    });
    if (!key || *key == *x || !varies_along(b, *key, {b[*key].type.rank() - 1})) return false;
    const bool rows = b[*key].type.rank() == 1;
    if (!varies_along(b, *x, {rows ? 0 : type.rank() - 1})) return false;
    const auto order = b.apply("ordering", {*key});
    if (!order) return false;
    draft.spelling = rows ? either(b, {"$0[$1]", "jnp.take($0, $1, axis=0)"})
                          : "jnp.take_along_axis($0, $1, axis=-1)";
    draft.operands = {*x, *order};
    draft.results = {rearranged(b[*x], type.shape, 6)};
    draft.results[0].sure = b[*x].sure;  // not the key's: a sum does not know the order
    draft.sure_given = true;
    return true;
  };
  return op;
}

Op peak_of() {
  Op op{"peak_position",
        kIndexing,
        0,
        kZero,
        {"best", "winner", "peak"},
        {"jnp.argmax($0)", "$0.argmax()", "jnp.argmin($0)"}};
  op.infer = [](Builder& b, Draft& draft) {
    const Value& key = b[draft.operands[0]];
    Value result = with_shape(key, {});
    result.type.dtype = b.default_integer();
    result.stats = position_stats(static_cast<double>(key.type.shape[0]));
    draft.results = {result};
    return true;
  };
  return op;
}

// The row at which a key is largest or smallest.
Op at_peak() {
  Op op{"peak_lookup", kIndexing, 0.3, kSmooth, {"best_row", "winner", "representative"},
        {"$0[$1]"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_source(b, 1, 3);
    if (!x || b[*x].type.shape[0] < 3 || !varies_along(b, *x, {0})) return false;
    const auto key = b.draw(
        [&](const Value& v) { return orderable(v) && v.type.shape == Shape{b[*x].type.shape[0]}; });
    if (!key || *key == *x || !varies_along(b, *key, {0})) return false;
    const auto peak = b.apply("peak_position", {*key});
    if (!peak) return false;
    Shape shape = b[*x].type.shape;
    shape.erase(shape.begin());
    draft.operands = {*x, *peak};
    draft.results = {rearranged(b[*x], shape, 3)};
    draft.results[0].sure = sure_everywhere(b, *x);
    draft.sure_given = true;
    return true;
  };
  return op;
}

// Positions where a mask holds, as many as asked for.
Op places_where() {
  Op op{"nonzero", kIndexing, 0.5, kZero, {"places", "hits", "active_ids"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto mask = draw_mask(b, [](const Value& v) {
      return v.type.rank() >= 1 && tensor::element_count(v.type.shape) >= 6;
    });
    if (!mask) return false;
    const auto n = tensor::element_count(b[*mask].type.shape);
    const auto size = b.random().between(3, std::min<std::int64_t>(n - 1, 8));
    draft.attributes["options"] =
        fmt::format("size={}, fill_value={}", size, b.random().chance(0.7) ? 0 : n - 1);
    const bool line = b[*mask].type.rank() == 1;
    draft.spelling = line
                         ? either(b, {"jnp.flatnonzero($0, $options)",
                                      "jnp.nonzero($0, $options)[0]", "jnp.where($0, $options)[0]"})
                         : "jnp.flatnonzero($0, $options)";
    Value result = with_shape(b[*mask], {size});
    result.type.dtype = b.default_integer();
    result.stats = position_stats(static_cast<double>(n));
    draft.operands = {*mask};
    draft.results = {result};
    return true;
  };
  return op;
}

// Flat positions as coordinates.
Op unravel() {
  Op op{"unravel", kIndexing, 0.4, kZero, {}, {"jnp.unravel_index($0, $shape)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto rows = b.random().between(2, 6), columns = b.random().between(3, 6);
    const auto index = draw_index(b, rows * columns, [](const Value& v) {
      return v.type.rank() <= 2 && tensor::byte_size(v.type.dtype) >= 4;
    });
    if (!index) return false;
    draft.attributes["shape"] = tuple_text({rows, columns});
    draft.operands = {*index};
    const Stats& flat = b[*index].stats;
    Value row = with_shape(b[*index], b[*index].type.shape), column = row;
    for (int i = 0; i < kProbes; ++i) {
      row.stats.probe[i] = std::floor(flat.probe[i] / static_cast<double>(columns));
      column.stats.probe[i] = std::fmod(flat.probe[i], static_cast<double>(columns));
    }
    row.stats.lo = column.stats.lo = 0;
    row.stats.hi = static_cast<double>(rows - 1);
    column.stats.hi = static_cast<double>(columns - 1);
    row.hint = "row";
    column.hint = "column";
    draft.results = {row, column};
    return true;
  };
  return op;
}

// Two coordinates select single elements of a matrix.
Op gather_pairs() {
  Op op{"paired_gather", kIndexing, 0.8, kSmooth, {"points", "sampled", "cells"}, {"$0[$1, $2]"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return (kind_of(v.type.dtype) & kNumbers) && v.type.rank() >= 2 && v.type.shape[0] >= 3 &&
             v.type.shape[1] >= 3;
    });
    if (!x || !varies_along(b, *x, {0}) || !varies_along(b, *x, {1})) return false;
    const Shape from = b[*x].type.shape;
    const auto row = draw_index(b, from[0], [](const Value& v) { return v.type.rank() <= 1; });
    if (!row) return false;
    const auto column = draw_index(b, from[1], [&](const Value& v) {
      return v.type.shape == b[*row].type.shape && &v != &b[*row];
    });
    if (!column) return false;
    Shape shape = b[*row].type.shape;
    shape.insert(shape.end(), from.begin() + 2, from.end());
    draft.operands = {*x, *row, *column};
    draft.results = {rearranged(b[*x], shape, 6)};
    selected_by(b, draft, *x, *row, from[0]);
    if (index_shows(b, *column, from[1]) && tensor::is_inexact(b[*x].type.dtype))
      draft.results[0].sure |= b[*column].sure;
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> gather_ops() {
  return {select_at(),    dynamic_slice(), gather(),      take_wrapped(), per_row(),
          take_along(),   order_of(),      sorted_by(),   peak_of(),      at_peak(),
          places_where(), unravel(),       gather_pairs()};
}

}  // namespace jaxsmith::plan
