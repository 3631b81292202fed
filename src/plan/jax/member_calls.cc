#include "plan/jax/member_calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "plan/holes.h"
#include "plan/jax/spread.h"

namespace jaxsmith::plan {
namespace {

Gradients gradients(Wrapper& w, const Objective& objective, const Subject& subject) {
  Gradients out;
  const auto add = [&](std::int64_t number, ValueId argument) {
    out.values.push_back(w.value(w.entry(), w.at(argument).type, "grad"));
    w.at(out.values.back()).named_as = argument;
    out.numbers.push_back(number);
  };
  if (objective.closure) {
    for (std::size_t i = 0; i < objective.arguments.size(); ++i) {
      out.argnums.push_back(static_cast<std::int64_t>(i));
      add(subject.numbers[i], objective.arguments[i]);
    }
    out.count = out.argnums.size();
    return out;
  }
  const std::vector<Unit> units = w.units(objective.arguments.size());
  for (std::size_t u = 0; u < units.size(); ++u) {
    const auto first = static_cast<std::int64_t>(units[u].members.front());
    if (std::ranges::find(subject.numbers, first) == subject.numbers.end()) continue;
    out.argnums.push_back(static_cast<std::int64_t>(u));
    if (units[u].pack) out.packed.push_back({out.values.size(), *units[u].pack});
    ++out.count;
    for (const std::size_t member : units[u].members)
      add(static_cast<std::int64_t>(member), objective.arguments[member]);
  }
  return out;
}

// The arguments before the last bound, where the derivative is in the last: partial(f, x, y).
bool binds_others(const Wrapper& w, const Objective& objective, const Subject& subject,
                  Random& random) {
  constexpr double kBound = 0.5;
  const std::size_t count = objective.arguments.size();
  return !objective.closure && !w.has_packs() && count > 1 && count < 5 &&
         subject.numbers == std::vector{static_cast<std::int64_t>(count) - 1} &&
         random.chance(kBound);
}

}  // namespace

std::vector<ValueId> GradientCall::results() const {
  std::vector<ValueId> out = value;
  const auto& [second, third] =
      value.empty() ? std::tie(grads.values, rest) : std::tie(rest, grads.values);
  out.insert(out.end(), second.begin(), second.end());
  out.insert(out.end(), third.begin(), third.end());
  return out;
}

std::vector<Packed> GradientCall::packed() const {
  return behind(grads.packed, value.empty() ? 0 : value.size() + rest.size());
}

std::vector<Packed> behind(std::vector<Packed> packed, std::size_t values) {
  for (Packed& each : packed) each.first += values;
  return packed;
}

bool takes_whole_packs(const std::vector<Pack>& packs, const std::vector<std::int64_t>& numbers) {
  return std::ranges::all_of(packs, [&](const Pack& pack) {
    const auto count = std::ranges::count_if(pack.members, [&](std::size_t member) {
      return std::ranges::find(numbers, static_cast<std::int64_t>(member)) != numbers.end();
    });
    return count == 0 || count == static_cast<std::ptrdiff_t>(pack.members.size());
  });
}

GradientCall call_gradient(Wrapper& w, const Objective& objective, const Subject& subject,
                           bool with_value, Random& random) {
  GradientCall out;
  if (with_value) {
    out.value = {w.value(w.entry(), w.result_type(objective.body), "value")};
    w.at(out.value[0]).names = objective.words;
  }
  out.grads = gradients(w, objective, subject);
  for (const ValueId id : objective.rest) {
    const Value like = w.at(id);
    out.rest.push_back(w.value(w.entry(), like.type, like.hint));
    w.at(out.rest.back()).names = like.names;
  }
  out.groups = gradient_groups(with_value, out.grads.count, out.rest.size());
  const std::string by = with_value ? "jax.value_and_grad" : "jax.grad";
  const std::size_t count = objective.arguments.size();
  if (out.rest.empty() && binds_others(w, objective, subject, random)) {
    w.node(w.entry(), "call",
           fmt::format("{}({}($f0, {}))(${})", by,
                       random.chance(0.5) ? "partial" : "functools.partial", holes(0, count - 1),
                       count - 1),
           objective.arguments, out.results())
        .bodies = {objective.body};
    return out;
  }
  const std::string spelling = fmt::format("{}($f0, $options)({})", by, holes(0, count));
  Node& node = objective.closure
                   ? w.node(w.entry(), "call", spelling, objective.arguments, out.results())
                   : w.call(w.entry(), spelling, objective.arguments, out.results());
  node.bodies = {objective.body};
  const std::string argnums = argnums_text(out.grads.argnums);
  node.attributes["options"] = argnums + (argnums.empty() || out.rest.empty() ? "" : ", ") +
                               (out.rest.empty() ? "" : "has_aux=True");
  node.result_groups = out.groups;
  node.packed_results = out.packed();
  return out;
}

ValueId entry_step(Wrapper& w, std::string spelling, std::vector<ValueId> operands, Type type,
                   std::vector<std::string> names, Random& random) {
  const ValueId out = w.value(w.entry(), std::move(type), names.front());
  w.call_it(out, std::move(names), random);
  w.node(w.entry(), "call", std::move(spelling), std::move(operands), {out});
  return out;
}

ValueId value_of(Wrapper& w, const Objective& objective, Type type, std::vector<std::string> names,
                 Random& random) {
  const ValueId out = w.value(w.entry(), std::move(type), names.front());
  w.call_it(out, std::move(names), random);
  w.node(w.entry(), "call", "$f0(" + holes(0, objective.arguments.size()) + ")",
         objective.arguments, {out})
      .bodies = {objective.body};
  return out;
}

std::string argnums_of(const Objective& objective, const Subject& subject) {
  const std::string text = objective.closure ? "" : argnums_text({subject.numbers[0]});
  return text.empty() ? "" : ", " + text;
}

ValueId derived(Wrapper& w, const std::string& by, const Objective& objective,
                const Subject& subject, Type type, std::vector<std::string> names, Random& random) {
  const ValueId out = w.value(w.entry(), std::move(type), names.front());
  w.call_it(out, std::move(names), random);
  const bool whole = by.find("$f0") != std::string::npos;
  const std::string of = whole ? by : fmt::format("{}($f0{})", by, argnums_of(objective, subject));
  w.node(w.entry(), "call", fmt::format("{}({})", of, holes(0, objective.arguments.size())),
         objective.arguments, {out})
      .bodies = {objective.body};
  return out;
}

}  // namespace jaxsmith::plan
