#include "plan/preparation.h"

#include <algorithm>
#include <string_view>

#include "base/word_list.h"
#include "plan/argument_roles.h"
#include "plan/builder.h"
#include "plan/catalogue.h"
#include "plan/idiom.h"

namespace jaxsmith::plan {
namespace {

constexpr std::string_view kPrepares = "prepares";

// Few programs take all that they are given as it is; the smaller one is, the less goes before it.
struct Habit {
  double share;  // of the arguments
  std::size_t most;
};
Habit habit_of(Builder& b) {
  constexpr double kPlain = 0.08;
  const Program& program = b.program();
  Random random = Random(program.seed, program.family).fork("preparations");
  // Who asks for an idiom wants to see it as it is.
  if (random.chance(kPlain) || !b.settings().idioms.empty()) return {0, 0};
  switch (b.settings().size) {
    case SizeClass::kSmall:
      return {0.4, 1};
    case SizeClass::kLarge:  // says enough, and one parameter is as all of its kind are
      return {0, 0};
    default:
      return {random.pick(std::vector<double>{0.35, 0.5, 0.65}), 2};
  }
}

std::size_t prepared_so_far(Builder& b) {
  std::size_t count = 0;
  for (const Node& node : b.body_of(b.current()).nodes)
    if (const Op* op = b.catalogue().find(node.op); op != nullptr) count += is_preparation(*op);
  return count;
}

// What an optimiser remembers, gradients and what steers a method are handed over as they are, and
// so is what already says how it came about.
double share_for(const Wanted& wanted) {
  constexpr double kLearnt = 0.3, kNumber = 0.85, kSetting = 0.3;
  constexpr std::string_view kApart =
      "seed key keys rng step steps timesteps t salt nonce i iteration iterations index epoch "
      "prompt end lo hi row column";
  constexpr std::string_view kSaysHow =
      "raw flat log packed stacked all previous new old initial observed first second next noisy "
      "fine coarse root inverse squared base default masked sorted padded left right low high "
      "lower upper min max true other next last pre sqrt unit";
  const std::string& name = wanted.names.front();
  const auto apart = [&](const std::string& each) { return is_word_of(kApart, each); };
  if (std::ranges::any_of(wanted.names, apart)) return 0;
  const std::vector<std::string> parts = words_of_name(name);
  if (parts.size() > 1 && is_word_of(kSaysHow, parts.front())) return 0;
  Value value;
  value.type = wanted.type, value.names = {name};
  switch (role_of_argument(value)) {
    case ArgumentRole::kMoment:
    case ArgumentRole::kAlone:
    case ArgumentRole::kOfAnother:
      return 0;
    case ArgumentRole::kSetting:
      return kSetting;
    case ArgumentRole::kLearnt:
      return kLearnt;
    case ArgumentRole::kNumber:
      return kNumber;
    default:
      return 1;
  }
}

}  // namespace

std::string Wanted::stem() const {
  constexpr std::size_t kLongest = 14;
  const std::string& name = names.front();
  if (name == "n" || name == "k") return "count";
  const std::vector<std::string> parts = words_of_name(name);
  return name.size() <= kLongest || parts.empty() ? name : parts.back();
}

Op preparation_entry(std::string name, Category category) {
  Op op = written(std::move(name), category, 1, Derivative::kSmooth, [](Idiom&) { Idiom::fail(); });
  op.traits |= kSetting;
  op.hints = {std::string(kPrepares)};
  return op;
}

bool is_preparation(const Op& op) {
  return op.has(kSetting) && !op.hints.empty() && op.hints.front() == kPrepares;
}

std::optional<ValueId> prepared(Builder& b, const Wanted& wanted) {
  constexpr int kTries = 3;
  const std::vector<Preparation>& all = b.catalogue().vocabulary().preparations;
  const Habit habit = habit_of(b);
  double share = all.empty() || habit.share == 0 ? 0 : habit.share * share_for(wanted);
  const std::size_t so_far = share > 0 ? prepared_so_far(b) : 0;
  // Where all is as it was given so far, the next one is the likelier.
  constexpr double kForEach = 0.15, kMost = 0.95;
  if (share > 0 && so_far == 0)
    share += kForEach * static_cast<double>(b.body_of(b.current()).parameters.size());
  if (share == 0 || !b.random().chance(std::min(share, kMost)) || so_far >= habit.most)
    return std::nullopt;
  std::vector<double> weights;
  for (const Preparation& each : all) {
    const bool known = b.catalogue().find(each.entry) != nullptr;  // another may share the words
    weights.push_back(known && each.fits(wanted) ? each.weight : 0);
  }
  // With its own numbers: what another type or size lets in or keeps out moves nothing that
  // follows.
  struct Apart {
    Builder& b;
    Random outer;
    explicit Apart(Builder& builder) : b(builder), outer(builder.random()) {
      b.random() = outer.fork("prepared " + std::to_string(outer.next()));
    }
    ~Apart() { b.random() = outer; }
  } const apart(b);
  for (int tries = 0; tries < kTries; ++tries) {
    if (std::ranges::none_of(weights, [](double w) { return w > 0; })) return std::nullopt;
    const std::size_t drawn = b.random().weighted(weights);
    const Program before = b.program();
    Idiom idiom(b, b.catalogue().named(all[drawn].entry));
    try {
      const ValueId made = all[drawn].write(idiom, wanted);
      // What it is made of is called after it.
      std::vector<std::string>& names = b.program().values[static_cast<std::size_t>(made)].names;
      if (const auto own = std::ranges::find(names, wanted.names.front()); own != names.end())
        std::swap(names.front(), *own);
      return made;
    } catch (const Idiom::Failure&) {
      b.program() = before;
      weights[drawn] = 0;
    }
  }
  return std::nullopt;
}

}  // namespace jaxsmith::plan
