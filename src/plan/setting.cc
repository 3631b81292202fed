#include "plan/setting.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "plan/composition.h"

namespace jaxsmith::plan {
namespace {

// Squares and sums of few elements of this size stay in range, and keep their digits.
double most_reach(DType dtype) { return dtype == DType::kF16 ? 30 : 1e4; }

// A word that says what was done rather than what came of it.
bool says_what_was_done(std::string_view word) {
  const std::size_t last = word.rfind('_');
  const std::string_view end = last == std::string_view::npos ? word : word.substr(last + 1);
  return end.ends_with("ed") || end.size() < 3;
}

std::string spaced(std::string words) {
  std::ranges::replace(words, '_', ' ');
  return words;
}

Body& root_of(Builder& b) { return b.program().bodies[static_cast<std::size_t>(b.current())]; }

bool is_parameter(const Builder& b, ValueId id) {
  const auto& given = b.body_of(b.current()).parameters;
  return std::ranges::find(given, id) != given.end();
}

// What the open root gives so far.
std::vector<ValueId> computed_ends(const Builder& b) {
  std::vector<ValueId> ends = b.unused();
  std::erase_if(ends, [&](ValueId id) { return is_parameter(b, id) || b[id].weak; });
  return ends;
}

// The word that a value goes by: its role's, or its operation's.
std::string word_of(const Value& v) { return v.names.empty() ? v.hint : v.names.front(); }

Featured featured(const Builder& b, ValueId id) {
  const Value& v = b[id];
  Featured out;
  out.id = id, out.type = v.type, out.range = practical(v.stats);
  out.reach = std::max(std::abs(out.range.lo), std::abs(out.range.hi));
  const std::string word = word_of(v);
  const bool digits = word.find_first_of("0123456789") != std::string::npos;
  if (word.size() < 3 || digits || word.starts_with("by_"))
    out.noun = "the values";
  else if (says_what_was_done(word))
    out.noun = "the " + spaced(word) + " values";
  else
    out.noun = "the " + spaced(word), out.stem = word;
  return out;
}

// So many elements show what they are made of, though each alone might not.
void show_operands(Builder& b, std::size_t first_node) {
  constexpr std::int64_t kEnough = 6, kEnoughWritten = 8;
  const auto& nodes = b.body_of(b.current()).nodes;
  for (std::size_t n = first_node; n < nodes.size(); ++n) {
    const bool written = b.catalogue().named(nodes[n].op).has(kWritten);
    for (const ValueId id : nodes[n].results) {
      if (id == kNoValue) continue;
      Value& v = b.program().values[static_cast<std::size_t>(id)];
      if (tensor::element_count(v.type.shape) >= (written ? kEnoughWritten : kEnough))
        v.sure = v.arguments;
    }
  }
}

// The entry, which must use what was there before; `computed`: arguments do not count.
Op using_what_is_there(const Op& op, Builder& b, bool computed) {
  const std::size_t first = b.body_of(b.current()).nodes.size();
  const auto count = static_cast<ValueId>(b.program().values.size());
  Op out = op;
  out.draw = [&op, first, count, computed](Builder& inner, Draft& draft) {
    const auto was_there = [&](ValueId id) {
      return id < count && inner[id].literal.empty() && !(computed && is_parameter(inner, id));
    };
    if (!op.draw(inner, draft)) return false;
    if (std::ranges::any_of(draft.operands, was_there)) return true;
    const auto& nodes = inner.body_of(inner.current()).nodes;
    return std::any_of(nodes.begin() + static_cast<std::ptrdiff_t>(first), nodes.end(),
                       [&](const Node& n) { return std::ranges::any_of(n.operands, was_there); });
  };
  return out;
}

// The second of two goes on with the first where it can, or is taken of the same data.
bool draw_chained(Builder& b, const Op& op, const DrawFeatured& draw) {
  constexpr int kTries = 12;
  for (const bool computed : {true, false}) {
    const Op chained = using_what_is_there(op, b, computed);
    for (int tries = 0; tries < kTries; ++tries)
      if (b.draw_op(chained, /*any_spelling=*/true)) return true;
  }
  return draw(op, /*alone=*/true);
}

// `joins`: must leave fewer results than there were.
bool draw_setting(Builder& b, std::optional<Category> category, bool joins = false) {
  constexpr int kTries = 16;
  const auto ops = b.catalogue().ops();
  std::vector<double> weights;
  for (const Op& op : ops) {
    const bool wanted = op.has(kSetting) && (!category || op.category == *category);
    // Loops and branches take their turn where a category asks for them.
    const bool nests = b.catalogue().profile(op.category).has_bodies && !category;
    weights.push_back(wanted ? op.weight * (nests ? 0.35 : 1) * b.weights().entry(weights.size())
                             : 0);
  }
  if (std::ranges::none_of(weights, [](double w) { return w > 0; })) return false;
  const std::size_t before = computed_ends(b).size();
  // What the last one says is said of the whole.
  const std::vector<std::string> names = root_of(b).names, summaries = root_of(b).summaries;
  for (int tries = 0; tries < kTries; ++tries) {
    const Op& op = ops[b.random().weighted(weights)];
    Op drawn = op;
    drawn.draw = [&](Builder& inner, Draft& draft) {
      return op.draw(inner, draft) && (!joins || computed_ends(inner).size() < before);
    };
    root_of(b).names.clear(), root_of(b).summaries.clear();
    if (b.draw_op(drawn)) return true;
  }
  root_of(b).names = names, root_of(b).summaries = summaries;
  return false;
}

// Where no setting has named the function it is called after what it gives.
void name_after_results(Builder& b) {
  constexpr std::size_t kLongest = 30, kMost = 2;
  Body& root = root_of(b);
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

}  // namespace

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

bool has_settings(const Catalogue& catalogue) {
  return std::ranges::any_of(catalogue.ops(), [](const Op& op) { return op.has(kSetting); });
}

bool fill_with_setting(Builder& b, Category category, std::span<const Op* const> featured,
                       const DrawFeatured& draw, const ShowsCategory& shows) {
  constexpr double kShare = 0.85, kJoined = 0.8, kFurther = 0.35;
  std::vector<const Op*> order(featured.begin(), featured.end());
  b.random().shuffle(order);  // either may go on with the other
  for (std::size_t k = 0; k < order.size(); ++k)
    if (!(k == 0 ? draw(*order[k], false) : draw_chained(b, *order[k], draw))) return false;
  show_operands(b, 0);
  const bool shown = shows();
  if (!shown && !draw_setting(b, category) && !go_on_with_idiom(b, category)) return false;
  if (computed_ends(b).size() > 1 && b.random().chance(kJoined))
    draw_setting(b, std::nullopt, /*joins=*/true);
  else if (b.random().chance(shown ? kShare : kFurther))
    draw_setting(b, std::nullopt);
  name_after_results(b);
  return return_ends(b);
}

}  // namespace jaxsmith::plan
