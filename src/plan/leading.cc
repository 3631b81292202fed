// The builder's ways to lead a value where an operation needs it: into an interval, to a type,
// together with another one. Each is an application of catalogue entries that a person would have
// chosen too.
#include <algorithm>
#include <array>
#include <cmath>

#include "plan/builder.h"
#include "plan/telling.h"

namespace jaxsmith::plan {
namespace {

// Wide intervals only keep magnitudes modest: what happens in practice is enough there.
bool inside(const Stats& stats, Interval interval) {
  constexpr double kWide = 15;
  const Interval reach = practical(stats);
  const double lo = interval.lo <= -kWide ? reach.lo : stats.lo,
               hi = interval.hi >= kWide ? reach.hi : stats.hi;
  return lo >= interval.lo && hi <= interval.hi;
}

}  // namespace

bool Builder::try_into(ValueId x, Interval want, int choice, std::optional<ValueId>& out) {
  const Value v = (*this)[x];
  const DType dtype = v.type.dtype;
  const bool integral = tensor::is_integer(dtype);
  const auto then = [&](std::string_view op, double operand) -> bool {
    if (!out) return false;
    out = apply(op, {*out, literal(operand, dtype)});
    return out.has_value();
  };
  out = x;
  if (integral) {
    if (choice % 2 == 0 && want.lo <= 0 && want.hi >= 1) {
      return then("remainder",
                  nice_number(std::max(2.0, want.hi / 2), want.hi + (want.hi < 2), true));
    }
    out = apply("clip", {x, literal(std::max(want.lo, integer_bounds(dtype).lo), dtype),
                         literal(std::min(want.hi, integer_bounds(dtype).hi), dtype)});
    return out.has_value();
  }
  if (!tensor::is_real(dtype)) return false;
  if (want.lo >= 0) {  // a positive interval, as logarithms, roots and divisors want it
    const double offset =
        nice_number(std::max(want.lo, 0.05), std::min(want.lo + 1, want.hi), false);
    if (choice == 3) return median(v.stats) > offset && then("maximum", offset);
    static constexpr std::array kPositive = {"abs", "square", "softplus", "", "sigmoid", "exp"};
    if (choice < static_cast<int>(kPositive.size())) {
      out = apply(kPositive[static_cast<std::size_t>(choice)], {x});
      if (!out || inside((*this)[*out].stats, want)) return out.has_value();
      // 1 + x², as in so many formulas; a number that only keeps the rest away from zero reads as
      // what it is.
      if (choice > 1 || want.lo > 1) return false;
      out = apply("add", {literal(1, dtype), *out});
      return out.has_value();
    }
  } else if (want.lo >= -1.5 && want.hi <= 1.5) {
    const double factor =
        nice_number(0.5 * std::min(want.hi, -want.lo), std::min(want.hi, -want.lo), false);
    static constexpr std::array kUnit = {"tanh", "sin", "cos", "soft_sign"};
    if (choice < static_cast<int>(kUnit.size())) {
      out = apply(kUnit[static_cast<std::size_t>(choice)], {x});
      return factor >= 1 || then("multiply", factor);
    }
  } else if (choice < 3) {
    const double reach = std::min(want.hi, -want.lo);
    const double top = magnitude(v.stats);
    if (choice == 0 && reach > 0 && top > reach && top < 30 * reach) {
      return then("multiply", nice_number(0.5 * reach / top, reach / top, false));
    }
    if (choice == 1 && reach >= 1) {
      out = apply("tanh", {x});
      return true;
    }
    if (choice == 2 && reach >= 1) {
      out = apply("sin", {x});
      return true;
    }
    return false;
  }
  // Clipping is always possible where typical elements lie inside and vary there.
  if (v.claimed) return false;
  const Interval reach = practical(v.stats);
  const double low = std::max(want.lo, reach.lo), high = std::min(want.hi, reach.hi);
  if (low >= high) return false;
  const double lo = nice_number(low, low + 0.1 * (high - low), false);
  const double hi = nice_number(high - 0.1 * (high - low), high, false);
  out = apply("clip", {x, literal(lo, dtype), literal(hi, dtype)});
  return out.has_value();
}

std::optional<ValueId> Builder::into(ValueId x, Interval interval) {
  if (inside((*this)[x].stats, interval)) return x;
  std::vector<int> choices = {0, 1, 2, 3, 4, 5, 6};
  random_.shuffle(choices);
  // Limits that have no other reason come last.
  std::stable_partition(choices.begin(), choices.end(), [](int choice) { return choice < 4; });
  for (int choice : choices) {
    const Mark before = mark();
    std::optional<ValueId> out;
    if (try_into(x, interval, choice, out) && out && inside((*this)[*out].stats, interval))
      return out;
    take_back(before);
  }
  return std::nullopt;
}

std::optional<ValueId> Builder::above_its_mean(ValueId x) {
  constexpr std::int64_t kSome = 3;
  const Value& v = (*this)[x];
  if (!v.claimed || !tensor::is_real(v.type.dtype) || tensor::element_count(v.type.shape) < kSome)
    return std::nullopt;
  return apply("above_mean", {x});
}

std::optional<ValueId> Builder::beyond(std::string_view comparison, ValueId x) {
  if (const auto above = above_its_mean(x)) return above;
  return apply(comparison, {x, literal(threshold_of((*this)[x]), (*this)[x].type.dtype)});
}

std::optional<ValueId> Builder::convert(ValueId x, DType dtype) {
  const DType from = (*this)[x].type.dtype;
  if (from == dtype) return x;
  if (dtype == DType::kBool) {
    if (tensor::is_complex(from)) return std::nullopt;
    return beyond("greater", x);
  }
  if (tensor::is_complex(from) && tensor::is_real(dtype)) {
    const auto real = apply(random_.chance(0.6) ? "real" : "abs_complex", {x});
    return real ? convert(*real, dtype) : std::nullopt;
  }
  if (tensor::is_integer(dtype) && tensor::is_real(from)) {
    const Interval bounds = integer_bounds(dtype);
    const auto led = into(x, {std::max(bounds.lo, -100.0), std::min(bounds.hi, 100.0)});
    if (!led) return std::nullopt;
    x = *led;
  }
  const auto text = catalogue().vocabulary().dtype_text;
  if (text == nullptr) return std::nullopt;
  return apply_text("astype", {x}, {{"dtype", text(dtype)}});
}

std::optional<ValueId> Builder::combine(ValueId x, ValueId y, bool plainly) {
  const Mark before = mark();
  if ((*this)[x].type.dtype != (*this)[y].type.dtype) {
    const bool bool_x = (*this)[x].type.dtype == DType::kBool;
    const bool bool_y = (*this)[y].type.dtype == DType::kBool;
    if ((bool_x || bool_y) && broadcasts((*this)[x].type.shape, (*this)[y].type.shape) &&
        !differentiable()) {
      const ValueId mask = bool_x ? x : y, other = bool_x ? y : x;
      if (const auto out = choose_by(*this, mask, other)) return out;
    }
    DType target = settings_.real;
    for (ValueId id : {x, y}) {
      if (tensor::is_inexact((*this)[id].type.dtype)) target = (*this)[id].type.dtype;
    }
    for (ValueId id : {x, y}) {
      if (tensor::is_complex((*this)[id].type.dtype)) target = settings_.real;
    }
    if (!tensor::is_inexact((*this)[x].type.dtype) && !tensor::is_inexact((*this)[y].type.dtype)) {
      target = bool_x ? (*this)[y].type.dtype : (*this)[x].type.dtype;
    }
    const auto a = convert(x, target), b = a ? convert(y, target) : std::nullopt;
    if (!a || !b) {
      take_back(before);
      return std::nullopt;
    }
    x = *a;
    y = *b;
  }
  const auto reduced = [&](ValueId id) -> std::optional<ValueId> {
    static const std::vector<std::string> kReductions = {"mean", "sum", "max", "min"};
    if ((*this)[id].type.dtype == DType::kBool)
      return apply(random_.chance(0.5) ? "any" : "all", {id});
    for (int i = 0; i < 4; ++i) {
      if (const auto out = apply(random_.pick(kReductions), {id})) return out;
    }
    return std::nullopt;
  };
  if (!broadcasts((*this)[x].type.shape, (*this)[y].type.shape) ||
      !acceptable_shape(broadcast_shapes((*this)[x].type.shape, (*this)[y].type.shape))) {
    const bool larger_x =
        tensor::element_count((*this)[x].type.shape) > tensor::element_count((*this)[y].type.shape);
    ValueId& larger = larger_x ? x : y;
    if (const auto scalar = reduced(larger))
      larger = *scalar;
    else if (const auto other = reduced(larger_x ? y : x))
      (larger_x ? y : x) = *other;
  }
  static const std::vector<std::string> kOps = {"add", "subtract", "multiply",
                                                "add", "maximum",  "multiply"};
  static const std::vector<std::string> kPlain = {"add", "subtract", "multiply", "add"};
  static const std::vector<std::string> kLogical = {"logical_and", "logical_or", "logical_xor"};
  const bool logical = (*this)[x].type.dtype == DType::kBool;
  for (int i = 0; i < 8; ++i) {
    if (const auto out = apply(random_.pick(logical ? kLogical : plainly ? kPlain : kOps), {x, y}))
      return out;
    // Too large, most likely: bring both into a modest interval and try again.
    if (i < 4 || logical) continue;
    const double reach = tensor::is_real((*this)[x].type.dtype) ? 10 : 7;
    const auto a = into(x, {-reach, reach}), b = into(y, {-reach, reach});
    if (a && b) {
      x = *a;
      y = *b;
    }
  }
  take_back(before);
  return std::nullopt;
}

std::optional<ValueId> Builder::coerce(ValueId x, const Type& type, Interval interval) {
  const Mark before = mark();
  std::optional<ValueId> out = x;
  const auto shape = [&]() -> const Shape& { return (*this)[*out].type.shape; };
  if (shape() != type.shape &&
      tensor::element_count(shape()) == tensor::element_count(type.shape) && !shape().empty() &&
      random_.chance(0.5)) {
    out = apply("reshape", {*out}, {{"shape", type.shape}});
  }
  if (out && shape() != type.shape &&
      (!broadcasts(shape(), type.shape) || broadcast_shapes(shape(), type.shape) != type.shape)) {
    static const std::vector<std::string> kReductions = {"mean", "sum", "max"};
    const bool boolean = (*this)[*out].type.dtype == DType::kBool;
    const ValueId whole = *out;
    out.reset();
    for (int i = 0; i < 4 && !out; ++i)
      out = apply(boolean ? "any" : random_.pick(kReductions), {whole});
  }
  if (out) out = convert(*out, type.dtype);
  if (out && shape() != type.shape) {
    // A value of the wanted shape that is there already reads better than a broadcast.
    const auto partner = draw([&](const Value& v) { return v.type == type; });
    std::optional<ValueId> joined;
    if (partner) joined = combine(*out, *partner);
    if (joined && (*this)[*joined].type == type)
      out = joined;
    else
      out = apply("broadcast_to", {*out}, {{"shape", type.shape}});
  }
  if (out && type.dtype != DType::kBool) out = into(*out, interval);
  if (out && (*this)[*out].type == type) return out;
  take_back(before);
  return std::nullopt;
}

std::optional<ValueId> Builder::fold() {
  std::vector<ValueId> rest = unused();
  if (rest.empty()) return std::nullopt;
  random_.shuffle(rest);
  ValueId out = rest[0];
  while (rest.size() > 1) {
    const auto joined = combine(rest[rest.size() - 2], rest[rest.size() - 1]);
    if (!joined) return std::nullopt;
    rest.resize(rest.size() - 2);
    rest.push_back(*joined);
    out = *joined;
  }
  return out;
}

std::optional<ValueId> Builder::fold(const Type& type, Interval interval) {
  const auto out = fold();
  if (!out) return std::nullopt;
  const auto led = coerce(*out, type, interval);
  // A value that was drawn in again on the way must not be left over.
  return led && unused() == std::vector<ValueId>{*led} ? led : std::nullopt;
}

std::optional<std::vector<ValueId>> Builder::fold_onto(const std::vector<Target>& targets) {
  const auto& parameters = program_.bodies[static_cast<std::size_t>(current())].parameters;
  const auto is_parameter = [&](ValueId id) {
    return std::find(parameters.begin(), parameters.end(), id) != parameters.end();
  };
  const Mark before = mark();
  std::vector<ValueId> ends(targets.size(), kNoValue);
  const auto taken = [&](ValueId id) {
    return std::find(ends.begin(), ends.end(), id) != ends.end();
  };
  for (std::size_t i = targets.size(); i-- > 0;) {
    const auto start = draw(
        [&](const Value& v) { return v.body == current() && v.type.dtype != DType::kBool; }, false);
    auto end = start ? coerce(*start, targets[i].type, targets[i].interval) : std::nullopt;
    const auto fold_in = [&](ValueId id) {
      if (end) end = combine(*end, id);
      if (end) end = coerce(*end, targets[i].type, targets[i].interval);
    };
    if (i == 0) {  // all that is left flows into the first
      for (int round = 0; round < 12 && end; ++round) {
        const auto rest = unused();
        const auto left = std::find_if(rest.begin(), rest.end(),
                                       [&](ValueId id) { return id != *end && !taken(id); });
        if (left == rest.end()) break;
        fold_in(*left);
      }
    }
    if (end && (is_parameter(*end) || taken(*end))) {
      const auto other = draw([&](const Value& v) {
        return v.body == current() && &v != &(*this)[*end] && tensor::is_inexact(v.type.dtype);
      });
      if (other)
        fold_in(*other);
      else
        end.reset();
    }
    if (!end || is_parameter(*end) || taken(*end)) {
      take_back(before);
      return std::nullopt;
    }
    ends[i] = *end;
  }
  for (ValueId id : unused()) {
    if (taken(id)) continue;
    take_back(before);
    return std::nullopt;
  }
  return ends;
}

}  // namespace jaxsmith::plan
