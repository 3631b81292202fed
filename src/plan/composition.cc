#include "plan/composition.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/letters.h"
#include "base/portable_math.h"
#include "plan/field.h"
#include "plan/idiom.h"
#include "plan/meaning.h"
#include "plan/outline.h"
#include "plan/scopes.h"
#include "plan/setting.h"
#include "plan/size.h"
#include "plan/telling.h"
#include "plan/visibility.h"

namespace jaxsmith::plan {
namespace {

using Approve = std::function<bool()>;
using Among = std::function<bool(const Op&)>;

const SizeProfile& profile(Builder& b) { return profile_of(b.settings().size); }

// What the open body leaves over, and what an idiom keeps (Idiom::keep): that is a result although
// steps go on with it.
std::vector<ValueId> ends_of(Builder& b) {
  std::vector<ValueId> ends = b.unused();
  const auto count = static_cast<ValueId>(b.program().values.size());
  for (ValueId id = 0; id < count; ++id)
    if (b[id].reserved && b[id].uses > 0 && b[id].sure != 0 && !b[id].weak &&
        b[id].body == b.current())
      ends.push_back(id);
  return ends;
}

// Whether these may be the results: every argument shows in them, and none is an argument itself.
bool may_end(Builder& b, const std::vector<ValueId>& ends) {
  const std::vector<ValueId>& parameters = b.body_of(b.current()).parameters;
  if (ends.empty() || ends.size() > profile(b).most_results) return false;
  std::uint32_t sure = 0;
  for (ValueId id : ends) {
    if (std::find(parameters.begin(), parameters.end(), id) != parameters.end()) return false;
    sure |= b[id].sure;
  }
  return std::popcount(sure) == static_cast<int>(parameters.size());
}

// The entry; it fails where `accept` does not take what it has added. Both outlive it.
Op where_accepted(const Op& op, const Approve& accept) {
  Op out = op;
  out.draw = [&op, &accept](Builder& b, Draft& draft) {
    const std::vector<std::string> names = b.open_body().names, summaries = b.open_body().summaries;
    if (op.draw(b, draft) && accept()) return true;
    b.open_body().names = names, b.open_body().summaries = summaries;
    return false;
  };
  return out;
}

Field field_of(const Program& program, const Node& node) {
  return field_of(program.catalogue->named(node.op));
}

// The function of the module that a step calls; none where it calls none.
const Body* called_by(const Program& program, const Node& node) {
  if (!begins_with_call(node)) return nullptr;
  const Body& body = program.bodies[static_cast<std::size_t>(node.bodies.front())];
  return body.placement == Placement::kHelper && !body.nodes.empty() ? &body : nullptr;
}

// The field of the idiom that gives this result of a step.
Field giver_of(const Program& program, const Node& node, std::size_t result) {
  const Body* called = called_by(program, node);
  if (called == nullptr || result >= called->results.size()) return field_of(program, node);
  for (const Node& inner : called->nodes) {
    const auto found = std::ranges::find(inner.results, called->results[result]);
    if (found != inner.results.end())
      return giver_of(program, inner, static_cast<std::size_t>(found - inner.results.begin()));
  }
  return field_of(program, node);
}

// Whether nodes of the open body from this one on use what stood there before, arguments apart, and
// all of that is what people go on with so.
bool goes_on(Builder& b, std::size_t first_node, ValueId first_value) {
  const Body& body = b.body_of(b.current());
  std::map<ValueId, Field> given;
  for (std::size_t n = 0; n < first_node; ++n)
    for (std::size_t i = 0; i < body.nodes[n].results.size(); ++i)
      given[body.nodes[n].results[i]] = giver_of(b.program(), body.nodes[n], i);
  const bool any = chains_freely(b.program());
  // One step of training goes on with another's gradient; what it has stepped already it would step
  // again by another one.
  const auto steps_again = [&](const Node& node, ValueId id, Field giver) {
    static const Meaning kGradient = meaning_of(std::vector<std::string>{"gradient"});
    return giver == Field::kTraining && field_of(b.program(), node) == Field::kTraining &&
           (meaning_of(b.program(), id) & kGradient) == 0;
  };
  bool goes = false;
  for (std::size_t n = first_node; n < body.nodes.size(); ++n)
    for (const ValueId id : body.nodes[n].operands) {
      const auto found = id < first_value ? given.find(id) : given.end();
      if (found == given.end()) continue;
      if (!any && (!may_follow(field_of(b.program(), body.nodes[n]), found->second) ||
                   steps_again(body.nodes[n], id, found->second)))
        return false;
      goes = true;
    }
  return goes;
}

// What a function is about: the field of its first idiom. None where it has none yet.
Field theme_of(const Program& program, const Body& body) {
  for (const Node& node : body.nodes) {
    const Body* called = called_by(program, node);
    const Field field = called != nullptr ? theme_of(program, *called) : field_of(program, node);
    if (field != Field::kNone) return field;
  }
  return Field::kNone;
}

// The idiom that a function ends with; null where it has none.
const Op* last_idiom(const Program& program, const Body& body) {
  for (auto node = body.nodes.rbegin(); node != body.nodes.rend(); ++node) {
    const Body* called = called_by(program, *node);
    const Op* op = called ? last_idiom(program, *called) : &program.catalogue->named(node->op);
    if (op != nullptr && op->has(kIdiom)) return op;
  }
  return nullptr;
}

// In how many functions of the module each entry stands.
std::map<std::string_view, int> functions_with(const Program& program) {
  std::map<std::string_view, int> out;
  for (const Body& body : program.bodies) {
    if (body.placement == Placement::kNested) continue;
    std::set<std::string_view> here;
    for (const Node& node : body.nodes) here.insert(node.op);
    for (const std::string_view op : here) ++out[op];
  }
  return out;
}

// What a function of two idioms does: it is called after the last, whose result it gives, and so
// says its docstring where both sentences are too long for a line.
void join_idioms(Body& body, const std::vector<std::string>& summaries) {
  constexpr std::size_t kLongestSummary = 78;  // of a line of its own
  std::vector<std::string> joined;
  for (const std::string& first : summaries)
    for (std::size_t i = summaries.size(); i < body.summaries.size(); ++i)
      joined.push_back(first + " " + body.summaries[i]);
  const bool fits = std::ranges::any_of(
      joined, [](const std::string& line) { return line.size() <= kLongestSummary; });
  if (!fits)
    joined.insert(joined.end(),
                  body.summaries.begin() + static_cast<std::ptrdiff_t>(summaries.size()),
                  body.summaries.end());
  body.summaries = std::move(joined);
}

// One more idiom; of the category where it is given, and of those that `among` takes. Of those of
// others some more often than others, as their categories are.
bool draw_idiom(Builder& b, std::optional<Category> category, const Among& among,
                const Approve& accept) {
  constexpr double kInTurnShare = 0.3, kNestedShare = 0.25, kKept = 0.9;
  constexpr int kTries = 16, kTriesToGoOn = 8, kTriesOfLarge = 24;
  const auto ops = b.catalogue().ops();
  const auto& asked = b.settings().idioms;
  // What is asked for may be a call of the library too.
  const std::uint32_t wanted = category && !asked.empty() ? kWritten : kIdiom;
  std::vector<std::size_t> candidates;  // cheap questions first: there are many entries
  std::vector<double> weights;
  for (std::size_t n = 0; n < ops.size(); ++n) {
    const Op& op = ops[n];
    if (!op.has(wanted) || (category && op.category != *category)) continue;
    if (op.weight <= 0 || field_of(op) == Field::kWholes || !among(op)) continue;
    if (category && !asked.empty() && std::ranges::find(asked, op.name) == asked.end()) continue;
    const double share = category ? 1 : b.catalogue().profile(op.category).share;
    candidates.push_back(n);
    weights.push_back(op.weight * b.weights().entry(n) * share);
  }
  if (std::ranges::none_of(weights, [](double w) { return w > 0; })) return false;
  // What is rare by its weight has its turn: some families begin with any, and hardly give it up.
  const Program& program = b.program();
  Random own = Random(program.seed, program.family).fork("idiom of its own");
  // A large one begins with what others go on with, which is found by trying several.
  const bool first =
      category && b.open_body().nodes.empty() && b.settings().size != SizeClass::kLarge;
  const bool in_turn = first && own.chance(kInTurnShare);
  // So have loops of loops and of branches.
  const bool nested = first && own.chance(kNestedShare) && b.settings().idioms.empty();
  std::size_t nesting = 0;
  for (std::size_t n = 0; n < candidates.size(); ++n)
    nesting += weights[n] > 0 && ops[candidates[n]].has(kNests);
  const bool may_nest = nested && nesting > 0;
  if ((in_turn || may_nest) && b.random().chance(kKept)) {
    for (std::size_t n = 0; n < weights.size(); ++n)
      weights[n] = weights[n] > 0 && (!may_nest || ops[candidates[n]].has(kNests)) ? 1 : 0;
    const Op& op = ops[candidates[own.weighted(weights)]];
    for (int tries = 0; tries < kTries / 2; ++tries)
      if (b.draw_op(where_accepted(op, accept))) return true;
    return false;
  }
  // What has failed to go on with what is there is likely to fail again.
  constexpr double kAgain = 0.2;
  const bool large = b.settings().size == SizeClass::kLarge, goes_on = !b.open_body().nodes.empty();
  const int most = large ? kTriesOfLarge : goes_on ? kTriesToGoOn : kTries;
  for (int tries = 0; tries < most; ++tries) {
    const std::size_t n = b.random().weighted(weights);
    if (b.draw_op(where_accepted(ops[candidates[n]], accept))) return true;
    weights[n] *= kAgain;
  }
  return false;
}

// Whether the last idiom is not what people end with: a loss, a score.
bool may_go_on(Builder& b) {
  return chains_freely(b.program()) || continues(field_of(b.program(), b.open_body().nodes.back()));
}

// The same of one that goes on with what is there, where something is, so that the two are one
// thing; names and summaries are of all then.
bool draw_next_idiom(
    Builder& b, std::optional<Category> category,
    const Among& among = [](const Op&) { return true; },
    const Approve& approve = [] { return true; }) {
  constexpr std::size_t kFewResults = 2;
  Body& body = b.open_body();
  const Field theme = chains_freely(b.program()) ? Field::kNone : theme_of(b.program(), body);
  const std::size_t ends = ends_of(b).size();
  const std::vector<std::string> summaries = body.summaries;
  const std::size_t nodes = body.nodes.size();
  const auto values = static_cast<ValueId>(b.program().values.size());
  // It takes up what others have left, or little more would be one thing.
  const auto joins = [&] { return ends_of(b).size() <= std::max(ends, kFewResults); };
  const Approve accept = [&] {
    return (nodes == 0 || (goes_on(b, nodes, values) && joins())) && approve();
  };
  const bool large = b.settings().size == SizeClass::kLarge;
  const Op* last = last_idiom(b.program(), body);
  const auto times = functions_with(b.program());
  const auto there = [&](const Op& op) {  // large ones come back to what they have, once
    const bool again = last != nullptr && (last->name == op.name ||
                                           (large && last->has(kKnownNorm) && op.has(kKnownNorm)));
    const auto found = times.find(op.name);
    return again || (found != times.end() && found->second > (large ? 1 : 0));
  };
  const Among related = [&](const Op& op) {
    return may_follow(field_of(op), theme) && among(op) && !there(op);
  };
  if (!draw_idiom(b, category, related, accept)) return false;
  if (nodes > 0) join_idioms(body, summaries);
  return true;
}

// About as many operations as a step is traced to: a call of a library is a few, and so is an
// operator with what it broadcasts and converts.
std::int64_t operations_of(std::string_view spelling) {
  constexpr std::int64_t kOfEach = 2;
  std::int64_t n = 0;
  for (std::size_t i = 1; i + 1 < spelling.size(); ++i) {
    const bool called = spelling[i] == '(' && in_name(spelling[i - 1]);
    const bool operates = spelling[i + 1] == ' ' &&
                          std::string_view("+-*/@<>&|").find(spelling[i]) != std::string_view::npos;
    n += called || operates ? 1 : 0;
  }
  return kOfEach * std::max<std::int64_t>(n, 1);
}

// The same of a function; what a loop repeats counts once, what is called as often as it is called.
std::int64_t operations_of(const Program& program, BodyId body) {
  std::int64_t n = 0;
  for (const Node& node : program.bodies[static_cast<std::size_t>(body)].nodes) {
    if (!begins_with_call(node)) n += operations_of(node.spelling);
    for (const BodyId inner : node.bodies) n += operations_of(program, inner);
  }
  return n;
}

// Whether elements that reach so far may stand where there is so much room. Ranges say where
// elements lie in practice; with zero inside, a little more is the same.
bool lies_in(Interval reach, Interval room) {
  constexpr double kSlack = 1.5;
  const double factor = room.lo < 0 && room.hi > 0 ? kSlack : 1;
  return reach.lo >= factor * room.lo && reach.hi <= factor * room.hi;
}

class Composer {
 public:
  explicit Composer(Builder& b) : b_(b) {
    constexpr double kFewest = 300, kDoublings = 2;  // up to 1200
    wanted_ =
        static_cast<std::int64_t>(kFewest * portable::exp2(b.random().uniform(0, kDoublings)));
  }

  bool run(Category category) {
    constexpr int kMostMisses = 3;
    constexpr std::int64_t kFewestOperations = 160;
    // What the category is about comes first, or last where nothing goes on with it: a loss, a
    // score.
    const bool begun = stage(category, /*last=*/false);
    const bool may_come_last = b_.settings().idioms.empty();
    closes_with_ = category;
    if (!begun && !(may_come_last && stage(std::nullopt, /*last=*/false))) return false;
    for (int misses = 0; operations_ < wanted_ && misses < kMostMisses;)
      misses = stage(std::nullopt, /*last=*/false) ? 0 : misses + 1;
    if (operations_ < kFewestOperations) return false;
    if (!begun && !stage(category, /*last=*/true)) return false;
    if (begun && b_.random().chance(0.5)) stage(std::nullopt, /*last=*/true);
    name_root();
    return return_ends(b_);
  }

 private:
  // After its first stage and its last.
  void name_root() {
    Body& root = b_.open_body();
    root.names = last_.names, root.summaries = last_.summaries;
    if (stages_.size() == 1) return;
    root.summaries.insert(root.summaries.begin(), first_.summaries.begin(), first_.summaries.end());
    join_idioms(root, first_.summaries);
    const Whole& whole = whole_of(theme_of(b_.program(), b_.open_body()));
    if (!whole.says.empty() && !free_) say_whole(whole);
  }

  // That the stages are one thing, and which they are.
  void say_whole(const Whole& whole) {
    constexpr std::size_t kFewStages = 3;
    Body& root = b_.open_body();
    std::vector<std::string> names = whole.names;
    b_.random().shuffle(names);
    root.names.insert(root.names.begin(), names.begin(), names.end());
    std::vector<std::string> stages;
    for (const BodyId stage : stages_) stages.push_back(fmt::format("`$f{}`", stage));
    const std::string last = stages.back();
    if (const std::size_t count = stages.size(); count > kFewStages) {
      root.summaries = {
          fmt::format("{} in {} stages, from {} to {}.", whole.says, count, stages.front(), last)};
      return;
    }
    stages.pop_back();
    root.summaries = {fmt::format("{}: {} and {}.", whole.says, fmt::join(stages, ", "), last)};
  }

  // Whether an idiom may be one of a large program's. A loss or a score ends it. What comes first
  // has others that go on with it; where the category is still to be shown one of it does.
  bool may_stand(const Op& op, bool last) const {
    if (free_) return true;
    if (!last && !continues(field_of(op))) return false;
    if (!b_.open_body().nodes.empty() || !closes_with_) return true;
    return std::ranges::any_of(b_.catalogue().ops(), [&](const Op& closing) {
      return closing.has(kIdiom) && closing.category == *closes_with_ &&
             may_follow(field_of(closing), field_of(op));
    });
  }

  // Whether there is something that an idiom may go on with: an array of reals.
  bool is_open() const {
    const auto ends = b_.unused();
    return std::any_of(ends.begin(), ends.end(), [&](ValueId id) {
      const Value& v = b_[id];
      return v.type.dtype == b_.settings().real && v.type.rank() > 0 && !v.weak && !v.any_scale &&
             std::none_of(v.type.shape.begin(), v.type.shape.end(),
                          [](std::int64_t n) { return n < 2; });
    });
  }

  bool draw(std::optional<Category> category, bool last) {
    constexpr std::size_t kMostSummaries = 4;
    const auto among = [&](const Op& op) { return may_stand(op, last); };
    const Approve approve = [&] { return may_end(b_, ends_of(b_)) && (last || is_open()); };
    if (!draw_next_idiom(b_, category, among, approve)) return false;
    std::vector<std::string>& summaries = b_.open_body().summaries;
    summaries.resize(std::min(summaries.size(), kMostSummaries));
    return true;
  }

  // A few idioms that go on with what is there, as a function and its calls.
  bool stage(std::optional<Category> category, bool last) {
    Body& root = b_.open_body();
    root.names.clear(), root.summaries.clear();
    // A default is an argument of the function that uses it.
    auto defaults = std::exchange(root.defaults, {});
    const std::size_t nodes = root.nodes.size();
    const auto values = static_cast<ValueId>(b_.program().values.size());
    const std::size_t count = 1 + b_.random().weighted(profile(b_).more_idioms);
    std::size_t drawn = 0;
    while (drawn < count && (drawn == 0 || may_go_on(b_)) &&
           draw(drawn == 0 ? category : std::nullopt, last))
      ++drawn;
    Outline about{std::exchange(root.names, {}), std::exchange(root.summaries, {}),
                  std::exchange(root.defaults, std::move(defaults))};
    if (drawn == 0) return false;
    if (stages_.empty()) first_ = about;
    last_ = about;
    const BodyId helper = outline(b_.program(), b_.current(), nodes, values, std::move(about));
    const std::int64_t each = operations_of(b_.program(), helper);
    operations_ += each;
    stages_.push_back(helper);
    // What is normalised already does not change when it is again.
    const Op* ends_with = last_idiom(b_.program(), b_.body_of(helper));
    if (!last && (ends_with == nullptr || !ends_with->has(kKnownNorm))) repeat(helper, each);
    return true;
  }

  // Which parameter each result of the call may stand for when it is called again: all of them one,
  // each another, of the same type, with elements that lie where the parameter's do. Empty where
  // that is not so.
  std::vector<std::size_t> feeds(const Node& call) const {
    std::vector<std::size_t> out;
    for (const ValueId result : call.results) {
      const Value& v = b_[result];
      const Interval reach = practical(v.stats);
      std::size_t j = 0;
      for (; j < call.operands.size(); ++j) {
        const Value& p = b_[call.operands[j]];
        const Interval room = practical(p.stats);
        const bool fits = v.type == p.type && p.facts == 0 && !v.any_scale && !p.weak &&
                          !v.names.empty() && lies_in(reach, room) &&
                          (free_ || agrees(meaning_of(v.names), meaning_of(p.names)));
        if (fits && std::find(out.begin(), out.end(), j) == out.end()) break;
      }
      if (j == call.operands.size()) return {};
      out.push_back(j);
    }
    return out;
  }

  Idiom::Part part_of(ValueId id) const {
    return {b_[id].names, b_[id].type, practical(b_[id].stats)};
  }

  // How often it may be called again until what it began with is lost: by a small step, each time
  // the same part of it is left.
  std::int64_t times_shown(BodyId helper, const std::vector<std::size_t>& feeds) const {
    constexpr double kMargin = 10;
    const Body& body = b_.body_of(helper);
    double each = 1;
    for (std::size_t i = 0; i < feeds.size(); ++i)
      each = std::min(
          each, shown_share(b_.program(), helper, body.results[i], body.parameters[feeds[i]]));
    const double least = kMargin * least_visible(b_.settings().real);
    std::int64_t times = 0;
    for (double left = each * each; left >= least && times < kMostTimes; left *= each) ++times;
    return times;
  }

  // Calls the function again on what it gave.
  void repeat(BodyId helper, std::int64_t each) {
    const Node call = b_.open_body().nodes.back();
    const std::vector<std::size_t> feeds = this->feeds(call);
    if (feeds.empty()) return;
    const auto times =
        std::min(static_cast<std::int64_t>(1 + b_.random().below(std::uint64_t{kMostTimes})),
                 times_shown(helper, feeds));
    const bool loops = feeds.size() == 1 && b_.random().chance(0.3);
    if (times < 1) return;
    const Op& named = b_.catalogue().named(call.op);
    const auto operands_with = [&](const Idiom::Ids& fed) {
      Idiom::Ids operands = call.operands;
      for (std::size_t i = 0; i < feeds.size(); ++i) operands[feeds[i]] = fed[i];
      return operands;
    };
    const auto in_a_loop = [&](Idiom& i) {
      const Idiom::Part carried = part_of(call.results[0]);
      i.fori(
          0, times + 1, {"again", "repeat", "step"},
          {{part_of(call.operands[feeds[0]]).names, call.results[0], carried.range, carried.names}},
          [&](const Idiom::Ids& p) {
            return Idiom::Ids{
                i.call(carried.names, helper, operands_with({p[1]}), carried.type, carried.range)};
          });
    };
    const auto in_a_row = [&](Idiom& i) {
      Idiom::Ids last = call.results;
      for (std::int64_t n = 0; n < times; ++n) {
        std::vector<Idiom::Part> parts;
        for (const ValueId id : call.results) parts.push_back(part_of(id));
        last = i.unpack(call.spelling, operands_with(last), {helper}, std::move(parts));
      }
    };
    const Op again = written(call.op, named.category, named.weight, named.derivative,
                             [&](Idiom& i) { loops ? in_a_loop(i) : in_a_row(i); });
    const Approve accept = [&] { return may_end(b_, ends_of(b_)); };
    if (b_.draw_op(where_accepted(again, accept))) operations_ += loops ? each : times * each;
  }

  static constexpr std::int64_t kMostTimes = 6;

  Builder& b_;
  const bool free_ = chains_freely(b_.program());
  std::int64_t wanted_ = 0, operations_ = 0;
  std::vector<BodyId> stages_;
  std::optional<Category> closes_with_;  // of the last stage, where none of it comes first
  Outline first_, last_;
};

// The call that a study began with, where it has set all of its results aside.
void drop_unneeded_call(Builder& b) {
  std::vector<Node>& nodes = b.open_body().nodes;
  const Node& call = nodes.front();
  const auto aside = [&](ValueId id) { return id == kNoValue || (b[id].reserved && !b[id].uses); };
  if (!std::ranges::all_of(call.results, aside)) return;
  for (const ValueId id : call.operands) --b.program().values[static_cast<std::size_t>(id)].uses;
  nodes.erase(nodes.begin());
}

// Of large programs people have as many of 200 operations as of 2000; plans of stages by themselves
// would give few of these. Of a few drawn the nearest to a size of chance.
class NearestSize {
 public:
  explicit NearestSize(Random& random)
      : wanted_(portable::log2(kFewest) + random.uniform(0, kDoublings)) {}

  void take(const Program& program, BodyId root) {
    const auto operations = static_cast<double>(operations_of(program, root));
    const double away = std::abs(portable::log2(operations) - wanted_);
    if (nearest_ && away >= away_) return;
    nearest_ = program, away_ = away;
  }
  bool is_near() const { return nearest_ && away_ < kNear; }
  std::optional<Program>& nearest() { return nearest_; }

 private:
  static constexpr double kFewest = 220, kDoublings = 4, kNear = 0.25;
  double wanted_;
  std::optional<Program> nearest_;
  double away_ = 0;
};

// A program by a theme's own plan of stages (Field::kWholes): nothing before it, nothing after.
bool draw_whole(Builder& b, Category category) {
  constexpr int kTries = 24, kComplete = 12;
  const auto ops = b.catalogue().ops();
  const auto& asked = b.settings().idioms;
  std::vector<double> weights;
  for (const Op& op : ops) {
    const bool wanted = asked.empty() || std::ranges::find(asked, op.name) != asked.end();
    const bool whole = field_of(op) == Field::kWholes && op.category == category && wanted;
    weights.push_back(whole ? op.weight * b.weights().entry(weights.size()) : 0);
  }
  if (std::ranges::none_of(weights, [](double w) { return w > 0; })) return false;
  const Approve accept = [&] { return may_end(b, ends_of(b)); };
  const Program before = b.program();
  NearestSize sizes(b.random());
  int complete = 0;
  for (int tries = 0; tries < kTries && complete < kComplete && !sizes.is_near(); ++tries) {
    if (b.draw_op(where_accepted(ops[b.random().weighted(weights)], accept)) && return_ends(b)) {
      sizes.take(b.program(), b.current());
      ++complete;
    }
    b.program() = before;
  }
  if (!sizes.nearest()) return false;
  b.program() = std::move(*sizes.nearest());
  return true;
}

// Makes a function of all of the open root and goes on with that, by one of these studies; as it
// was where none of them applies.
bool draw_study(Builder& b, const std::vector<const Op*>& studies) {
  constexpr int kTries = 8;
  if (studies.empty() || !may_end(b, ends_of(b))) return false;
  const Program before = b.program();
  Body& root = b.open_body();
  Outline about{std::exchange(root.names, {}), std::exchange(root.summaries, {}),
                std::exchange(root.defaults, {})};
  outline(b.program(), b.current(), /*first_node=*/0, /*first_value=*/0, std::move(about));
  const Approve accept = [&] { return may_end(b, ends_of(b)); };
  for (int tries = 0; tries < kTries; ++tries)
    if (b.draw_op(where_accepted(*b.random().pick(studies), accept))) {
      drop_unneeded_call(b);
      return true;
    }
  b.program() = before;
  return false;
}

// An idiom that stands alone is, but for its few choices, like any other program of it: people make
// a function of it and go on with that.
bool study(Builder& b) {
  constexpr double kStudied = 0.65;
  if (b.settings().size == SizeClass::kSmall || !b.random().chance(kStudied)) return false;
  std::vector<const Op*> studies;
  for (const Op& op : b.catalogue().ops())
    if (op.has(kStudy)) studies.push_back(&op);
  return draw_study(b, studies);
}

}  // namespace

bool chains_freely(const Program& program) {
  constexpr double kFree = 0.03;
  return Random(program.seed, program.family).fork("chains freely").chance(kFree);
}

bool has_idioms(const Catalogue& catalogue, Category category) {
  return std::any_of(catalogue.ops().begin(), catalogue.ops().end(), [&](const Op& op) {
    return op.has(kIdiom) && op.category == category && op.weight > 0;
  });
}

bool return_ends(Builder& b) {
  std::vector<ValueId> ends = make_telling(b, ends_of(b));
  if (!may_end(b, ends)) return false;
  std::ranges::sort(ends);  // as its steps give them
  b.set_results(ends);
  constexpr std::size_t kMostInTuple = 4;
  // Of two people remember which is which.
  const bool named = b.random().chance(ends.size() < 3 ? 0.3 : 0.6) || ends.size() > kMostInTuple;
  b.open_body().returns = ends.size() == 1 ? Returns::kSingle
                          : named          ? Returns::kDict
                                           : Returns::kTuple;
  return true;
}

bool fill_with_idioms(Builder& b, Category category) {
  if (!draw_next_idiom(b, category)) return false;
  const std::size_t more = b.random().weighted(profile(b).more_idioms);
  std::size_t drawn = 0;
  while (drawn < more && may_go_on(b) && draw_next_idiom(b, std::nullopt)) ++drawn;
  // What is short says little by itself.
  constexpr double kPurpose = 0.4, kPurposeOfShort = 0.85;
  constexpr std::size_t kShort = 5;
  const bool studied = drawn == 0 && study(b);
  const double purpose = b.open_body().nodes.size() < kShort ? kPurposeOfShort : kPurpose;
  if (!studied && b.settings().idioms.empty() && may_go_on(b) && b.random().chance(purpose))
    go_on_with_purpose(b);
  return return_ends(b);
}

bool go_on_with_function(Builder& b, const std::vector<const Op*>& uses) {
  return draw_study(b, uses);
}

bool go_on_with_idiom(Builder& b, Category category) { return draw_next_idiom(b, category); }

bool compose(Builder& b, Category category) {
  constexpr double kPlanned = 0.95;  // the others chain idioms of a field
  const auto& asked = b.settings().idioms;
  const bool planned = std::ranges::any_of(b.catalogue().ops(), [&](const Op& op) {
    return field_of(op) == Field::kWholes && op.category == category &&
           (asked.empty() || std::ranges::find(asked, op.name) != asked.end());
  });
  return planned && b.random().chance(kPlanned) ? draw_whole(b, category)
                                                : Composer(b).run(category);
}

}  // namespace jaxsmith::plan
