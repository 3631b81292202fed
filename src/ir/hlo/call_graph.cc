#include "ir/hlo/call_graph.h"

#include <algorithm>

namespace jaxsmith::hlo {
namespace {

struct Call {
  std::int32_t instruction, callee;
};

std::vector<Call> calls_of(const Computation& computation) {
  std::vector<Call> out;
  for (std::size_t i = 0; i < computation.instructions.size(); ++i)
    for (const std::int32_t callee : callees(computation.instructions[i]))
      out.push_back({static_cast<std::int32_t>(i), callee});
  return out;
}

}  // namespace

std::vector<std::int32_t> callees(const Instruction& op) {
  std::vector<std::int32_t> out;
  for (const Attribute& a : op.attributes) {
    if (a.value.kind != AttributeValue::Kind::kComputations) continue;
    for (const std::int64_t callee : a.value.ints) out.push_back(static_cast<std::int32_t>(callee));
  }
  return out;
}

CallGraph call_graph(const Module& module) {
  const std::size_t n = module.computations.size();
  enum class State : std::uint8_t { kNew, kOpen, kDone };
  std::vector<State> state(n, State::kNew);
  CallGraph out;
  out.depth.assign(n, 1);
  struct Visit {
    std::int32_t computation;
    std::vector<Call> calls;
    std::size_t next = 0;
  };
  std::vector<Visit> stack;  // not recursive: a text may have calls as deep as it likes
  const auto open = [&](std::int32_t c) {
    state[static_cast<std::size_t>(c)] = State::kOpen;
    stack.push_back({c, calls_of(module.computations[static_cast<std::size_t>(c)])});
  };
  for (std::size_t start = 0; start < n; ++start) {
    if (state[start] != State::kNew) continue;
    open(static_cast<std::int32_t>(start));
    while (!stack.empty()) {
      Visit& top = stack.back();
      const auto c = static_cast<std::size_t>(top.computation);
      if (top.next == top.calls.size()) {
        for (const Call& call : top.calls)
          out.depth[c] =
              std::max(out.depth[c], out.depth[static_cast<std::size_t>(call.callee)] + 1);
        state[c] = State::kDone;
        out.callees_first.push_back(top.computation);
        stack.pop_back();
        continue;
      }
      const Call call = top.calls[top.next++];
      const State callee = state[static_cast<std::size_t>(call.callee)];
      if (callee == State::kNew) open(call.callee);
      if (callee == State::kOpen && !out.cycle)
        out.cycle = {static_cast<std::int32_t>(c), call.instruction};
    }
  }
  return out;
}

}  // namespace jaxsmith::hlo
