#include "ir/common/body.h"

#include <algorithm>
#include <ranges>

namespace jaxsmith::ir {
namespace {

using Operation = BodyOutline::Operation;

const Operation* source_of(const BodyOutline& body, BodyOutline::Number value) {
  const auto found = std::ranges::find(body.operations, value, &Operation::result);
  return value == BodyOutline::kLiteral || found == body.operations.end() ? nullptr : &*found;
}

// The operation on the body's two arguments, in order, that gives a value.
std::optional<tensor::Binary> operation_on_both(const BodyOutline& body, const Operation* op) {
  if (!op || !op->kernel) return std::nullopt;
  const bool in_order = op->operands == body.arguments;
  const bool turned = std::ranges::equal(op->operands, std::views::reverse(body.arguments));
  return in_order || (turned && tensor::commutes(*op->kernel)) ? op->kernel : std::nullopt;
}

// Where the value is convert(convert(op(a, b))).
std::optional<tensor::Body::Rounded> rounded_operation(const BodyOutline& body,
                                                       const Operation* last) {
  const auto converted = [&](const Operation* op) {
    return op && op->converts && op->operands.size() == 1 ? source_of(body, op->operands[0])
                                                          : nullptr;
  };
  const Operation* narrow = converted(last);
  const Operation* whole = converted(narrow);
  const auto op = operation_on_both(body, whole);
  if (!op || !narrow->dtype || !tensor::is_real(*narrow->dtype) || whole->dtype != last->dtype)
    return std::nullopt;
  return tensor::Body::Rounded{*op, *narrow->dtype};
}

}  // namespace

bool BodyFacts::is_pointwise(const BodyOutline& body) {
  return body.scalars && std::ranges::all_of(body.operations, [&](const Operation& op) {
           if (op.calls.empty()) return op.pointwise;
           return std::ranges::all_of(op.calls, [&](BodyId b) { return of(b).pointwise; });
         });
}

const tensor::Body::Facts& BodyFacts::of(BodyId id) {
  const auto [found, is_new] = known_.try_emplace(id);
  tensor::Body::Facts& facts = found->second;
  const Nesting level(depth_);
  if (!is_new || !level) return facts;
  try {
    const BodyOutline body = outline_(id);
    facts.pointwise = is_pointwise(body);
    if (body.arguments.size() == 2 && body.results.size() == 1) {
      const BodyOutline::Number result = body.results[0];
      const Operation* last = source_of(body, result);
      facts.gives_second =
          result == body.arguments[1] && (facts.pointwise || body.operations.empty());
      // What else it computes nobody sees.
      if (facts.pointwise) facts.simple = operation_on_both(body, last);
      if (facts.pointwise) facts.rounded = rounded_operation(body, last);
    }
  } catch (...) {
    known_.erase(id);
    throw;
  }
  return facts;
}

}  // namespace jaxsmith::ir
