// How many plans have a structure of their own (source/structure.h), without JAX.
//   jaxsmith_structures [COUNT [SEED [THREADS]]]
// Counts COUNT families: their root programs, one a family, and all members but those that are
// their root in another element type or other sizes, which share its structure by intent. Prints
// how many of the first 1,000, 10,000 … have a structure that no other of these has, and what
// repeats most.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "backend/backend.h"
#include "base/threads.h"
#include "plan/planner.h"
#include "source/structure.h"

namespace jaxsmith {
namespace {

constexpr std::size_t kShown = 20;  // structures that repeat most
constexpr std::size_t kIdiomsShown = 40;
constexpr std::size_t kMembersAtMost = 4;
constexpr std::uint16_t kNoIdiom = 0xffff;

enum Kind : std::uint8_t { kNumbers, kWithIdiom, kOthers };
constexpr std::array<std::string_view, 3> kKinds = {"of numbers alone", "with an idiom", "others"};

struct Family {
  std::array<std::uint64_t, kMembersAtMost> structures{};  // the root's first
  std::uint8_t members = 0;
  Kind kind = kOthers;
  plan::SizeClass size = plan::SizeClass::kMix;
  std::uint16_t idiom = kNoIdiom;  // the first, by its place in the catalogue
};

std::vector<std::string_view> idioms_of(const plan::Program& program) {
  std::vector<std::string_view> out;
  for (const std::string_view op : plan::operations_of(program))
    if (program.catalogue->named(op).has(plan::kIdiom) && std::ranges::find(out, op) == out.end())
      out.push_back(op);
  return out;
}

Kind kind_of(const plan::Program& program) {
  const auto& parameters = program.bodies[static_cast<std::size_t>(program.root)].parameters;
  const bool numbers = std::ranges::all_of(parameters, [&](plan::ValueId id) {
    return program.values[static_cast<std::size_t>(id)].type.rank() == 0;
  });
  return numbers ? kNumbers : idioms_of(program).empty() ? kOthers : kWithIdiom;
}

Family counted(const plan::PlanOptions& options, std::uint64_t seed, std::uint64_t number) {
  Family out;
  out.size = plan::family_size(options, seed, number);
  for (const plan::Member& member : plan::plan_family(options, seed, number)) {
    if (member.variant != "base" || out.members == kMembersAtMost) continue;
    if (out.members == 0) {
      out.kind = kind_of(member.program);
      if (const auto idioms = idioms_of(member.program); !idioms.empty())
        out.idiom = static_cast<std::uint16_t>(options.catalogue->find(idioms[0]) -
                                               options.catalogue->ops().data());
    }
    out.structures[out.members++] = source::structure_of(member.program);
  }
  return out;
}

using Counts = std::unordered_map<std::uint64_t, std::uint32_t>;

struct Shares {
  std::size_t plans = 0, own = 0;
  void add(bool alone) { ++plans, own += alone; }
  std::string text() const {
    return plans == 0 ? "-"
                      : fmt::format("{:.2f} %",
                                    100.0 * static_cast<double>(own) / static_cast<double>(plans));
  }
};

void print_curve(const std::vector<Family>& families) {
  fmt::print("plans with a structure of their own, and different structures by plans\n");
  fmt::print("{:>9} {:>9} {:>9}  {:>9} {:>9}\n", "families", "own", "different", "members", "own");
  std::vector<std::size_t> upto;
  for (std::size_t n = 1000; n < families.size(); n *= 10) upto.push_back(n);
  upto.push_back(families.size());
  for (const std::size_t n : upto) {
    Counts roots, all;
    for (const Family& f : std::span(families).first(n))
      for (std::size_t m = 0; m < f.members; ++m) {
        ++all[f.structures[m]];
        if (m == 0) ++roots[f.structures[m]];
      }
    Shares own, different, members;
    for (const Family& f : std::span(families).first(n))
      for (std::size_t m = 0; m < f.members; ++m) {
        members.add(all[f.structures[m]] == 1);
        if (m == 0) own.add(roots[f.structures[m]] == 1);
      }
    different = {own.plans, roots.size()};
    fmt::print("{:>9} {:>9} {:>9}  {:>9} {:>9}\n", n, own.text(), different.text(), members.plans,
               members.text());
  }
}

void print_kinds(const std::vector<Family>& families, const Counts& roots) {
  std::array<Shares, 3> kinds, sizes;
  for (const Family& f : families) {
    if (f.members == 0) continue;
    const bool alone = roots.at(f.structures[0]) == 1;
    kinds[f.kind].add(alone);
    sizes[static_cast<std::size_t>(f.size)].add(alone);
  }
  fmt::print("\nof the last line's families\n");
  for (std::size_t k = 0; k < kinds.size(); ++k)
    fmt::print("{:>17} {:>9} {:>9}\n", kKinds[k], kinds[k].plans, kinds[k].text());
  for (std::size_t k = 0; k < sizes.size(); ++k)
    fmt::print("{:>17} {:>9} {:>9}\n", plan::words_of(plan::SizeClass{})[k], sizes[k].plans,
               sizes[k].text());
}

// The first family of each, for `jaxsmith plan --seed SEED --index FAMILY`.
void print_repeated(const plan::PlanOptions& options, std::uint64_t seed,
                    const std::vector<Family>& families, const Counts& roots) {
  std::vector<std::size_t> first;
  Counts seen;
  for (std::size_t n = 0; n < families.size(); ++n)
    if (families[n].members > 0 && seen[families[n].structures[0]]++ == 0) first.push_back(n);
  const auto times = [&](std::size_t n) { return roots.at(families[n].structures[0]); };
  std::ranges::stable_sort(first,
                           [&](std::size_t a, std::size_t b) { return times(a) > times(b); });
  fmt::print("\nrepeated most\n{:>7} {:>9}  idioms, or operations\n", "times", "family");
  for (const std::size_t n : std::span(first).first(std::min(kShown, first.size()))) {
    const auto members = plan::plan_family(options, seed, n);
    auto entries = idioms_of(members[0].program);
    if (entries.empty()) entries = plan::operations_of(members[0].program);
    fmt::print("{:>7} {:>9}  {}\n", times(n), n, fmt::join(entries, ", "));
  }
}

// Which idioms families that share a structure have, and how many families have these.
void print_idioms(const plan::PlanOptions& options, const std::vector<Family>& families,
                  const Counts& roots) {
  const auto ops = options.catalogue->ops();
  std::vector<Shares> by(ops.size());
  for (const Family& f : families)
    if (f.idiom != kNoIdiom) by[f.idiom].add(roots.at(f.structures[0]) == 1);
  std::vector<std::size_t> order(by.size());
  std::iota(order.begin(), order.end(), 0);
  const auto repeat = [&](std::size_t op) { return by[op].plans - by[op].own; };
  std::ranges::stable_sort(order, [&](auto a, auto b) { return repeat(a) > repeat(b); });
  fmt::print("\nfirst idioms of families that share a structure\n{:>7} {:>9}\n", "sharing",
             "families");
  for (const std::size_t op : std::span(order).first(std::min(kIdiomsShown, order.size())))
    if (repeat(op) > 0) fmt::print("{:>7} {:>9}  {}\n", repeat(op), by[op].plans, ops[op].name);
}

int run(std::uint64_t count, std::uint64_t seed, unsigned threads) {
  const plan::PlanOptions options{&backend::backend_named("jax")->catalogue()};
  std::vector<Family> families(count);
  const Status done = parallel_for(count, threads, [&](std::size_t n) -> Status {
    families[n] = counted(options, seed, n);
    return {};
  });
  if (!done.ok()) {
    std::fputs((done.error().message + "\n").c_str(), stderr);
    return 1;
  }
  Counts roots;
  for (const Family& f : families)
    if (f.members > 0) ++roots[f.structures[0]];
  print_curve(families);
  print_kinds(families, roots);
  print_repeated(options, seed, families, roots);
  print_idioms(options, families, roots);
  return 0;
}

}  // namespace
}  // namespace jaxsmith

int main(int argc, char** argv) {
  const auto number = [&](int place, std::uint64_t usual) {
    return argc > place ? std::strtoull(argv[place], nullptr, 10) : usual;
  };
  const std::uint64_t count = number(1, 1'000'000);
  if (argc > 4 || count == 0) {
    std::fputs("usage: jaxsmith_structures [COUNT [SEED [THREADS]]]\n", stderr);
    return 2;
  }
  return jaxsmith::run(count, number(2, 0),
                       static_cast<unsigned>(number(3, jaxsmith::usual_threads())));
}
