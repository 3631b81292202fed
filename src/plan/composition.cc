#include "plan/composition.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/letters.h"
#include "base/portable_math.h"
#include "plan/idiom.h"
#include "plan/outline.h"
#include "plan/scopes.h"
#include "plan/size.h"
#include "plan/telling.h"
#include "plan/visibility.h"

namespace jaxsmith::plan {
namespace {

using Approve = std::function<bool()>;

const SizeProfile& profile(Builder& b) { return profile_of(b.settings().size); }

Body& root_of(Builder& b) { return b.program().bodies[static_cast<std::size_t>(b.current())]; }

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
    const std::vector<std::string> names = root_of(b).names, summaries = root_of(b).summaries;
    if (op.draw(b, draft) && accept()) return true;
    root_of(b).names = names, root_of(b).summaries = summaries;
    return false;
  };
  return out;
}

// Whether nodes of the open body from this one on use what stood there before, arguments apart.
bool goes_on(Builder& b, std::size_t first_node, ValueId first_value) {
  const Body& body = b.body_of(b.current());
  for (std::size_t n = first_node; n < body.nodes.size(); ++n)
    for (const ValueId id : body.nodes[n].operands) {
      const auto& given = body.parameters;
      if (id < first_value && b[id].literal.empty() &&
          std::find(given.begin(), given.end(), id) == given.end())
        return true;
    }
  return false;
}

// What a function of two idioms is called and does.
void join_idioms(Body& body, const std::vector<std::string>& names,
                 const std::vector<std::string>& summaries) {
  constexpr std::size_t kLongestName = 32;
  if (!names.empty() && !body.names.empty()) {
    const std::string both = names.front() + "_then_" + body.names.front();
    if (both.size() <= kLongestName) body.names.insert(body.names.begin(), both);
  }
  std::vector<std::string> joined;
  for (const std::string& first : summaries)
    for (std::size_t i = summaries.size(); i < body.summaries.size(); ++i)
      joined.push_back(first + " " + body.summaries[i]);
  body.summaries = std::move(joined);
}

// One more idiom; of the category where it is given. Of those of others some more often than
// others, as their categories are.
bool draw_idiom(Builder& b, std::optional<Category> category, const Approve& accept) {
  constexpr double kInTurnShare = 0.3, kKept = 0.9;
  const auto ops = b.catalogue().ops();
  std::vector<double> weights;
  for (const Op& op : ops) {
    const auto& asked = b.settings().idioms;
    const bool wanted =
        !category || asked.empty() || std::find(asked.begin(), asked.end(), op.name) != asked.end();
    // What is asked for may be a call of the library too.
    const bool idiomatic = op.has(category && !asked.empty() ? kWritten : kIdiom);
    const bool drawn = wanted && idiomatic && (!category || op.category == *category);
    const double factor = b.weights().entry(weights.size());
    weights.push_back(
        drawn ? op.weight * factor * (category ? 1 : b.catalogue().profile(op.category).share) : 0);
  }
  if (std::none_of(weights.begin(), weights.end(), [](double w) { return w > 0; })) return false;
  // What is rare by its weight has its turn: some families begin with any, and hardly give it up.
  const Program& program = b.program();
  Random own = Random(program.seed, program.family).fork("idiom of its own");
  if (category && root_of(b).nodes.empty() && own.chance(kInTurnShare) &&
      b.random().chance(kKept)) {
    for (double& w : weights) w = w > 0 ? 1 : 0;
    const Op& op = ops[own.weighted(weights)];
    for (int tries = 0; tries < 8; ++tries)
      if (b.draw_op(where_accepted(op, accept))) return true;
    return false;
  }
  for (int tries = 0; tries < 8; ++tries)
    if (b.draw_op(where_accepted(ops[b.random().weighted(weights)], accept))) return true;
  return false;
}

// The same of one that goes on with what is there, where something is; names and summaries are of
// all then.
bool draw_next_idiom(
    Builder& b, std::optional<Category> category, const Approve& approve = [] { return true; }) {
  Body& body = root_of(b);
  const std::vector<std::string> names = body.names, summaries = body.summaries;
  const std::size_t nodes = body.nodes.size();
  const auto values = static_cast<ValueId>(b.program().values.size());
  const Approve accept = [&] { return (nodes == 0 || goes_on(b, nodes, values)) && approve(); };
  if (!draw_idiom(b, category, accept)) return false;
  if (!names.empty() || !summaries.empty()) join_idioms(body, names, summaries);
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
    constexpr int kMostMisses = 24;
    constexpr std::int64_t kFewestOperations = 160;
    // What the category is about comes first, or last where nothing goes on with it: a loss, a
    // score.
    const bool begun = stage(category, /*last=*/false);
    const bool may_come_last = b_.settings().idioms.empty();
    if (!begun && !(may_come_last && stage(std::nullopt, /*last=*/false))) return false;
    for (int misses = 0; operations_ < wanted_ && misses < kMostMisses;)
      misses = stage(std::nullopt, /*last=*/false) ? 0 : misses + 1;
    if (operations_ < kFewestOperations) return false;
    if (!begun && !stage(category, /*last=*/true)) return false;
    if (begun && b_.random().chance(0.5)) stage(std::nullopt, /*last=*/true);
    name_root();
    keep_stages();
    return return_ends(b_);
  }

 private:
  // After its first stage and its last.
  void name_root() {
    Body& root = root_of(b_);
    root.names = last_.names, root.summaries = last_.summaries;
    if (stages_ == 1) return;
    root.summaries.insert(root.summaries.begin(), first_.summaries.begin(), first_.summaries.end());
    join_idioms(root, first_.names, first_.summaries);
  }

  // What came of stages is given back too, as features beside the loss: a long way through further
  // stages hides it else.
  void keep_stages() {
    constexpr double kKept = 0.5;
    const Body& root = root_of(b_);
    const auto kept = [&](ValueId id) {
      const Value& v = b_[id];
      return v.uses > 0 && v.sure != 0 && !v.weak && !v.reserved && v.literal.empty() &&
             !says_little(b_, id);
    };
    std::vector<ValueId> found;
    for (const Node& node : root.nodes)
      std::ranges::copy_if(node.results, std::back_inserter(found), kept);
    b_.random().shuffle(found);
    const std::size_t most = profile(b_).most_results, given = ends_of(b_).size();
    std::size_t room = most > given ? most - given : 0;
    for (const ValueId id : found) {
      if (room == 0) break;
      if (!b_.random().chance(kKept)) continue;
      b_.reserve(id, true);
      --room;
    }
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
    const Approve approve = [&] { return may_end(b_, ends_of(b_)) && (last || is_open()); };
    if (!draw_next_idiom(b_, category, approve)) return false;
    std::vector<std::string>& summaries = root_of(b_).summaries;
    summaries.resize(std::min(summaries.size(), kMostSummaries));
    return true;
  }

  // A few idioms that go on with what is there, as a function and its calls.
  bool stage(std::optional<Category> category, bool last) {
    Body& root = root_of(b_);
    root.names.clear(), root.summaries.clear();
    // A default is an argument of the function that uses it.
    auto defaults = std::exchange(root.defaults, {});
    const std::size_t nodes = root.nodes.size();
    const auto values = static_cast<ValueId>(b_.program().values.size());
    const std::size_t count = 1 + b_.random().weighted(profile(b_).more_idioms);
    std::size_t drawn = 0;
    while (drawn < count && draw(drawn == 0 ? category : std::nullopt, last)) ++drawn;
    Outline about{std::exchange(root.names, {}), std::exchange(root.summaries, {}),
                  std::exchange(root.defaults, std::move(defaults))};
    if (drawn == 0) return false;
    if (stages_++ == 0) first_ = about;
    last_ = about;
    const BodyId helper = outline(b_.program(), b_.current(), nodes, values, std::move(about));
    const std::int64_t each = operations_of(b_.program(), helper);
    operations_ += each;
    if (!last) repeat(helper, each);
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
                          !v.names.empty() && lies_in(reach, room);
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
    const Node call = root_of(b_).nodes.back();
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
  std::int64_t wanted_ = 0, operations_ = 0;
  int stages_ = 0;
  Outline first_, last_;
};

// An idiom that stands alone is, but for its few choices, like any other program of it: people make
// a function of it and go on with that.
void study(Builder& b) {
  constexpr double kStudied = 0.85, kTwice = 0.4;
  constexpr int kTries = 8;
  if (b.settings().size == SizeClass::kSmall || !b.random().chance(kStudied)) return;
  std::vector<const Op*> studies;
  for (const Op& op : b.catalogue().ops())
    if (op.has(kStudy)) studies.push_back(&op);
  if (studies.empty() || !may_end(b, ends_of(b))) return;
  const Program before = b.program();
  Body& root = root_of(b);
  Outline about{std::exchange(root.names, {}), std::exchange(root.summaries, {}),
                std::exchange(root.defaults, {})};
  outline(b.program(), b.current(), /*first_node=*/0, /*first_value=*/0, std::move(about));
  const Approve accept = [&] { return may_end(b, ends_of(b)); };
  const int wanted = b.random().chance(kTwice) ? 2 : 1;
  int drawn = 0;
  for (int tries = 0; drawn < wanted && tries < kTries; ++tries)
    drawn += b.draw_op(where_accepted(*b.random().pick(studies), accept)) ? 1 : 0;
  if (drawn == 0) b.program() = before;
}

}  // namespace

bool has_idioms(const Catalogue& catalogue, Category category) {
  return std::any_of(catalogue.ops().begin(), catalogue.ops().end(), [&](const Op& op) {
    return op.has(kIdiom) && op.category == category && op.weight > 0;
  });
}

bool return_ends(Builder& b) {
  std::vector<ValueId> ends = make_telling(b, ends_of(b));
  if (!may_end(b, ends)) return false;
  b.random().shuffle(ends);
  b.set_results(ends);
  root_of(b).returns = ends.size() == 1         ? Returns::kSingle
                       : b.random().chance(0.3) ? Returns::kDict
                                                : Returns::kTuple;
  return true;
}

bool fill_with_idioms(Builder& b, Category category) {
  if (!draw_next_idiom(b, category)) return false;
  std::size_t more = b.random().weighted(profile(b).more_idioms);
  const bool alone = more == 0;
  while (more > 0 && draw_next_idiom(b, std::nullopt)) --more;
  if (alone) study(b);
  return return_ends(b);
}

bool go_on_with_idiom(Builder& b, Category category) { return draw_next_idiom(b, category); }

bool compose(Builder& b, Category category) { return Composer(b).run(category); }

}  // namespace jaxsmith::plan
