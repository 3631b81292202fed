#include "plan/jax/op_helpers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace jaxsmith::plan {
namespace {

// A number for the second operand that a person would write.
std::optional<ValueId> draw_literal(Builder& b, DType dtype, Interval interval) {
  const bool integral = tensor::is_integer(dtype);
  // Nobody writes x // 1.
  const double lo = std::max(interval.lo, integral ? 2.0 : interval.lo < 0 ? -2.0 : 0.05);
  const double hi = std::min(interval.hi, integral ? 9.0 : 3.0);
  if (lo > hi) return std::nullopt;
  double number = b.nice_number(lo, hi, integral);
  if (number == 1 && !integral) number = interval.lo <= 0.5 ? 0.5 : 0;
  return number == 0 ? std::nullopt : std::optional(b.literal(number, dtype));
}

}  // namespace

Op refined(Op op, Refine refine) {
  if (op.infer) {
    op.infer = [infer = op.infer, refine](Builder& b, Draft& draft) {
      return infer(b, draft) && refine(b, draft);
    };
  }
  op.draw = [draw = op.draw, refine](Builder& b, Draft& draft) {
    return draw(b, draft) && refine(b, draft);
  };
  return op;
}

Op with_turning_points(Op op, Kernel1 kernel, std::vector<double> points) {
  return refined(std::move(op), [=](Builder& b, Draft& draft) {
    const Stats& x = b[draft.operands[0]].stats;
    Stats& y = draft.results[0].stats;
    for (double point : points) {
      if (point <= x.lo || point >= x.hi) continue;
      y.lo = std::min(y.lo, kernel(point));
      y.hi = std::max(y.hi, kernel(point));
    }
    return true;
  });
}

Op also_of_integers(Op op, Interval domain) {
  const auto spellings = op.spellings;
  op.draw = [=, draw = op.draw, infer = op.infer](Builder& b, Draft& draft) {
    if (b.differentiable() || !b.random().chance(0.12)) return draw(b, draft);
    const auto x = b.draw([&](const Value& v) {
      return tensor::is_integer(v.type.dtype) && in_domain(v.stats, domain) &&
             magnitude(v.stats) <= 1000;
    });
    if (!x) return draw(b, draft);
    // What the entry infers for a real value holds for the integers that it was converted from.
    Value& value = b.program().values[static_cast<std::size_t>(*x)];
    const DType dtype = value.type.dtype;
    value.type.dtype = inexact_of(dtype);
    draft.operands = {*x};
    const bool ok = infer(b, draft);
    b.program().values[static_cast<std::size_t>(*x)].type.dtype = dtype;
    draft.spelling = spelling_without(b, spellings, "lax.");
    return ok && !draft.spelling.empty();
  };
  return op;
}

Op full_precision(Op op) {
  op.draw = [draw = op.draw](Builder& b, Draft& draft) {
    if (!draw(b, draft)) return false;
    return std::none_of(draft.operands.begin(), draft.operands.end(),
                        [&](ValueId id) { return half_precision(b[id].type.dtype); });
  };
  return op;
}

Op lossy(Op op) {
  return refined(std::move(op), [](Builder& b, Draft& draft) {
    for (Value& result : draft.results) {
      std::uint32_t sure = 0;
      for (ValueId id : draft.operands) sure |= b[id].sure;
      const auto& probe = result.stats.probe;
      const std::set<double> distinct(probe.begin(), probe.end());
      const double kept = distinct.size() < 3 ? 0 : static_cast<double>(distinct.size()) / kProbes;
      result.sure = kept == 1 ? sure : sure & large_arguments(b, 4 / std::max(kept, 0.01));
      if (static_cast<double>(tensor::element_count(result.type.shape)) * kept < 4) result.sure = 0;
    }
    draft.sure_given = true;
    return true;
  });
}

std::uint32_t large_arguments(const Builder& b, double elements) {
  const auto& parameters = b.body_of(0).parameters;
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (static_cast<double>(tensor::element_count(b[parameters[i]].type.shape)) >= elements)
      out |= 1u << i;
  }
  return out;
}

std::uint32_t inexact_arguments(const Builder& b) {
  const auto& parameters = b.body_of(0).parameters;
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (tensor::is_inexact(b[parameters[i]].type.dtype)) out |= 1u << i;
  }
  return out;
}

Op pairwise(std::string name, Category category, double weight, std::uint32_t kinds, Interval first,
            Interval second, Kernel2 kernel, double literal_weight, Derivative derivative,
            std::vector<std::string> hints, std::vector<std::string> spellings) {
  Op op = binary(std::move(name), category, weight, kinds, second, kernel, literal_weight,
                 derivative, std::move(hints), std::move(spellings));
  op.infer = [=, infer = op.infer](Builder& b, Draft& draft) {
    return in_domain(b[draft.operands[0]].stats, first) && infer(b, draft);
  };
  op.draw = [=, infer = op.infer](Builder& b, Draft& draft) {
    auto x = b.draw_kind(kinds);
    if (x && !in_domain(b[*x].stats, first)) x = b.into(*x, first);
    if (!x) return false;
    std::optional<ValueId> y;
    if (b.random().chance(literal_weight)) {
      y = draw_literal(b, b[*x].type.dtype, second);
    } else {
      y = b.draw_partner(*x);
      if (y && *y == *x) return false;
      if (y && !in_domain(b[*y].stats, second)) y = b.into(*y, second);
    }
    if (!y) return false;
    draft.operands = {*x, *y};
    return infer(b, draft);
  };
  return op;
}

std::optional<ValueId> mask_of(Builder& b, ValueId x) {
  const ValueId threshold = b.literal(threshold_of(b[x]), b[x].type.dtype);
  return b.apply(b.random().chance(0.6) ? "greater" : "less", {x, threshold});
}

const Node* node_of(const Builder& b, ValueId id) {
  const auto& nodes = b.body_of(b[id].body).nodes;
  const auto made = std::find_if(nodes.begin(), nodes.end(), [&](const Node& node) {
    return std::find(node.results.begin(), node.results.end(), id) != node.results.end();
  });
  return made == nodes.end() ? nullptr : &*made;
}

namespace {

// The terms of a sum, as far as additions and subtractions reach back.
void add_terms(const Builder& b, ValueId id, int sign, int depth, std::map<ValueId, int>& terms) {
  terms[id] += sign;
  const Node* node = depth > 0 ? node_of(b, id) : nullptr;
  if (!node) return;
  const Op& op = b.catalogue().named(node->op);
  if (!op.has(kAddition | kSubtraction | kNegation)) return;
  add_terms(b, node->operands[0], op.has(kNegation) ? -sign : sign, depth - 1, terms);
  if (node->operands.size() > 1)
    add_terms(b, node->operands[1], op.has(kAddition) ? sign : -sign, depth - 1, terms);
}

}  // namespace

bool cancels(const Builder& b, ValueId x, ValueId y, bool subtract) {
  std::map<ValueId, int> left, right;
  add_terms(b, x, 1, 8, left);
  add_terms(b, y, subtract ? -1 : 1, 8, right);
  return std::any_of(right.begin(), right.end(), [&](const auto& term) {
    const auto found = left.find(term.first);
    if (found == left.end() || found->second == 0 || term.second == 0) return false;
    return std::abs(found->second + term.second) < std::abs(found->second) ||
           std::abs(found->second + term.second) > 2;
  });
}

const Op* maker_of(const Builder& b, ValueId id) {
  const Node* node = node_of(b, id);
  return node ? &b.catalogue().named(node->op) : nullptr;
}

bool made_by(const Builder& b, ValueId id, Traits traits) {
  const Op* maker = maker_of(b, id);
  return maker != nullptr && maker->has(traits);
}

ValueId linear_origin(const Builder& b, ValueId id) {
  for (int steps = 0; steps < 8; ++steps) {
    const Node* node = node_of(b, id);
    if (!node || !b.catalogue().named(node->op).has(kLinearMap)) return id;
    ValueId origin = kNoValue;
    for (ValueId operand : node->operands) {
      if (!b[operand].literal.empty()) continue;
      if (origin != kNoValue) return id;
      origin = operand;
    }
    if (origin == kNoValue) return id;
    id = origin;
  }
  return id;
}

DType inexact_of(DType dtype) {
  if (tensor::is_inexact(dtype)) return dtype;
  return tensor::byte_size(dtype) == 8 ? DType::kF64 : DType::kF32;
}

DType part_of(DType dtype) {
  if (dtype == DType::kC64) return DType::kF32;
  return dtype == DType::kC128 ? DType::kF64 : dtype;
}

std::string spelling_without(Builder& b, const std::vector<std::string>& spellings,
                             std::string_view prefix) {
  std::vector<std::string> fitting;
  for (const std::string& s : spellings) {
    if (!std::string_view(s).starts_with(prefix)) fitting.push_back(s);
  }
  return fitting.empty() ? std::string() : b.random().pick(fitting);
}

std::string dtype_text(DType dtype) {
  return dtype == DType::kBool ? "bool" : fmt::format("jnp.{}", tensor::numpy_name(dtype));
}

std::string array_text(const Builder& b, const std::vector<double>& numbers, DType dtype) {
  std::string text = "jnp.array([";
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    text += (i ? ", " : "") + number_text(numbers[i], tensor::is_integer(dtype));
  }
  const DType usual = tensor::is_integer(dtype) ? b.default_integer() : b.default_real();
  return text + (dtype == usual ? "])" : fmt::format("], dtype={})", dtype_text(dtype)));
}

std::string arguments_text(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!part.empty()) text += (text.empty() ? "" : ", ") + part;
  }
  return text;
}

}  // namespace jaxsmith::plan
