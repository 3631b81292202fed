#include "plan/telling.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>

#include "base/word_list.h"
#include "plan/argument_roles.h"
#include "plan/calls.h"
#include "plan/catalogue.h"
#include "plan/holes.h"
#include "plan/preparation.h"
#include "plan/scopes.h"
#include "plan/visibility.h"

namespace jaxsmith::plan {
namespace {

constexpr int kManyProbes = 5;        // of kProbes: so many are one value where a half may be
constexpr double kFewValues = 4;      // of whole numbers
constexpr double kLeastLimit = 0.05;  // smaller ones only keep a divisor from zero
constexpr int kDeepest = 6;           // products of products

// "f(x, y)" with what follows left out where that only converts; empty where it is no such call.
struct CallParts {
  std::string_view function;
  std::vector<std::string_view> arguments;
};

std::string_view last_part(std::string_view function) {
  return function.substr(function.rfind('.') + 1);
}

// Whether it is a call of a method that only converts.
bool converts(std::string_view method, const Calls& calls) {
  if (!method.starts_with(".")) return false;
  const auto found = calls.meanings.find(method.substr(1, method.find('(') - 1));
  return found != calls.meanings.end() && found->second == CallMeaning::kConversion;
}

CallParts call_of(std::string_view text, const Calls& calls) {
  const std::size_t open = text.find('(');
  if (open == std::string_view::npos || open == 0) return {};
  std::size_t end = open + 1;
  for (int depth = 1; end < text.size() && depth > 0; ++end)
    depth += text[end] == '(' ? 1 : text[end] == ')' ? -1 : 0;
  const std::string_view rest = text.substr(end);
  if (!rest.empty() && !converts(rest, calls)) return {};
  return {text.substr(0, open), split_outside(text.substr(open + 1, end - open - 2), {", "})};
}

bool is_constant(std::string_view text, const Calls& calls) {
  return number_of(text) || calls_any(text, calls.fills);
}

bool is_limit(std::string_view text) {
  const auto number = number_of(text);
  return number && (*number == 0 || std::abs(*number) >= kLeastLimit);
}

// Whether a call such as a maximum of $0 and 0.0 gives one number for many elements: it ends at a
// limit, or takes the number where a choice falls so.
bool levels_off(std::string_view text, const Calls& calls) {
  const CallParts call = call_of(text, calls);
  const auto found = calls.levels.find(last_part(call.function));
  if (found == calls.levels.end()) return false;
  const auto& given = call.arguments;
  switch (found->second) {
    case Levels::kAlways:
      return true;
    case Levels::kAtLimit:
      return given.size() == 2 && (is_limit(given[0]) || is_limit(given[1]));
    case Levels::kByChoice:
      return given.size() == 3 && (is_constant(given[1], calls) || is_constant(given[2], calls));
  }
  return false;
}

std::vector<std::string_view> factors_of(std::string_view spelling) {
  if (split_outside(spelling, {" + ", " - ", " @ "}).size() > 1) return {};
  return split_outside(spelling, {" * ", " / "});
}

const Node* maker_of(const Builder& b, ValueId id) {
  for (const Node& node : b.body_of(b[id].body).nodes)
    if (std::ranges::find(node.results, id) != node.results.end()) return &node;
  return nullptr;
}

int most_of_one(const Stats& stats) {
  std::ptrdiff_t most = 0;
  for (const double p : stats.probe) most = std::max(most, std::ranges::count(stats.probe, p));
  return static_cast<int>(most);
}

// By what made it; a factor of zeros makes zeros of a product.
bool made_level(const Builder& b, ValueId id, int depth) {
  const Node* made = maker_of(b, id);
  if (made == nullptr || depth > kDeepest) return false;
  if (made->bodies.size() == 1 && begins_with_call(*made)) {
    const std::vector<ValueId>& results = b.body_of(made->bodies[0]).results;
    const auto place =
        static_cast<std::size_t>(std::ranges::find(made->results, id) - made->results.begin());
    return place < results.size() && results[place] != kNoValue &&
           made_level(b, results[place], depth + 1);
  }
  for (const std::string_view factor : factors_of(made->spelling)) {
    if (levels_off(factor, b.catalogue().vocabulary().calls)) return true;
    const auto place = factor.starts_with('$') ? number_of(factor.substr(1)) : std::nullopt;
    if (!place || static_cast<std::size_t>(*place) >= made->operands.size()) continue;
    const ValueId operand = made->operands[static_cast<std::size_t>(*place)];
    if (b[operand].type.shape == b[id].type.shape && made_level(b, operand, depth + 1)) return true;
  }
  return false;
}

// Steps that are taken back where they come to nothing.
bool attempt(Builder& b, const std::function<bool()>& steps) {
  Op op;
  op.draw = [&](Builder&, Draft& draft) {
    draft.placed = true;
    return steps();
  };
  return b.draw_op(op);
}

std::uint32_t sure_of(const Builder& b, const std::vector<ValueId>& ids) {
  std::uint32_t sure = 0;
  for (const ValueId id : ids) sure |= b[id].sure;
  return sure;
}

bool is_argument(const Builder& b, const Value& v) {
  return std::ranges::any_of(b.body_of(b.current()).parameters,
                             [&](ValueId id) { return &b[id] == &v; });
}

// A step that goes on with a result, and what is said of it.
struct Further {
  ValueId made = kNoValue;
  std::string said;
};

// "the sorted scores"; "the result" of what has no name that says what it is.
std::string spoken(const Value& v) {
  const std::string word = word_of(v);
  return word.size() < 4 || word.ends_with("ed") ? "the result" : "the " + as_words(word);
}

// By a yes or no: between values of its shape.
std::optional<Further> chosen_by(Builder& b, ValueId mask) {
  const Shape shape = b[mask].type.shape;
  const auto x = b.draw([&](const Value& v) {
    return tensor::is_real(v.type.dtype) && !v.weak && !v.any_scale && v.type.rank() > 0 &&
           b.broadcasts(v.type.shape, shape) &&
           broadcast_shapes(v.type.shape, shape) == v.type.shape &&
           most_of_one(v.stats) < kManyProbes && !is_argument(b, v);
  });
  const auto out = x ? choose_by(b, mask, *x) : std::nullopt;
  if (!out) return std::nullopt;
  return Further{*out, "Choose between two values by the outcome."};
}

// Means over the longest axis, where that is long enough for them to differ; else of all.
std::optional<Further> mean_of(Builder& b, ValueId id) {
  constexpr std::int64_t kLong = 6;
  // What adds up to one has the same mean whatever it is of.
  constexpr std::string_view kParts = "shares probs probabilities fractions proportions weights";
  if (const std::string word = word_of(b[id]); is_word_of(kParts, word)) return std::nullopt;
  const Type type = b[id].type;
  const auto longest = std::ranges::max_element(type.shape);
  Numbers numbers;
  if (type.rank() > 1 && *longest >= kLong) numbers["axis"] = {longest - type.shape.begin()};
  const bool whole = tensor::is_integer(type.dtype);
  std::vector<std::string> names = {"mean", "sum", "mean"};
  if (whole) names = {"integer_mean"};
  if (type.dtype == DType::kBool) names = {"fraction_true", "count_true", "fraction_true"};
  const std::string chosen = b.random().pick(names);
  const auto out = b.apply(chosen, {id}, numbers);
  if (!out) return std::nullopt;
  // What shows somewhere in an array shows in its sums.
  constexpr std::int64_t kEnough = 6;  // whole numbers that add up to the same now and then
  if (!whole || tensor::element_count(type.shape) >= kEnough)
    b.program().values[static_cast<std::size_t>(*out)].sure |= b[id].sure;
  const std::string along =
      numbers.empty() ? "" : fmt::format(" along axis {}", numbers["axis"].front());
  const std::string what = type.dtype == DType::kBool ? chosen == "count_true"
                                                            ? "Count the entries that are true"
                                                            : "Return the share that is true"
                           : chosen == "sum"          ? "Add up " + spoken(b[id])
                                                      : "Average " + spoken(b[id]);
  return Further{*out, what + along + "."};
}

// Whether its elements are those of an argument, as its typical elements say.
bool copies_argument(const Builder& b, const Value& v) {
  return std::ranges::any_of(b.body_of(b.current()).parameters, [&](ValueId id) {
    const Value& x = b[id];
    return &x != &v && (v.arguments & x.arguments) != 0 && x.type.dtype == v.type.dtype &&
           tensor::element_count(x.type.shape) == tensor::element_count(v.type.shape) &&
           x.stats.probe == v.stats.probe && !v.claimed;
  });
}

// Of several results of one step: places, codes and counts beside what they are of.
bool is_by_the_way(const Builder& b, ValueId id) {
  constexpr double kManyValues = 64;
  const Value& v = b[id];
  const Node* made = maker_of(b, id);
  const bool few = tensor::is_integer(v.type.dtype) && v.stats.hi - v.stats.lo < kManyValues;
  return made != nullptr && v.uses == 0 && v.type.rank() > 0 &&
         std::ranges::count_if(made->results, [](ValueId r) { return r != kNoValue; }) > 1 &&
         (few || says_little(b, id));
}

// Leaves a result of a step unnamed: `_`.
void ignore(Builder& b, ValueId id) {
  for (Node& node : b.open_body().nodes) std::ranges::replace(node.results, id, kNoValue);
  b.reserve(id, true);
}

// What a function says of itself, with a further step at its end.
void say_more(Builder& b, const std::string& said) {
  for (std::string& line : b.open_body().summaries) line += " " + said;
}

// Whether the operand alone is added up. Where it is summed up more than once the first time
// counts: the others are rather for what it is divided by.
bool adds_up(std::string_view spelling, std::size_t operand, const Calls& calls) {
  const std::string number = std::to_string(operand);
  bool met = false;
  for (const Mention& mention : mentions_in(spelling)) {
    if (!mention.called) continue;
    const auto begin = static_cast<std::size_t>(mention.name.data() - spelling.data());
    const std::string_view given = spelling.substr(begin + mention.name.size() + 1);
    if (!met && find_hole(given, operand) == 0 && is_one_of(mention.name, calls.totals)) {
      const std::string_view then = given.substr(1 + number.size());
      if (then.starts_with(')') || then.starts_with(',')) return true;
      met = true;
    }
    if (begin > 0 && spelling[begin - 1] == '$' && mention.name.starts_with(number + ".") &&
        calls.total_methods.contains(mention.name.substr(number.size() + 1)))
      return true;
  }
  return false;
}

// Whether the step gives derivatives to some elements of its operand alone, or the same to all: it
// takes some of them, or adds them up.
bool thins(const Node& node, std::size_t operand, const Program& program) {
  const Op* op = program.catalogue->find(node.op);
  if (op == nullptr) return false;  // a call: its function is not looked into
  if (op->selective || op->has(kLargest | kSmallest)) return true;
  const std::string& text = node.spelling;
  const Calls& calls = program.catalogue->vocabulary().calls;
  const bool new_axis = text.find("None]") != std::string::npos;
  if (!new_axis && (text.find('[') != std::string::npos || calls_any(text, calls.thinning) ||
                    names_any(text, calls.thinning_named)))
    return true;
  return adds_up(text, operand, calls);
}

}  // namespace

bool says_little(const Builder& b, ValueId id) {
  const Value& v = b[id];
  if (v.type.rank() == 0 || !v.literal.empty() || v.weak) return false;
  if (v.type.dtype == DType::kBool || copies_argument(b, v)) return true;
  if (tensor::is_integer(v.type.dtype) && v.stats.hi - v.stats.lo < kFewValues) return true;
  return most_of_one(v.stats) >= kManyProbes || made_level(b, id, 0);
}

bool shows_prepared(const Builder& b) {
  std::vector<ValueId> made, given_for_it;
  const auto size = [&](ValueId id) { return tensor::element_count(b[id].type.shape); };
  const auto hides = [&](ValueId given, ValueId result) {
    const DType from = b[given].type.dtype, to = b[result].type.dtype;
    if (from == DType::kBool) return size(result) < size(given);
    return tensor::is_inexact(from) && !tensor::is_inexact(to);
  };
  const auto is_of = [](const std::vector<ValueId>& ids, ValueId id) {
    return std::ranges::find(ids, id) != ids.end();
  };
  for (const Node& node : b.body_of(b.current()).nodes) {
    const Op* op = b.catalogue().find(node.op);
    if (op != nullptr && is_preparation(*op)) {
      made.insert(made.end(), node.results.begin(), node.results.end());
      given_for_it.insert(given_for_it.end(), node.operands.begin(), node.operands.end());
      continue;
    }
    for (const ValueId given : node.operands) {
      if (is_of(given_for_it, given) && !is_of(made, given) && b[given].literal.empty())
        return false;
      for (const ValueId result : node.results)
        if (result != kNoValue && is_of(made, given) && hides(given, result)) return false;
    }
  }
  return true;
}

bool has_thin_gradient(const Program& root, ValueId id) {
  const Body& body = root.bodies[static_cast<std::size_t>(root.root)];
  const auto size = [&](ValueId of) {
    return tensor::element_count(root.values[static_cast<std::size_t>(of)].type.shape);
  };
  if (size(id) < 2 || std::ranges::find(body.results, id) != body.results.end()) return false;
  for (const Node& node : body.nodes) {
    const auto place = std::ranges::find(node.operands, id);
    if (place == node.operands.end()) continue;
    if (thins(node, static_cast<std::size_t>(place - node.operands.begin()), root)) continue;
    const bool passes = node.results.size() == 1 && node.results[0] != kNoValue &&
                        size(node.results[0]) == size(id) && node.bodies.empty();
    if (!passes || !has_thin_gradient(root, node.results[0])) return false;
  }
  return true;
}

std::optional<ValueId> choose_by(Builder& b, ValueId mask, ValueId x) {
  const Type type = b[x].type;
  auto y = b.draw([&](const Value& v) {
    return &v != &b[x] && v.type == type && !v.weak && !v.any_scale && !is_argument(b, v) &&
           most_of_one(v.stats) < kManyProbes;
  });
  if (!y) {
    const bool whole = tensor::is_integer(type.dtype);
    const double factor = whole ? 2 : b.nice_number(0.1, 0.5, false);
    y = b.apply("multiply", {x, b.literal(factor, type.dtype)});
  }
  return y ? b.apply("where", {mask, x, *y}) : std::nullopt;
}

std::vector<ValueId> make_telling(Builder& b, std::vector<ValueId> ends) {
  const std::uint32_t sure = sure_of(b, ends);
  for (std::size_t k = 0; k < ends.size(); ++k) {
    const ValueId id = ends[k];
    const bool kept = b[id].reserved;
    if (ends.size() > 1 && !kept && is_by_the_way(b, id)) {
      std::vector<ValueId> others = ends;
      std::erase(others, id);
      if (sure_of(b, others) == sure) {
        ignore(b, id);
        ends = std::move(others);
        --k;
        continue;
      }
    }
    if (!says_little(b, id)) continue;
    if (kept && b[id].uses > 0 && ends.size() > 1) {
      std::vector<ValueId> others = ends;
      std::erase(others, id);
      if (sure_of(b, others) == sure) {
        b.reserve(id, false);
        ends = std::move(others);
        --k;
        continue;
      }
    }
    std::vector<ValueId> then;
    std::string said;
    const auto go_on = [&](const auto& step) {
      return attempt(b, [&] {
        const std::optional<Further> further = step(b, id);
        if (!further) return false;
        said = further->said;
        then = ends;
        std::replace(then.begin(), then.end(), id, further->made);
        std::erase_if(then, [&](ValueId end) { return !b[end].reserved && b[end].uses > 0; });
        return (sure_of(b, then) & sure) == sure;
      });
    };
    const bool asks = b[id].type.dtype == DType::kBool;
    if (!(asks && go_on(chosen_by)) && !go_on(mean_of)) continue;
    if (kept) b.reserve(id, false);
    say_more(b, said);
    if (then.size() < ends.size()) k = std::min(k, then.size() - 1);  // one has gone into another
    ends = std::move(then);
  }
  return ends;
}

}  // namespace jaxsmith::plan
