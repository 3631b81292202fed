#include "plan/setting.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <optional>
#include <string_view>

#include "plan/argument_roles.h"
#include "plan/composition.h"
#include "plan/telling.h"
#include "plan/turns.h"

namespace jaxsmith::plan {
namespace {

// Squares and sums of few elements of this size stay in range, and keep their digits.
double most_reach(DType dtype) { return dtype == DType::kF16 ? 30 : 1e4; }

// A word that says what was done rather than what came of it.
bool says_what_was_done(std::string_view word) {
  const std::size_t last = word.rfind('_');
  const std::string_view end = last == std::string_view::npos ? word : word.substr(last + 1);
  static const std::array<std::string_view, 27> kAdjectives = {
      "larger", "smaller", "upper",   "lower",   "remaining", "chosen", "first",
      "second", "best",    "largest", "highest", "lowest",    "kept",   "nearest",
      "whole",  "running", "other",   "present", "limit",     "noisy",  "below",
      "above",  "front",   "back",    "soft",    "hidden",    "coarse"};
  return end.ends_with("ed") || end.size() < 3 ||
         std::ranges::find(kAdjectives, end) != kAdjectives.end();
}

bool is_parameter(const Builder& b, ValueId id) {
  const auto& given = b.body_of(b.current()).parameters;
  return std::ranges::find(given, id) != given.end();
}

// What stands for a longer word.
std::string spelled_out(const std::string& word) {
  static const std::array<std::pair<std::string_view, std::string_view>, 9> kShort = {
      {{"pdf", "density"},
       {"cdf", "cumulative probabilities"},
       {"jac", "Jacobian"},
       {"hess", "Hessian"},
       {"probs", "probabilities"},
       {"log_probs", "log probabilities"},
       {"grads", "gradients"},
       {"prob", "probability"},
       {"signal_back", "restored signal"}}};
  const auto found = std::ranges::find_if(kShort, [&](const auto& p) { return p.first == word; });
  return found == kShort.end() ? as_words(word) : std::string(found->second);
}

Featured featured(const Builder& b, ValueId id) {
  const Value& v = b[id];
  Featured out;
  out.id = id, out.type = v.type, out.range = practical(v.stats);
  out.reach = std::max(std::abs(out.range.lo), std::abs(out.range.hi));
  const std::string word = word_of(v);
  const bool digits = word.find_first_of("0123456789") != std::string::npos;
  if (v.type.dtype == DType::kBool)
    out.noun = "the flags";
  else if (word.size() < 3 || digits || word.starts_with("by_"))
    out.noun = "the values";
  else if (says_what_was_done(word))
    out.noun = "the " + as_words(word) + " values";
  else
    out.noun = "the " + spelled_out(word), out.stem = word;
  return out;
}

// So many elements show what they are made of, though each alone might not.
void show_operands(Builder& b) {
  constexpr std::size_t kEnough = 6, kEnoughWritten = 8, kEnoughReal = 3;
  constexpr double kWide = 1;
  for (const Node& node : b.open_body().nodes) {
    const bool written = b.catalogue().named(node.op).has(kWritten);
    for (const ValueId id : node.results) {
      if (id == kNoValue) continue;
      Value& v = b.program().values[static_cast<std::size_t>(id)];
      const bool varied = tensor::is_inexact(v.type.dtype) && spread(v.stats) > kWide;
      const std::size_t enough = varied ? kEnoughReal : written ? kEnoughWritten : kEnough;
      if (static_cast<std::size_t>(tensor::element_count(v.type.shape)) >= enough)
        v.sure = v.arguments;
    }
  }
}

// Of a role's hints: the entries that it serves, and its words.
constexpr std::string_view kWord = "of ";

bool has_hint(const Op& op, const std::string& hint) {
  return std::ranges::find(op.hints, hint) != op.hints.end();
}

// The first hint of a use of a function, of words of results, and of a setting for values of some
// words, which follow.
constexpr std::string_view kUse = "use", kSays = "says", kGeneral = "general";
// In place of words: whatever fits.
constexpr std::string_view kAnything = "any";

bool is_kind(const Op& op, std::string_view kind) {
  return op.has(kSetting) && !op.hints.empty() && op.hints.front() == kind;
}
bool is_setting(const Op& op) {
  return op.has(kSetting) && (op.hints.empty() || is_kind(op, kGeneral));
}

std::vector<const Op*> roles_of(const Builder& b, const Op& entry) {
  std::vector<const Op*> out;
  for (const Op& op : b.catalogue().ops())
    if (is_role(op) && has_hint(op, entry.name)) out.push_back(&op);
  return out;
}

// The entry, on all that is there: what nothing uses yet must be its operands.
Op using_all(const Op& op, Builder& b) {
  const auto count = static_cast<ValueId>(b.program().values.size());
  Op out = op;
  out.draw = [&op, count](Builder& inner, Draft& draft) {
    if (!op.draw(inner, draft)) return false;
    for (ValueId id = 0; id < count; ++id) {
      const Value& v = inner[id];
      if (v.uses == 0 && v.literal.empty() && !v.weak &&
          std::ranges::find(draft.operands, id) == draft.operands.end())
        return false;
    }
    return true;
  };
  return out;
}

// Whether the entry has what its role gives in the order in which that names it.
bool in_order(const Op& entry, const Draft& draft, const Builder& b) {
  if (!entry.has(kInOrder | kInReverse)) return true;
  const auto& nodes = b.body_of(b.current()).nodes;
  const std::vector<ValueId>& given =
      draft.placed && !nodes.empty() ? nodes.back().operands : draft.operands;
  if (given.size() != 2 || given[1] == kNoValue || !b[given[1]].literal.empty()) return true;
  return (given[0] < given[1]) == entry.has(kInOrder);
}

// The entry on operands of its role; false where it has none, or none that it takes.
bool draw_in_role(Builder& b, const Op& entry) {
  constexpr int kTries = 16;
  const std::vector<const Op*> roles = roles_of(b, entry);
  for (int tries = 0; !roles.empty() && tries < kTries; ++tries) {
    const Op* role = b.random().pick(roles);
    Op both = entry;
    both.draw = [&](Builder& inner, Draft& draft) {
      Draft of_role;
      return role->draw(inner, of_role) && using_all(entry, inner).draw(inner, draft) &&
             in_order(entry, draft, inner);
    };
    if (b.draw_op(both, /*any_spelling=*/true)) return true;
  }
  return false;
}

// Whether one entry undoes what the other does.
bool undoes(const Vocabulary& words, std::string_view one, std::string_view other) {
  const auto is = [](std::string_view entry, std::string_view function) {
    return entry == function || entry.ends_with("." + std::string(function));
  };
  return std::ranges::any_of(words.inverses, [&](const auto& pair) {
    return (is(one, pair.first) && is(other, pair.second)) ||
           (is(one, pair.second) && is(other, pair.first));
  });
}

// Another entry goes on with what there is, where that is what the entry is about: another kind of
// thing than what is there, or it would be one layer of it upon the other.
void go_on(Builder& b, const Op& featured) {
  constexpr int kTries = 8;
  const auto given = computed_ends(b);
  if (given.size() != 1) return;
  std::vector<std::string> names = b[given[0]].names;
  names.push_back(b[given[0]].hint);
  std::vector<const Op*> entries;
  for (const Op& role : b.catalogue().ops()) {
    const bool related = std::ranges::any_of(
        names, [&](const std::string& name) { return has_hint(role, std::string(kWord) + name); });
    if (!related || has_hint(role, featured.name)) continue;
    for (const std::string& entry : role.hints)
      if (const Op* op = b.catalogue().find(entry);
          op != nullptr && op->weight > 0 &&
          !undoes(b.catalogue().vocabulary(), entry, featured.name))
        entries.push_back(op);
  }
  for (int tries = 0; !entries.empty() && tries < kTries; ++tries) {
    const Turn turn = b.catalogue().turns().among(entries, b.random());
    const Op calls = calling(*turn.op, turn.function, b.catalogue().vocabulary());
    Op alone = using_all(calls, b);
    // Beside another operand it would be about that too.
    alone.draw = [both = alone.draw](Builder& inner, Draft& draft) {
      return both(inner, draft) &&
             (draft.placed || std::ranges::count_if(draft.operands, [&](ValueId id) {
                                return inner[id].literal.empty();
                              }) == 1);
    };
    if (b.draw_op(alone, /*any_spelling=*/true)) return;
  }
}

// Whether what is left over is called by one of the words of the setting.
bool is_for(const Builder& b, const Op& setting, const std::vector<ValueId>& ends) {
  if (has_hint(setting, std::string(kAnything))) return true;
  return std::ranges::any_of(ends, [&](ValueId id) { return goes_by(b[id], setting.hints); });
}

// Of those that fit the likelier ones first: what is for a kind of value alone has more weight.
bool draw_setting(Builder& b, std::optional<Category> category) {
  constexpr int kTries = 40;
  const auto ops = b.catalogue().ops();
  const std::vector<ValueId> ends = computed_ends(b);
  std::vector<double> weights;
  for (const Op& op : ops) {
    const bool wanted =
        is_setting(op) && (!category || op.category == *category) && is_for(b, op, ends);
    // Loops and branches take their turn where a category asks for them.
    const bool nests = b.catalogue().profile(op.category).has_bodies && !category;
    weights.push_back(wanted ? op.weight * (nests ? 0.3 : 1) * b.weights().entry(weights.size())
                             : 0);
  }
  // What it says is said of the whole.
  const std::vector<std::string> names = b.open_body().names, summaries = b.open_body().summaries;
  b.open_body().names.clear(), b.open_body().summaries.clear();
  const bool any = std::ranges::any_of(weights, [](double w) { return w > 0; });
  for (int tries = 0; any && tries < kTries; ++tries) {
    const std::size_t drawn = b.random().weighted(weights);
    if (b.draw_op(ops[drawn])) return true;
    weights[drawn] *= tries < kTries / 2 ? 0.7 : 0.2;
  }
  b.open_body().names = names, b.open_body().summaries = summaries;
  return false;
}

// A letter is no name where there is another word for the argument's role.
void name_arguments(Builder& b) {
  const std::vector<ValueId> given = b.open_body().parameters;
  for (const ValueId id : given) {
    Value& v = b.program().values[static_cast<std::size_t>(id)];
    const auto word = std::ranges::find_if(v.names, [](const std::string& name) {
      return name.size() > 1 && name != "left" && name != "right" && name != "other";
    });
    if (word != v.names.end()) std::rotate(v.names.begin(), word, v.names.end());
    const bool alone = v.names.size() == 1 && v.names[0] == "x";
    if (alone && v.type.rank() < 3 && tensor::is_inexact(v.type.dtype))
      v.names = v.type.rank() == 0   ? Idiom::Words{"level", "x"}
                : v.type.rank() == 1 ? Idiom::Words{"values", "samples", "x"}
                                     : Idiom::Words{"readings", "features", "x"};
  }
}

// Where no setting has named the function it is called after what it gives.
void name_after_results(Builder& b) {
  constexpr std::size_t kLongest = 30, kMost = 2;
  Body& root = b.open_body();
  if (!root.names.empty()) return;
  std::string name;
  std::size_t count = 0;
  for (const ValueId id : computed_ends(b)) {
    const std::string stem = featured(b, id).stem;
    if (stem.empty() || ++count > kMost) return;
    name += (name.empty() ? "" : "_and_") + stem;
  }
  if (!name.empty() && name.size() <= kLongest) root.names = {name};
}

// What the root gives is said by what its steps are, where no setting has. How long the sentence
// is: what else is said of it later is no matter of its name.
std::optional<std::size_t> say_what_it_gives(Builder& b) {
  Body& root = b.open_body();
  if (!root.summaries.empty() || (root.results.empty() && computed_ends(b).empty()))
    return std::nullopt;
  for (const Op& op : b.catalogue().ops()) {
    Draft none;
    if (is_kind(op, kSays) && op.draw(b, none)) return root.summaries.front().size();
  }
  return std::nullopt;
}

// What was said of the values, and that their mean or total is taken, in one sentence; the function
// is called so too. False where something else was said.
bool retell(Body& root, std::size_t before) {
  struct Way {
    std::string_view begins, says, name;
  };
  static constexpr std::array kWays = {Way{" Average ", "Mean", "mean_"},
                                       Way{" Add up ", "Total", "total_"}};
  constexpr std::size_t kLongest = 30;
  std::string& said = root.summaries.front();
  const std::string added = said.substr(before);
  for (const Way& way : kWays) {
    if (!added.starts_with(way.begins) || added.find(". ") != std::string::npos) continue;
    const std::size_t along = added.find(" along axis ");
    std::string values = said.substr(0, before - 1);
    // "`x` with a border": what is done to an array is no noun.
    if (values[0] == '`') root.names.clear();
    if (values[0] != '`' && !std::isdigit(static_cast<unsigned char>(values[0]))) {
      const bool formula = values.size() > 1 && std::isupper(static_cast<unsigned char>(values[1]));
      if (!formula)
        values[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(values[0])));
      values = "the " + values;
    }
    said = std::string(way.says) +
           (along == std::string::npos ? "" : added.substr(along, added.size() - 1 - along)) +
           " of " + values + ".";
    std::erase_if(root.names, [](const std::string& name) { return begins_with_verb(name); });
    for (std::string& name : root.names) name = std::string(way.name) + name;
    std::erase_if(root.names, [](const std::string& name) { return name.size() > kLongest; });
    return true;
  }
  return false;
}

// A function is not called as a value within it is, but by another name, or after what it gives.
void name_apart(Builder& b) {
  Body& root = b.open_body();
  Idiom::Words apart = root.names;
  for (const Node& node : root.nodes)
    for (const ValueId id : node.results)
      if (id != kNoValue && !b[id].names.empty()) std::erase(apart, b[id].names.front());
  root.names = std::move(apart);
}

// Something of the category goes on with what is there. Derivatives, maps, loops and branches are
// mostly of functions: one is made of it.
bool show_category(Builder& b, Category category, bool beside) {
  constexpr int kTries = 5;
  constexpr double kUsed = 0.85, kLooped = 0.4, kPurpose = 0.85, kInsists = 0.85;
  // Loops have purposes of their own, more than to go over the rows of a batch.
  const double used = b.catalogue().profile(category).keeps_loops ? kLooped : kUsed;
  if (b.catalogue().profile(category).has_bodies && b.random().chance(used)) {
    std::vector<const Op*> uses;
    for (const Op& op : b.catalogue().ops())
      if (is_kind(op, kUse) && op.category == category) uses.push_back(&op);
    const Program before = b.program();
    for (int tries = 0; tries < kTries; ++tries) {
      if (b.random().chance(kPurpose)) draw_setting(b, std::nullopt);
      name_after_results(b);
      if (go_on_with_function(b, uses)) return true;
      b.program() = before;
    }
    if (!beside && b.random().chance(kInsists)) return false;
  }
  return draw_setting(b, category) || (beside && go_on_with_idiom(b, category));
}

}  // namespace

std::vector<ValueId> computed_ends(const Builder& b) {
  std::vector<ValueId> ends = b.unused();
  std::erase_if(ends, [&](ValueId id) { return is_parameter(b, id) || b[id].weak; });
  return ends;
}

std::optional<std::string> noun_of(const Builder& b, ValueId id) {
  const Featured f = featured(b, id);
  return f.stem.empty() ? std::nullopt : std::optional(f.noun);
}

void Featured::called(Idiom& i, const std::string& what, Idiom::Words otherwise) const {
  constexpr std::size_t kLongest = 28;
  const std::string own = stem + "_" + what;
  if (!stem.empty() && own.size() <= kLongest && !stem.ends_with(what))
    otherwise.insert(otherwise.begin(), own);
  i.called(std::move(otherwise));
}

Accept reals(int min_rank, int max_rank) {
  return [=](const Value& v) {
    const Interval reach = practical(v.stats);
    const double most = most_reach(v.type.dtype);
    return kind_of(v.type.dtype) == kReal && v.type.rank() >= min_rank &&
           v.type.rank() <= max_rank && std::max(-reach.lo, reach.hi) <= most &&
           spread(v.stats) > 0.02 &&
           std::ranges::none_of(v.type.shape, [](std::int64_t n) { return n < 2; });
  };
}

Op setting(std::string name, Category category, double weight, Derivative derivative, Accept fits,
           std::function<void(Idiom&, const Featured&)> write) {
  Op op = written(std::move(name), category, weight, derivative,
                  [fits = std::move(fits), write = std::move(write)](Idiom& i) {
                    Builder& b = i.builder();
                    const ValueId id = i.left_over([&](const Value& v) {
                      return v.sure != 0 && !v.weak && !v.any_scale && fits(v);
                    });
                    write(i, featured(b, id));
                  });
  op.traits |= kSetting;
  return op;
}

Op role(std::string name, Category category, std::vector<std::string> entries,
        std::vector<std::string> words, std::function<void(Idiom&)> write) {
  Op op = written(std::move(name), category, 1, Derivative::kSmooth, {});
  // It may be arguments alone, which no step is.
  op.draw = [write = std::move(write), name = op.name](Builder& b, Draft& draft) {
    const Op* self = b.catalogue().find(name);
    if (self == nullptr) return false;
    Idiom idiom(b, *self);
    try {
      write(idiom);
    } catch (const Idiom::Failure&) {
      return false;
    }
    draft.placed = true;
    return true;
  };
  op.traits |= kSetting;
  op.hints = std::move(entries);
  for (const std::string& word : words) op.hints.push_back(std::string(kWord) + word);
  return op;
}

Op for_values_called(std::vector<std::string> words, Op setting) {
  setting.hints = std::move(words);
  setting.hints.insert(setting.hints.begin(), std::string(kGeneral));
  return setting;
}

Op words_of_results(
    std::string name, Category category,
    std::function<std::optional<Said>(const Builder&, const std::vector<ValueId>&)> say) {
  Op op = written(std::move(name), category, 1, Derivative::kSmooth, {});
  op.draw = [say = std::move(say)](Builder& b, Draft&) {
    constexpr std::size_t kLongest = 30;
    // Of a root that is complete it is said of what it gives.
    const std::vector<ValueId>& results = b.open_body().results;
    std::optional<Said> said = say(b, results.empty() ? computed_ends(b) : results);
    if (!said) return false;
    std::erase_if(said->names, [](const std::string& name) { return name.size() > kLongest; });
    b.open_body().summaries = {said->sentence};
    if (!said->names.empty()) b.open_body().names = said->names;
    return true;
  };
  op.traits |= kSetting;
  op.hints = {std::string(kSays)};
  return op;
}

Op use_of_function(std::string name, Category category, std::function<bool(Idiom&)> use) {
  Op op = written(std::move(name), category, 1, Derivative::kSmooth, {});
  op.draw = [use = std::move(use), name = op.name](Builder& b, Draft& draft) {
    const Op* self = b.catalogue().find(name);
    if (self == nullptr) return false;
    Idiom idiom(b, *self);
    try {
      draft.placed = use(idiom);
    } catch (const Idiom::Failure&) {
      return false;
    }
    if (draft.placed) b.open_body().nodes.back().op = name;
    return draft.placed;
  };
  op.traits |= kSetting;
  op.hints = {std::string(kUse)};
  return op;
}

bool goes_by(const Value& v, const std::vector<std::string>& words) {
  const auto is_one = [&](const std::string& name) {
    return std::ranges::find(words, name) != words.end();
  };
  return std::ranges::any_of(v.names, is_one) || is_one(v.hint);
}

bool is_role(const Op& op) {
  return op.has(kSetting) && !is_setting(op) && !is_kind(op, kUse) && !is_kind(op, kSays) &&
         !is_preparation(op);
}

bool has_settings(const Catalogue& catalogue) {
  return std::ranges::any_of(catalogue.ops(), [](const Op& op) { return op.has(kSetting); });
}

bool go_on_with_purpose(Builder& b) {
  constexpr std::size_t kMostSentences = 2;
  if (computed_ends(b).size() != 1 || b.unused().size() != 1) return false;
  Body& root = b.open_body();
  const std::vector<std::string> before = root.summaries;
  if (!draw_setting(b, std::nullopt)) return false;
  // What was said of the values stays true, and comes first.
  std::vector<std::string> joined;
  for (const std::string& first : before)
    for (const std::string& then : root.summaries)
      if (joined.size() < kMostSentences) joined.push_back(first + " " + then);
  if (root.summaries.empty()) root.summaries = before;
  if (!joined.empty()) root.summaries = std::move(joined);
  return true;
}

bool fill_with_setting(Builder& b, Category category, const Op& featured, const DrawFeatured& draw,
                       const ShowsCategory& shows, bool beside) {
  constexpr double kShare = 0.8, kFurther = 0.02, kGoesOn = 0.6;
  if ((!draw_in_role(b, featured) && !draw()) || !shows_prepared(b)) return false;
  show_operands(b);
  if (b.random().chance(kGoesOn)) go_on(b, featured);
  name_arguments(b);
  const bool shown = shows();
  if (!shown && !show_category(b, category, beside)) return false;
  // Of what says little people do not stay with the bare operation.
  const bool says_enough =
      std::ranges::none_of(computed_ends(b), [&](ValueId id) { return says_little(b, id); });
  // What goes on with one of several results leaves the others beside it.
  const bool one = computed_ends(b).size() == 1;
  const bool further = b.random().chance(shown ? kShare : kFurther) || (shown && !says_enough);
  const bool has_purpose = one && further && draw_setting(b, std::nullopt);
  const auto sentence = shown && !has_purpose ? say_what_it_gives(b) : std::nullopt;
  if (!shown || has_purpose) name_after_results(b);
  name_apart(b);
  const std::size_t count = computed_ends(b).size();
  if (!return_ends(b)) return false;
  const std::size_t said = sentence.value_or(0);
  if (said == 0) return true;
  Body& root = b.open_body();
  if (root.summaries.front().size() > said) {
    // What goes on with it has its own name.
    // Words of all that it gives say the mean or total too, where there are some.
    const bool told = count == 1 && retell(root, said);
    const std::vector<std::string> summaries = root.summaries, names = root.names;
    root.names.clear(), root.summaries.clear();
    const bool again = say_what_it_gives(b).has_value();
    if (!again && count == 1) root.summaries = summaries;
    root.names = told ? names : root.names;
  } else if (root.results.size() != count) {
    root.names.clear(), root.summaries.clear();
    say_what_it_gives(b);
  }
  return true;
}

}  // namespace jaxsmith::plan
