// Rules of control flow, calls and tuples. Rules: the StableHLO specification
// (openxla.org/stablehlo/spec) and, where it leaves something open, what XLA does on the CPU.
#include "ir/stablehlo/rules.h"

namespace jaxsmith::stablehlo {

Results while_rule(const Call& c) {
  Results state;
  for (std::size_t i = 0; i < c.size(); ++i) state.push_back(c.datum(i));
  for (const tensor::Rounds rounds(c.context());; rounds.next()) {
    const auto again = c.run_region(0, state);
    require(again.size() == 1 && again[0].as_array().rank() == 0 &&
                again[0].as_array().dtype() == DType::kBool,
            "the condition gives no bool");
    if (!c.abstract() && again[0].as_array().int_at(0) == 0) return state;
    auto next = c.run_region(1, state);
    require(next.size() == state.size(), "the body gives another number of values than it takes");
    if (c.abstract()) return next;
    state = std::move(next);
  }
}

namespace {

Results branches(const Call& c, std::size_t chosen) {
  if (!c.abstract()) return c.run_region(chosen, {});
  Results out;
  for (std::size_t i = 0; i < c.op().regions.size(); ++i) out = c.run_region(i, {});
  return out;
}

}  // namespace

Results case_rule(const Call& c) {
  c.want(1);
  const Array& index = c.array(0);
  require(index.rank() == 0 && index.dtype() == DType::kI32, "the index is no i32 scalar");
  const std::size_t n = c.op().regions.size();
  require(n > 0, "there is no branch");
  if (c.abstract()) return branches(c, 0);
  const std::int64_t i = index.int_at(0);
  return branches(c,
                  i < 0 || i >= static_cast<std::int64_t>(n) ? n - 1 : static_cast<std::size_t>(i));
}

Results if_rule(const Call& c) {
  c.want(1);
  require(c.array(0).rank() == 0 && c.array(0).dtype() == DType::kBool, "the predicate is no bool");
  require(c.op().regions.size() == 2, "there are not two branches");
  return branches(c, c.abstract() || c.array(0).int_at(0) ? 0 : 1);
}

Results call_rule(const Call& c) {
  Results arguments;
  for (std::size_t i = 0; i < c.size(); ++i) arguments.push_back(c.datum(i));
  const Attr& callee =
      c.op().name == "stablehlo.composite" ? c.need("decomposition") : c.need("callee");
  require(callee.kind == Attr::Kind::kSymbol, "the callee is no symbol");
  return c.call(std::string_view(callee.text).substr(1), std::move(arguments));
}

Results all_operands(const Call& c) {
  Results out;
  for (std::size_t i = 0; i < c.size(); ++i) out.push_back(c.datum(i));
  return out;
}

Results tuple_element_rule(const Call& c) {
  const std::int64_t i = c.integer("index");
  require(c.datum(0).kind == Datum::Kind::kTuple && i >= 0 &&
              i < static_cast<std::int64_t>(c.datum(0).parts.size()),
          "there is no such part of the tuple");
  return {c.datum(0).parts[static_cast<std::size_t>(i)]};
}

Results tuple_rule(const Call& c) { return {Datum::tuple(all_operands(c))}; }

Results token_rule(const Call&) { return {Datum()}; }

}  // namespace jaxsmith::stablehlo
