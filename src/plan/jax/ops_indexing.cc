// Indexing at places that are known when the function is written: slices, strides, constant lists.
#include "plan/jax/ops_indexing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/shape_helpers.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;

// One axis of a subscript.
struct Item {
  std::string text;
  std::int64_t size = 0;  // 0: the axis goes away
  std::int64_t start = 0;
};

// start:stop, or one of the shorter ways to say it.
Item draw_range(Builder& b, std::int64_t n) {
  const double kind = b.random().uniform();
  const auto k = b.random().chance(0.5) ? 1 : b.random().between(1, n - 1);
  if (kind < 0.2) return {fmt::format("{}:", k), n - k, k};
  if (kind < 0.4) return {fmt::format(":{}", k), k, 0};
  if (kind < 0.55) return {fmt::format(":-{}", k), n - k, 0};
  if (kind < 0.7) return {fmt::format("-{}:", k), k, n - k};
  if (n < 3) return {"1:", n - 1, 1};
  if (kind < 0.78) return {"1:-1", n - 2, 1};
  const auto start = b.random().between(1, n - 2), stop = b.random().between(start + 1, n - 1);
  return {fmt::format("{}:{}", start, stop), stop - start, start};
}

Item draw_strided(Builder& b, std::int64_t n) {
  const auto step = n > 5 ? b.random().between(2, 3) : 2;
  const auto start = b.random().chance(0.6) ? 0 : b.random().between(1, step - 1);
  const auto size = (n - start + step - 1) / step;
  const bool back = b.random().chance(0.15);
  if (back) return {fmt::format("::-{}", step), (n + step - 1) / step, 7 + step};
  return {fmt::format("{}::{}", start ? std::to_string(start) : "", step), size, start + 2 * step};
}

Item draw_item(Builder& b, std::int64_t n) {
  const double kind = b.random().uniform();
  if (kind < 0.3) {
    const auto at = b.random().chance(0.5) ? 0 : b.random().between(0, n - 1);
    const bool back = 2 * at >= n && b.random().chance(0.6);
    return {std::to_string(back ? at - n : at), 0, at};
  }
  if (kind < 0.45 && n >= 3) return draw_strided(b, n);
  return draw_range(b, n);
}

// Subscripts as text: whole axes at the end are left out, whole ones in front may be an ellipsis.
std::string subscript(Builder& b, const std::vector<Item>& items, const std::vector<bool>& whole) {
  std::size_t last = items.size();
  while (last > 0 && whole[last - 1]) --last;
  std::size_t first = 0;
  while (first < last && whole[first]) ++first;
  const bool ellipsis =
      last == items.size() && first >= 1 && b.random().chance(first >= 2 ? 0.7 : 0.3);
  std::vector<std::string> parts;
  if (ellipsis) parts.push_back("...");
  for (std::size_t i = ellipsis ? first : 0; i < last; ++i)
    parts.push_back(whole[i] ? ":" : items[i].text);
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

std::optional<Place> draw_basic_place(Builder& b, const Shape& shape) {
  std::vector<Item> items(shape.size());
  std::vector<bool> whole(shape.size(), true);
  const std::size_t count = shape.size() >= 2 && b.random().chance(0.35) ? 2 : 1;
  for (std::size_t i = 0; i < count; ++i) {
    const int axis = draw_axis(b, shape, 2);
    if (axis < 0) return std::nullopt;
    const auto at = static_cast<std::size_t>(axis);
    if (!whole[at]) continue;
    items[at] = draw_item(b, shape[at]);
    whole[at] = false;
  }
  Place place;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (whole[i])
      place.shape.push_back(shape[i]);
    else if (items[i].size > 0)
      place.shape.push_back(items[i].size);
    if (!whole[i]) place.shift += items[i].start * (i == 0 ? 5 : 7) + static_cast<std::int64_t>(i);
  }
  place.index = subscript(b, items, whole);
  if (tensor::element_count(place.shape) == tensor::element_count(shape)) return std::nullopt;
  return place;
}

std::optional<Place> draw_listed_place(Builder& b, const Shape& shape, bool distinct) {
  const int axis = draw_axis(b, shape, 3);
  if (axis < 0) return std::nullopt;
  const auto n = size_at(shape, axis);
  Place place;
  place.shift = 1;
  place.listed = true;
  const auto how_many = b.random().between(
      2, distinct ? std::min<std::int64_t>(n - 1, 5) : std::min<std::int64_t>(n + 1, 6));
  auto places = draw_places(b, n, how_many, distinct);
  if (shape.size() >= 2 && axis < 2 && size_at(shape, 1 - axis) >= 3 &&
      b.random().chance(0.25)) {  // single elements
    // Two lists are long in a line: few positions each.
    if (places.size() > 3) places.resize(3);
    const auto other =
        draw_places(b, size_at(shape, 1 - axis), static_cast<std::int64_t>(places.size()), false);
    const auto count = static_cast<std::int64_t>(places.size());
    if (static_cast<std::int64_t>(other.size()) != count) return std::nullopt;
    place.index = axis == 0 ? places_text(places) + ", " + places_text(other)
                            : places_text(other) + ", " + places_text(places);
    place.shape.push_back(count);
    place.shape.insert(place.shape.end(), shape.begin() + 2, shape.end());
    return place;
  }
  const bool ellipsis =
      axis > 0 && axis + 1 == static_cast<int>(shape.size()) && b.random().chance(0.3);
  place.index = ellipsis ? "..., " + places_text(places) : at_axis(axis, places_text(places));
  place.shape = shape;
  size_at(place.shape, axis) = static_cast<std::int64_t>(places.size());
  return place;
}

namespace {

Op basic_slice() {
  Op op{"slice",       kIndexing, 1.3, kSmooth, {"window", "part", "inner", "selection", "section"},
        {"$0[$index]"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(
        b, 1, 99,
        {"slice", "crop", "expand_dims", "constant_column", "append", "lookup", "peak_lookup"});
    if (!x) return false;
    auto place = draw_basic_place(b, b[*x].type.shape);
    if (!place) return false;
    const bool plain = place->index.find_first_of(":.") == std::string::npos;
    if (plain && !place->shape.empty() && b.random().chance(0.08)) {
      place->index = "None, " + place->index;  // a single one as a batch
      place->shape.insert(place->shape.begin(), 1);
    }
    draft.operands = {*x};
    draft.attributes["index"] = place->index;
    draft.results = {rearranged(b[*x], place->shape, place->shift)};
    if (plain) draft.results[0].hint = b.random().chance(0.5) ? "row" : "entry";
    picked_from(b, draft, *x);
    return true;
  };
  return op;
}

// The same by name: lax.slice, slice_in_dim, index_in_dim.
Op lax_slice() {
  Op op{"crop", kIndexing, 0.6, kSmooth, {"window", "part", "crop"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 1, 99, {"slice", "crop", "constant_column", "append"});
    if (!x) return false;
    const Shape& from = b[*x].type.shape;
    const int rank = b[*x].type.rank(), axis = draw_axis(b, from, 3);
    if (axis < 0) return false;
    const auto n = size_at(from, axis);
    const auto start = b.random().between(0, n - 2),
               stop = b.random().between(start + 1, start == 0 ? n - 1 : n);
    const auto step = stop - start >= 3 && b.random().chance(0.3) ? 2 : 1;
    Shape shape = from;
    size_at(shape, axis) = (stop - start + step - 1) / step;
    Shape starts(from.size(), 0), limits = from, steps(from.size(), 1);
    size_at(starts, axis) = start;
    size_at(limits, axis) = stop;
    size_at(steps, axis) = step;
    draft.attributes["whole"] =
        arguments_text({tuple_text(starts), tuple_text(limits), step > 1 ? tuple_text(steps) : ""});
    draft.attributes["along"] = arguments_text({fmt::format("{}, {}", start, stop),
                                                step > 1 ? fmt::format("stride={}", step) : "",
                                                axis == 0 ? "" : axis_option(b, axis, rank)});
    draft.spelling =
        b.random().chance(0.5) ? "lax.slice($0, $whole)" : "lax.slice_in_dim($0, $along)";
    if (b.random().chance(0.3)) {
      const bool keep = b.random().chance(0.4);
      draft.attributes["at"] = arguments_text(
          {std::to_string(b.random().chance(0.25) ? start - n : start),
           axis == 0 ? "" : axis_option(b, axis, rank), keep ? "" : "keepdims=False"});
      draft.spelling = "lax.index_in_dim($0, $at)";
      size_at(shape, axis) = 1;
      if (!keep) shape.erase(shape.begin() + axis);
    }
    draft.operands = {*x};
    draft.results = {rearranged(b[*x], shape, start * 5 + axis)};
    picked_from(b, draft, *x);
    return true;
  };
  return op;
}

// What lies side by side meets: differences, midpoints, pairs of even and odd places.
Op neighbours() {
  Op op{"neighbor_pair",
        kIndexing,
        0.8,
        kSmooth,
        {"increments", "midpoints", "adjacent", "pairs", "steps"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return (kind_of(v.type.dtype) & (kReal | kSignedKind)) && v.type.rank() >= 1;
    });
    if (!x) return false;
    Shape shape = b[*x].type.shape;
    const int rank = b[*x].type.rank(), axis = draw_axis(b, shape, 3);
    if (axis < 0) return false;
    const auto n = size_at(shape, axis);
    const bool real = tensor::is_real(b[*x].type.dtype),
               halves = n % 2 == 0 && b.random().chance(0.35);
    const bool last = axis == rank - 1 && rank > 1 && b.random().chance(0.4);
    const auto at = [&](const std::string& range) {
      return last ? "..., " + range : at_axis(axis, range);
    };
    const auto gap = halves || n < 5 || b.random().chance(0.75) ? 1 : 2;
    draft.attributes["index_a"] = at(halves ? "::2" : fmt::format("{}:", gap));
    draft.attributes["index_b"] = at(halves ? "1::2" : fmt::format(":-{}", gap));
    size_at(shape, axis) = halves ? n / 2 : n - gap;
    static const std::vector<std::pair<std::string, Kernel2>> kForms = {
        {"$0[$index_a] - $0[$index_b]", [](double p, double q) { return p - q; }},
        {"$0[$index_a] + $0[$index_b]", [](double p, double q) { return p + q; }},
        {"0.5 * ($0[$index_a] + $0[$index_b])", [](double p, double q) { return 0.5 * (p + q); }},
        {"$0[$index_a] * $0[$index_b]", [](double p, double q) { return p * q; }},
        {"jnp.maximum($0[$index_a], $0[$index_b])",
         [](double p, double q) { return std::max(p, q); }}};
    const auto which = b.random().below(kForms.size());
    if (which == 2 && !real) return false;
    draft.spelling = kForms[which].first;
    Value result = with_shape(b[*x], shape);
    result.stats = map_stats(b[*x].stats, rearranged(b[*x], {}, 5).stats, kForms[which].second);
    draft.operands = {*x};
    draft.results = {result};
    picked_from(b, draft, *x);
    return true;
  };
  return op;
}

// Rows, columns or elements by constant lists.
Op listed() {
  Op op{"pick",        kIndexing, 0.9, kSmooth, {"picked", "chosen", "selected", "subset"},
        {"$0[$index]"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 1, 99, {"pick", "take"});
    if (!x) return false;
    const auto place = draw_listed_place(b, b[*x].type.shape, false);
    if (!place) return false;
    draft.operands = {*x};
    draft.attributes["index"] = place->index;
    const bool one_list = place->shape.size() == b[*x].type.shape.size();
    if (one_list && b.random().chance(0.1)) draft.spelling = "$0.at[$index].get()";
    draft.results = {rearranged(b[*x], place->shape, place->shift)};
    picked_from(b, draft, *x);
    return true;
  };
  return op;
}

Op take_listed() {
  Op op{"take",
        kIndexing,
        0.6,
        kSmooth,
        {"taken", "reordered", "picked"},
        {"jnp.take($0, $options)", "$0.take($options)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_array(b, 1, 99, {"pick", "take"});
    if (!x) return false;
    Shape shape = b[*x].type.shape;
    const int rank = b[*x].type.rank(), axis = draw_axis(b, shape, 3);
    if (axis < 0) return false;
    // As many as people write out.
    const std::int64_t most = std::min<std::int64_t>(size_at(shape, axis), 16);
    const auto places = draw_places(b, size_at(shape, axis), b.random().between(2, most), false);
    static const std::vector<std::string> kModes = {"mode=\"clip\"", "mode=\"wrap\"",
                                                    "mode=\"fill\""};
    draft.attributes["options"] = arguments_text(
        {places_text(places), rank == 1 && b.random().chance(0.5) ? "" : axis_option(b, axis, rank),
         b.random().chance(0.15) ? b.random().pick(kModes) : ""});
    size_at(shape, axis) = static_cast<std::int64_t>(places.size());
    draft.operands = {*x};
    draft.results = {rearranged(b[*x], shape, 1)};
    picked_from(b, draft, *x);
    return true;
  };
  return op;
}

// Chosen rows crossed with chosen columns.
Op crossed() {
  Op op{"submatrix", kIndexing, 0.25, kSmooth, {"submatrix", "crossed", "minor"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return v.type.rank() == 2 && v.type.shape[0] >= 3 && v.type.shape[1] >= 3;
    });
    if (!x) return false;
    const Shape& shape = b[*x].type.shape;
    const auto rows = draw_places(
        b, shape[0], b.random().between(2, std::min<std::int64_t>(4, shape[0] - 1)), true);
    const auto columns = draw_places(
        b, shape[1], b.random().between(2, std::min<std::int64_t>(4, shape[1] - 1)), true);
    draft.attributes["rows"] = places_text(rows);
    draft.attributes["columns"] = places_text(columns);
    draft.attributes["index_rows"] = places_text(rows) + "[:, None], " + places_text(columns);
    draft.spelling = b.random().chance(0.6) ? "$0[jnp.ix_($rows, $columns)]" : "$0[$index_rows]";
    draft.operands = {*x};
    draft.results = {rearranged(
        b[*x], {static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(columns.size())},
        1)};
    picked_from(b, draft, *x);
    return true;
  };
  return op;
}

// The elements of a triangle in one row.
Op triangle_elements() {
  Op op{"triangle_packing", kIndexing, 0.3, kSmooth, {"packed", "triangle", "edges"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return v.type.rank() == 2 && v.type.shape[0] == v.type.shape[1] && v.type.shape[0] >= 3;
    });
    if (!x) return false;
    const auto n = b[*x].type.shape[0];
    const bool lower = b.random().chance(0.5), strict = b.random().chance(0.4);
    const std::string name = lower ? "tril" : "triu";
    const std::string k = strict ? fmt::format(", k={}", lower ? -1 : 1) : "";
    draft.spelling = b.random().chance(0.75)
                         ? fmt::format("$0[jnp.{}_indices({}{})]", name, n, k)
                         : fmt::format("$0[jnp.{}_indices_from($0{})]", name, k);
    draft.operands = {*x};
    draft.results = {
        rearranged(b[*x], {strict ? n * (n - 1) / 2 : n * (n + 1) / 2}, lower ? 2 : 4)};
    picked_from(b, draft, *x);
    return true;
  };
  return op;
}

// Overlapping windows along the first axis.
Op windows() {
  Op op{"windows", kIndexing, 0.4, kSmooth, {"windows", "frames", "patches"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([&](const Value& v) {
      return v.type.rank() >= 1 && v.type.rank() < b.settings().max_rank && v.type.shape[0] >= 4;
    });
    if (!x) return false;
    Shape shape = b[*x].type.shape;
    const auto n = shape[0], width = b.random().between(2, std::min<std::int64_t>(5, n - 1));
    const auto step = n - width >= 2 && b.random().chance(0.3) ? 2 : 1;
    const auto count = (n - width) / step + 1;
    if (count < 2) return false;
    const std::string starts = step == 1
                                   ? fmt::format("jnp.arange({})", count)
                                   : fmt::format("jnp.arange(0, {}, {})", n - width + 1, step);
    draft.attributes["index"] = fmt::format("{}[:, None] + jnp.arange({})", starts, width);
    draft.spelling = "$0[$index]";
    shape[0] = count;
    shape.insert(shape.begin() + 1, width);
    draft.operands = {*x};
    draft.results = {with_shape(b[*x], shape)};
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> slice_ops() {
  return {basic_slice(), lax_slice(), neighbours(),        listed(),
          take_listed(), crossed(),   triangle_elements(), windows()};
}

std::vector<Op> indexing_ops() {
  std::vector<Op> out;
  for (auto& part : {slice_ops(), gather_ops(), update_ops(), lookup_ops()})
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

}  // namespace jaxsmith::plan
