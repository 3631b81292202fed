#include "plan/visibility.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "base/letters.h"
#include "plan/calls.h"
#include "plan/catalogue.h"
#include "plan/holes.h"
#include "plan/scopes.h"

namespace jaxsmith::plan {
namespace {

constexpr double kTenth = 0.1, kSummand = 0.05;  // as check/relevance.h changes results
constexpr double kLeastMagnitude = 1e-3;
// Order alone: places of the largest, ranks. A tenth more of all elements changes nothing.
constexpr double kOrderAlone = 0.01;
// What a loop adds at each turn is seen many times.
constexpr double kTurns = 8;

// Of a product of numbers, operands and other things; those count as one, where a number says that
// they are to be small.
double size_of_term(std::string_view term, const std::vector<double>& operands, double otherwise) {
  double size = 1;
  bool known = true, scaled = false;
  for (const std::string_view factor : split_outside(term, {" * "})) {
    const auto number = number_of(factor);
    const auto place = factor.starts_with('$') ? number_of(factor.substr(1)) : std::nullopt;
    if (number)
      size *= std::abs(*number), scaled = true;
    else if (place && static_cast<std::size_t>(*place) < operands.size())
      size *= operands[static_cast<std::size_t>(*place)];
    else
      known = false;
  }
  return known || scaled ? size : otherwise;
}

// Whether it carries something from turn to turn: a map adds nothing up.
bool is_loop(const Node& node, const Calls& calls) {
  if (node.loop) return node.loop->carries > 0;
  return std::ranges::any_of(mentions_in(node.spelling), [&](const Mention& mention) {
    const auto found = find_by_end(calls.loops, mention.name);
    return mention.called && found != calls.loops.end() && found->second.carries;
  });
}

// How often a loop goes round, as far as that is known.
double turns_of(const Node& node) {
  if (!node.loop) return kTurns;
  return std::clamp(static_cast<double>(node.loop->last - node.loop->first), 1.0, kTurns);
}

// Whether a method of one of these names is called first of all.
bool begins_with_method(std::string_view text, const CallNames& names) {
  if (!text.starts_with(".")) return false;
  const auto end = std::ranges::find_if_not(text.substr(1), in_name);
  const auto length = static_cast<std::size_t>(end - (text.begin() + 1));
  return text.substr(1 + length).starts_with("(") && names.contains(text.substr(1, length));
}

// Whether what comes next is the first argument of a function of one of these names.
bool ends_with_call(std::string_view text, const CallNames& names) {
  if (!text.ends_with("(")) return false;
  text.remove_suffix(1);
  std::size_t begin = text.size();
  while (begin > 0 && in_name(text[begin - 1])) --begin;
  return names.contains(text.substr(begin));
}

// Whether of an operand only the order goes into a written step, whatever is made of that: its
// mean of `$0.argmax(axis=1) == $1`. `orders`: Calls::orders.
bool asks_order_alone(std::string_view spelling, std::size_t operand, const CallNames& orders) {
  const std::size_t length = 1 + std::to_string(operand).size();
  std::size_t at = find_hole(spelling, operand);
  if (at == spelling.npos) return false;
  for (; at != spelling.npos; at = find_hole(spelling, operand, at + length)) {
    const std::string_view before = spelling.substr(0, at), after = spelling.substr(at + length);
    if (!ends_with_call(before, orders) && !begins_with_method(after, orders)) return false;
  }
  return true;
}

class Walk {
 public:
  explicit Walk(const Program& program)
      : program_(program),
        calls_(program.catalogue->vocabulary().calls),
        seen_(program.values.size(), 0) {}

  // Of the results this one alone is looked at.
  double shown(BodyId body, ValueId result, ValueId parameter) {
    see(result, 1);
    visit(body, 0, {});
    return seen_[static_cast<std::size_t>(parameter)];
  }

  // Of the parameters, by all results.
  double least(BodyId body) {
    visit(body, 1, {});
    double out = 1;
    for (const ValueId id : body_of(body).parameters)
      out = std::min(out, seen_[static_cast<std::size_t>(id)]);
    return out;
  }

  std::vector<Applied> applied(BodyId body) {
    visit(body, 1, {});
    return std::move(applied_);
  }

 private:
  // Of a body that is visited.
  struct Around {
    double turns = 1;  // that loops around it add up over
    double times = 1;  // that it is traced: by loops that are left to Python
    bool differentiated = false;
  };

  const Value& value(ValueId id) const { return program_.values[static_cast<std::size_t>(id)]; }
  void see(ValueId id, double by) {
    if (id == kNoValue) return;
    double& seen = seen_[static_cast<std::size_t>(id)];
    seen = std::max(seen, std::min(by, 1.0));
  }

  double response_of(const Node& node, std::size_t operand) const {
    if (operand < node.responses.size()) return node.responses[operand];
    const bool places = !node.results.empty() && node.results[0] != kNoValue &&
                        tensor::is_integer(value(node.results[0]).type.dtype) &&
                        calls_any(node.spelling, calls_.orders);
    return places || asks_order_alone(node.spelling, operand, calls_.orders) ? kOrderAlone : 1;
  }

  const Body& body_of(BodyId id) const { return program_.bodies[static_cast<std::size_t>(id)]; }

  void forget(const Body& body) {
    for (const ValueId id : body.parameters) seen_[static_cast<std::size_t>(id)] = 0;
    for (const Node& node : body.nodes) {
      for (const ValueId id : node.results)
        if (id != kNoValue) seen_[static_cast<std::size_t>(id)] = 0;
      for (const BodyId inner : node.bodies) forget(body_of(inner));
    }
  }

  // What a function of the module shows of what it is called with: by this call alone, as another
  // may show more.
  void visit_called(const Node& node, const Around& around) {
    const Body& called = body_of(node.bodies[0]);
    const std::vector<double> before = seen_;
    forget(called);
    for (std::size_t k = 0; k < called.results.size() && k < node.results.size(); ++k)
      if (node.results[k] != kNoValue)
        see(called.results[k], before[static_cast<std::size_t>(node.results[k])]);
    visit(node.bodies[0], 0, around);
    std::vector<double> shown;
    for (const ValueId id : called.parameters) shown.push_back(seen_[static_cast<std::size_t>(id)]);
    for (std::size_t v = 0; v < before.size(); ++v) seen_[v] = std::max(seen_[v], before[v]);
    for (std::size_t k = 0; k < shown.size() && k < node.operands.size(); ++k)
      see(node.operands[k], shown[k]);
  }

  void visit(BodyId id, double shown, const Around& around) {
    const Body& body = body_of(id);
    for (const ValueId result : body.results) see(result, shown);
    for (std::size_t n = body.nodes.size(); n-- > 0;) {
      const Node& node = body.nodes[n];
      if (begins_with_call(node))
        visit_called(node, around);
      else
        visit_node(node, around);
    }
  }

  void visit_node(const Node& node, const Around& around) {
    double seen = 0;
    bool told_apart = false;
    for (const ValueId result : node.results) {
      if (result == kNoValue) continue;
      const double of = seen_[static_cast<std::size_t>(result)];
      seen = std::max(seen, of);
      told_apart = told_apart || of >= least_response(value(result).type.dtype);
    }
    // A call of a member's is no entry.
    if (const Op* op = program_.catalogue->find(node.op))
      applied_.push_back({op, around.times, around.differentiated, told_apart});
    Around within = around;
    if (node.loop && node.loop->unrolled)
      within.times *= static_cast<double>(node.loop->last - node.loop->first);
    if (!node.bodies.empty()) {
      if (is_loop(node, calls_)) within.turns = std::max(around.turns, turns_of(node));
      // What a function whose derivative is taken applies comes forward and backward.
      within.differentiated = around.differentiated || calls_any(node.spelling, calls_.derivatives);
    }
    for (const BodyId inner : node.bodies) visit(inner, seen, within);
    for (std::size_t k = 0; k < node.operands.size(); ++k)
      see(node.operands[k], seen * std::min(1.0, response_of(node, k) * around.turns));
  }

  const Program& program_;
  const Calls& calls_;
  std::vector<double> seen_;
  std::vector<Applied> applied_;
};

}  // namespace

std::vector<std::string_view> split_outside(std::string_view text,
                                            const std::vector<std::string_view>& separators) {
  std::vector<std::string_view> out;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '(' || c == '[' || c == '{') ++depth;
    if (c == ')' || c == ']' || c == '}') --depth;
    if (depth != 0) continue;
    for (const std::string_view s : separators) {
      if (text.substr(at, s.size()) != s) continue;
      out.push_back(text.substr(begin, at - begin));
      begin = at + s.size();
      at = begin - 1;
      break;
    }
  }
  out.push_back(text.substr(begin));
  return out;
}

std::optional<double> number_of(std::string_view text) {
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

double response(const Stats& operand, bool integral,
                const std::function<double(double element, int probe)>& kernel) {
  std::array<double, kProbes> found{};
  for (int i = 0; i < kProbes; ++i) {
    const double x = operand.probe[static_cast<std::size_t>(i)];
    const double before = kernel(x, i);
    const double after = kernel(integral ? x + 1 : x * (1 + kTenth) + kSummand, i);
    const double change = std::abs(after - before) / std::max(std::abs(before), kLeastMagnitude);
    // Beyond the kernel's domain nothing is known.
    found[static_cast<std::size_t>(i)] = std::isfinite(change) ? change / kTenth : 1;
  }
  std::ranges::sort(found, std::greater<>());
  return std::min(found[1], 1.0);
}

std::vector<double> term_responses(std::string_view spelling, const std::vector<double>& operands,
                                   double result) {
  const std::vector<std::string_view> terms = split_outside(spelling, {" + ", " - "});
  if (terms.size() < 2) return {};
  std::vector<double> out(operands.size(), 0);
  for (std::size_t k = 0; k < operands.size(); ++k) {
    for (const std::string_view term : terms) {
      if (!names_operand(term, k)) continue;
      const double size = size_of_term(term, operands, result);
      out[k] = std::max(out[k], std::min(size / std::max(result, kLeastMagnitude), 1.0));
    }
  }
  return out;
}

double least_response(DType dtype) { return half_precision(dtype) ? 0.2 : 0.02; }

double least_visible(DType dtype) { return half_precision(dtype) ? 0.02 : 2e-5; }

double shown_share(const Program& program, BodyId body, ValueId result, ValueId parameter) {
  return Walk(program).shown(body, result, parameter);
}

double least_shown(const Program& program, BodyId body) { return Walk(program).least(body); }

std::vector<Applied> applied_entries(const Program& program, BodyId body) {
  return Walk(program).applied(body);
}

double hidden_share(const Program& program, BodyId body) {
  double all = 0, hidden = 0;
  for (const Applied& each : applied_entries(program, body)) {
    const Brings& brings = program.catalogue->brings(*each.op);
    const Operations& of = each.differentiated ? brings.differentiated : brings.plain;
    all += each.times * (of.shown + of.hidden);
    hidden += each.times * (of.hidden + (each.shows ? 0 : of.shown));
  }
  return all > 0 ? hidden / all : 0;
}

}  // namespace jaxsmith::plan
