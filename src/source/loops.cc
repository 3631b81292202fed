#include "source/loops.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "source/spellings.h"
#include "source/statements.h"

namespace jaxsmith::source {

namespace {

// Two in a row are often left as they are, more are not.
constexpr double kTwo = 0.6, kMore = 0.9;

using Targets = std::vector<std::string>;
// By the place of a target: what stands, in the first step, where later ones have what the step
// before has given.
using Starts = std::map<std::size_t, Expr>;

// Whether `later` is `earlier` with some of its parts replaced by what `given` names; these parts
// go to `starts`, where each target has one.
bool goes_on(const Expr& earlier, const Expr& later, const Targets& given, Starts& starts) {
  if (!earlier || !later) return earlier == later;
  const auto at =
      later->kind == ExprKind::kName ? std::ranges::find(given, later->text) : given.end();
  if (at != given.end()) {
    const auto [start, added] =
        starts.emplace(static_cast<std::size_t>(at - given.begin()), earlier);
    return added || print(start->second) == print(earlier);
  }
  return earlier->kind == later->kind && earlier->text == later->text &&
         std::ranges::equal(earlier->items, later->items, [&](const Expr& x, const Expr& y) {
           return goes_on(x, y, given, starts);
         });
}

// Steps of a body from `first` on that do the same with what the one before has given.
struct Run {
  std::size_t first = 0, count = 1;
  Starts starts;
};

const Assign& step(const std::vector<Statement>& body, std::size_t at) {
  return std::get<Assign>(body[at]);
}

std::optional<Run> run_from(const std::vector<Statement>& body, std::size_t first) {
  const auto is_step = [&](std::size_t at) {
    const auto* a = at < body.size() ? std::get_if<Assign>(&body[at]) : nullptr;
    return a && !called(a->value).empty() && !a->targets.empty() &&
           std::ranges::all_of(a->targets, [](const std::string& t) { return t[0] != '('; });
  };
  Run run{first, 1, {}};
  if (!is_step(first)) return std::nullopt;
  for (std::size_t at = first + 1; is_step(at); ++at, ++run.count) {
    const Assign &before = step(body, at - 1), &now = step(body, at);
    Starts starts;
    if (now.targets.size() != before.targets.size() ||
        !goes_on(before.value, now.value, before.targets, starts) || starts.empty())
      break;
    // From the third on it is the step before's results that stand in their places.
    bool same = run.count == 1 || starts.size() == run.starts.size();
    for (const auto& [target, start] : starts)
      same = same && (run.count == 1 || (start->kind == ExprKind::kName &&
                                         start->text == step(body, at - 2).targets[target]));
    if (!same) break;
    if (run.count == 1) run.starts = std::move(starts);
  }
  if (run.count < 2) return std::nullopt;
  return run;
}

// Whether what the steps but the last give is read by the next one alone.
bool closed(const std::vector<Statement>& body, const Run& run) {
  std::vector<Statement> others = body;
  const auto begin = others.begin() + static_cast<std::ptrdiff_t>(run.first);
  others.erase(begin, begin + static_cast<std::ptrdiff_t>(run.count));
  const Mentioned mentioned(others);
  for (std::size_t i = 0; i + 1 < run.count; ++i)
    for (const std::string& target : step(body, run.first + i).targets)
      if (target != "_" && mentioned.has(target)) return false;
  return true;
}

// What the run becomes: its results start as what the first step takes, and are given again and
// again.
std::vector<Statement> rolled(const std::vector<Statement>& body, const Run& run) {
  const Assign &second = step(body, run.first + 1), &last = step(body, run.first + run.count - 1);
  const Targets& given = step(body, run.first).targets;
  std::vector<Statement> out;
  for (const auto& [target, start] : run.starts)
    out.push_back(Assign{{last.targets[target]}, start});
  const Expr value = rewritten(second.value, [&](const Expr& e) {
    const auto at = e->kind == ExprKind::kName ? std::ranges::find(given, e->text) : given.end();
    return at == given.end() ? e : name(last.targets[static_cast<std::size_t>(at - given.begin())]);
  });
  out.push_back(For{{"_"},
                    call(name("range"), {number(std::to_string(run.count))}),
                    std::make_shared<Block>(Block{{Assign{last.targets, value}}})});
  return out;
}

// Names that are not read in the step after cannot stand for what goes on in it.
bool has_names(const std::vector<Statement>& body, const Run& run) {
  const Targets& last = step(body, run.first + run.count - 1).targets;
  return std::ranges::all_of(run.starts,
                             [&](const auto& start) { return last[start.first] != "_"; });
}

}  // namespace

void roll_loops(Module& module, Random random) {
  random = random.fork("loops");
  for (FunctionDefinition& f : module.functions) {
    for (std::size_t at = 0; at < f.body.size(); ++at) {
      const auto run = run_from(f.body, at);
      if (!run || !closed(f.body, *run) || !has_names(f.body, *run)) continue;
      if (!random.chance(run->count == 2 ? kTwo : kMore)) continue;
      std::vector<Statement> loop = rolled(f.body, *run);
      const auto begin = f.body.begin() + static_cast<std::ptrdiff_t>(at);
      f.body.erase(begin, begin + static_cast<std::ptrdiff_t>(run->count));
      f.body.insert(f.body.begin() + static_cast<std::ptrdiff_t>(at), loop.begin(), loop.end());
      at += loop.size() - 1;
    }
  }
}

}  // namespace jaxsmith::source
