#include "plan/shrink.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "base/hash.h"
#include "plan/scopes.h"

namespace jaxsmith::plan {
namespace {

std::string text_of(const std::vector<Packed>& packed) {
  std::string out;
  for (const Packed& p : packed) out += fmt::format("{}:{} ", p.first, p.pack);
  return out;
}

// What distinguishes programs that come from one another: values and functions keep their numbers.
std::string digest_of(const Program& program) {
  std::string text;
  for (const ValueId id : program.bodies[static_cast<std::size_t>(program.root)].parameters) {
    const Value& v = program.values[static_cast<std::size_t>(id)];
    text += fmt::format("{} {} {} {} {};", id, static_cast<int>(v.type.dtype),
                        fmt::join(v.type.shape, ","), v.stats.lo, v.stats.hi);
  }
  for (const Pack& pack : program.packs)
    text +=
        fmt::format("{{{} {}}}", static_cast<int>(pack.container), fmt::join(pack.members, ","));
  for (const Body& body : program.bodies) {
    text += text_of(body.packed_parameters) + text_of(body.packed_results);
    text +=
        fmt::format("[{}|{}|{}|{}", fmt::join(body.parameters, ","), fmt::join(body.results, ","),
                    fmt::join(body.summaries, ";"), fmt::join(body.names, ";"));
    for (const Node& node : body.nodes) {
      text += fmt::format("\n{}={}({};{}){}", fmt::join(node.results, ","), node.spelling,
                          fmt::join(node.operands, ","), fmt::join(node.bodies, ","), node.comment);
      text += text_of(node.packed_operands) + text_of(node.packed_results);
      if (node.loop && node.loop->unrolled) text += " unrolled";
      for (const auto& [name, value] : node.attributes) text += fmt::format(" {}={}", name, value);
    }
  }
  return hash128_hex(text);
}

class Search {
 public:
  Search(const Member& member, const Condition& condition, const ShrinkOptions& options)
      : condition_(condition), options_(options) {
    found_.member = member;
    found_.from = found_.size = program_size(member.program);
  }

  Status begin();
  Status try_packs();
  Status try_sizes(const PlanOptions& options, std::uint64_t seed, std::uint64_t family);
  Status try_moves();
  Shrunk take() { return std::move(found_); }

 private:
  const Program& program() const { return found_.member.program; }
  bool ended();
  Result<bool> ask(const Member& member);
  Result<bool> attempt(Program candidate);

  const Condition& condition_;
  const ShrinkOptions& options_;
  Shrunk found_;
  std::set<std::string> seen_;
  std::vector<Move> unpacked_;  // packs that were taken apart before anything else
};

bool Search::ended() {
  if (options_.cancel != nullptr && *options_.cancel) found_.end = ShrinkEnd::kCancelled;
  return found_.end != ShrinkEnd::kMinimal;
}

// No: also where a cancellation is the reason for an error.
Result<bool> Search::ask(const Member& member) {
  if (ended()) return false;
  if (found_.tries >= options_.tries) {
    found_.end = ShrinkEnd::kTries;
    return false;
  }
  ++found_.tries;
  Result<bool> holds = condition_(member);
  if (ended()) return false;
  return holds;
}

Status Search::begin() {
  JAXSMITH_TRY(holds, ask(found_.member));
  if (holds || ended()) return {};
  return Error::usage("the program does not show what it is to be shrunk for");
}

Result<bool> Search::attempt(Program candidate) {
  const ProgramMeasure size = program_size(candidate);
  if (!(size < found_.size) || defect_of(candidate)) return false;
  if (!seen_.insert(digest_of(candidate)).second) return false;
  Member member{std::move(candidate), found_.member.transformation, found_.member.variant};
  JAXSMITH_TRY(holds, ask(member));
  if (!holds) return false;
  found_.member = std::move(member);
  found_.size = size;
  ++found_.steps;
  if (options_.on_step) options_.on_step(size, found_.tries);
  return true;
}

// Arguments by themselves, all and then those of each pack: what follows is simpler without.
Status Search::try_packs() {
  for (Move& move : moves_of(program(), options_.agreement)) {
    if (move.kind != Move::Kind::kUnpack || ended()) continue;
    auto candidate = moved(program(), move, options_.agreement);
    if (!candidate) continue;
    JAXSMITH_TRY(held, attempt(std::move(*candidate)));
    if (held) unpacked_.push_back(std::move(move));
  }
  return {};
}

// The same decisions with shorter axes, all at once and then each. Where axes are spread over
// devices they stay.
Status Search::try_sizes(const PlanOptions& options, std::uint64_t seed, std::uint64_t family) {
  Settings settings = family_settings(options, seed, family);
  if (settings.devices > 1) return {};
  // Kept by value: the program gives way to each smaller one.
  const std::vector<std::string_view> before = operations_of(program());
  const std::vector<std::string> operations(before.begin(), before.end());
  const auto attempt_with = [&](const Settings& changed) -> Result<bool> {
    if (ended() || changed.sizes == settings.sizes) return false;
    for (Member& m : plan_family(options, changed, seed, family)) {
      if (m.transformation != found_.member.transformation || m.variant != found_.member.variant ||
          !std::ranges::equal(operations_of(m.program), operations))
        continue;
      Program candidate = std::move(m.program);
      for (const Move& move : unpacked_)
        if (auto apart = moved(candidate, move, options_.agreement)) candidate = std::move(*apart);
      JAXSMITH_TRY(held, attempt(std::move(candidate)));
      if (held) settings.sizes = changed.sizes;
      return held;
    }
    return false;
  };
  Settings all = settings;
  for (std::size_t i = 0; i < all.sizes.size(); ++i)
    all.sizes[i] = std::min(all.sizes[i], static_cast<std::int64_t>(i) + 2);
  JAXSMITH_CHECK(attempt_with(all));
  for (std::size_t i = 0; i < settings.sizes.size(); ++i) {
    const std::int64_t size = settings.sizes[i];
    for (std::int64_t shorter : {std::int64_t{2}, std::int64_t{3}, size / 4, size / 2, size - 1}) {
      if (shorter < 2 || shorter >= settings.sizes[i]) continue;
      Settings one = settings;
      one.sizes[i] = shorter;
      JAXSMITH_CHECK(attempt_with(one));
    }
  }
  return {};
}

// Rounds over all moves, those first that leave least; a move that others have made pointless
// applies no more.
Status Search::try_moves() {
  bool smaller = true;
  while (smaller && !ended()) {
    smaller = false;
    std::vector<std::pair<ProgramMeasure, Move>> moves;
    for (Move& move : moves_of(program(), options_.agreement)) {
      const auto candidate = moved(program(), move, options_.agreement);
      if (!candidate) continue;
      const ProgramMeasure size = program_size(*candidate);
      if (size < found_.size) moves.emplace_back(size, std::move(move));
    }
    std::ranges::stable_sort(moves, {}, [](const auto& each) { return each.first; });
    for (const auto& [size, move] : moves) {
      if (ended()) break;
      auto candidate = moved(program(), move, options_.agreement);
      if (!candidate) continue;
      JAXSMITH_TRY(held, attempt(std::move(*candidate)));
      smaller = smaller || held;
    }
  }
  return {};
}

}  // namespace

Result<Shrunk> shrink(const PlanOptions& options, std::uint64_t seed, std::uint64_t family,
                      const Member& member, const Condition& condition,
                      const ShrinkOptions& shrink_options) {
  Search search(member, condition, shrink_options);
  JAXSMITH_CHECK(search.begin());
  JAXSMITH_CHECK(search.try_packs());
  JAXSMITH_CHECK(search.try_sizes(options, seed, family));
  JAXSMITH_CHECK(search.try_moves());
  return search.take();
}

}  // namespace jaxsmith::plan
