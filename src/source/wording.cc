#include "source/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "plan/catalogue.h"
#include "plan/op.h"
#include "plan/scopes.h"
#include "source/names.h"

namespace jaxsmith::source {

using plan::Node;
using plan::ValueId;

namespace {

using Words = std::vector<std::string>;

constexpr std::size_t kLongestName = 22;

Words tokens_of(std::string_view name) {
  Words out(1);
  for (const char c : name) {
    if (c == '_')
      out.emplace_back();
    else
      out.back() += c;
  }
  std::erase_if(out, [](const std::string& token) { return token.empty(); });
  return out;
}

std::string joined(const Words& tokens) {
  std::string out;
  for (const std::string& token : tokens) out += (out.empty() ? "" : "_") + token;
  return out;
}

// Nouns that end as a participle does.
const std::set<std::string, std::less<>>& nouns_in_ed() {
  static const std::set<std::string, std::less<>> kWords = {"seed", "speed", "feed",  "need",
                                                            "bed",  "embed", "breed", "shed"};
  return kWords;
}

const std::set<std::string, std::less<>>& other_modifiers() {
  static const std::set<std::string, std::less<>> kWords = {
      "active",   "all",      "average",  "best",     "causal",    "cast",     "chosen",
      "complete", "current",  "drawn",    "even",     "final",     "first",    "flat",
      "full",     "hard",     "high",     "highest",  "imaginary", "inner",    "inverse",
      "kept",     "large",    "larger",   "largest",  "last",      "left",     "likely",
      "low",      "lower",    "lowest",   "maximum",  "mean",      "minimum",  "nearest",
      "negative", "new",      "next",     "noisy",    "odd",       "old",      "outer",
      "own",      "pairwise", "periodic", "positive", "real",      "relative", "remaining",
      "reverse",  "right",    "rising",   "running",  "shown",     "small",    "smaller",
      "smallest", "soft",     "split",    "steep",    "tall",      "top",      "total",
      "unit",     "upper",    "valid",    "woven",    "written",   "backward", "cumulative",
      "median",   "prior",    "raw"};
  return kWords;
}

// Nouns of quantities: of several elements there are several.
const std::set<std::string, std::less<>>& quantities() {
  static const std::set<std::string, std::less<>> kWords = {
      "norm",     "deviation", "variance",    "power",     "angle",    "phase",     "slope",
      "rate",     "level",     "probability", "amplitude", "distance", "magnitude", "share",
      "fraction", "count",     "ratio",       "square",    "root",     "peak",      "difference",
      "extent",   "energy",    "entropy",     "density",   "error",    "quantile",  "sum",
      "gap",      "moment",    "mass",        "log",       "cosine",   "sine",      "remainder",
      "quotient", "exponent",  "reciprocal",  "weight",    "score"};
  return kWords;
}

// Words by themselves that any step's result may be called.
bool says_little(std::string_view word) {
  static const std::set<std::string, std::less<>> kWords = {
      "scaled",   "combined", "shifted", "blended", "folded",  "shaped",   "weighted",   "merged",
      "mixed",    "adjusted", "moved",   "updated", "product", "cast",     "made",       "joined",
      "opened",   "limited",  "routed",  "gated",   "packed",  "changed",  "biased",     "summed",
      "advanced", "produced", "part",    "total",   "kept",    "filtered", "transformed"};
  return kWords.contains(word);
}

std::string plural(std::string noun) {
  if (noun.ends_with("y") && noun.size() > 1 &&
      std::string_view("aeiou").find(noun[noun.size() - 2]) == std::string_view::npos)
    return noun.substr(0, noun.size() - 1) + "ies";
  if (noun.ends_with("ss") || noun.ends_with("x")) return noun + "es";
  return noun.ends_with("s") ? noun : noun + "s";
}

bool is_participle(std::string_view word) {
  return word.size() > 3 && word.ends_with("ed") && !nouns_in_ed().contains(word);
}

// Names that stand for whatever an inner function takes.
bool is_letter(std::string_view name) {
  return name.size() == 1 ||
         (name.size() == 2 && std::isdigit(static_cast<unsigned char>(name[1])));
}

}  // namespace

bool is_modifier(std::string_view word) {
  return is_participle(word) || other_modifiers().contains(word);
}

std::string singular(std::string_view noun) {
  static const std::set<std::string, std::less<>> kAlike = {
      "series", "bias",  "basis",  "axis",     "chaos", "loss", "mass",   "gas",
      "gps",    "focus", "radius", "analysis", "news",  "bus",  "status", "lens"};
  const std::string text(noun);
  if (text.size() < 4 || kAlike.contains(text) || !text.ends_with("s") || text.ends_with("ss") ||
      text.ends_with("us") || text.ends_with("is"))
    return text;
  if (text.ends_with("sses") || text.ends_with("xes") || text.ends_with("ches"))
    return text.substr(0, text.size() - 2);
  if (text.ends_with("ies") && text.size() > 5) return text.substr(0, text.size() - 3) + "y";
  return text.substr(0, text.size() - 1);
}

std::string head_of(std::string_view name) {
  static const std::set<std::string, std::less<>> kWhatever = {
      "out", "output", "outputs", "result", "values", "value", "estimate", "response", "fn"};
  Words tokens = tokens_of(name);
  std::erase_if(tokens, [](const std::string& token) { return kWhatever.contains(token); });
  const auto first = std::ranges::find_if(tokens, [](const auto& t) { return !is_modifier(t); });
  tokens.erase(tokens.begin(), first);
  while (!tokens.empty() && is_modifier(tokens.back())) tokens.pop_back();
  if (tokens.size() > 2) tokens.erase(tokens.begin(), tokens.end() - 2);
  return joined(tokens);
}

std::string compound(std::string_view word, std::string_view subject, bool several) {
  const Words words = tokens_of(word), about = tokens_of(subject);
  if (words.empty() || about.empty()) return {};
  for (const std::string& token : words)
    for (const std::string& other : about)
      if (singular(token) == singular(other)) return {};
  if (about.back() == "fn" || about.back() == "mask") return {};
  const bool modifies = is_modifier(words.back()) || words.size() > 1;
  if (words.size() > 1 && !is_modifier(words.front())) return {};
  const auto with = [&](const std::string& noun) {
    if (modifies) return std::string(word) + "_" + noun;
    const std::string last =
        several && quantities().contains(words.back()) ? plural(words.back()) : words.back();
    return (noun.size() > 2 ? singular(noun) : noun) + "_" + last;
  };
  std::string out = with(std::string(subject));
  if (out.size() > kLongestName) out = with(about.back());
  return out.size() > kLongestName ? std::string() : out;
}

std::string in_words(std::string_view name) {
  std::string out(name);
  std::ranges::replace(out, '_', ' ');
  return out;
}

Subjects::Subjects(const plan::Program& program) : program_(program) {
  for (const plan::Body& body : program.bodies)
    for (const Node& node : body.nodes)
      for (std::size_t k = 0; k < node.results.size(); ++k)
        if (node.results[k] != plan::kNoValue) sources_[node.results[k]] = {&node, k};
}

Subjects::Source Subjects::source_of(ValueId id) const {
  const auto found = sources_.find(id);
  return found == sources_.end() ? Source{} : found->second;
}

ValueId Subjects::as_called(ValueId id) const {
  const auto [node, result] = source_of(id);
  if (node == nullptr || node->bodies.size() != 1 || !plan::begins_with_call(*node))
    return plan::kNoValue;
  const plan::Body& called = program_.bodies[static_cast<std::size_t>(node->bodies[0])];
  if (called.results.size() != node->results.size()) return plan::kNoValue;
  const plan::Value &here = value(id), &there = value(called.results[result]);
  const bool alike =
      here.names.empty() ? here.hint.empty() || here.hint == there.hint : here.names == there.names;
  return alike ? called.results[result] : plan::kNoValue;
}

std::string Subjects::subject(ValueId id, const Names& names, int depth) const {
  if (const auto named = names.find(id); named != names.end()) {
    if (std::string head = head_of(named->second); !head.empty()) return head;
  }
  if (depth == 0) return {};
  const Words found = subjects_of_step(id, names, depth - 1);
  return found.empty() ? std::string() : found.front();
}

std::vector<std::string> Subjects::subjects_of_step(ValueId id, const Names& names,
                                                    int depth) const {
  const Source source = source_of(id);
  if (source.node == nullptr) return {};
  std::vector<ValueId> operands;
  for (std::size_t k = 0; k < source.node->operands.size(); ++k) {
    const ValueId each = source.node->operands[k];
    if (each == plan::kNoValue || !value(each).literal.empty()) continue;
    // What functions make of their operands is about the one that it takes the place of.
    const bool may =
        source.node->bodies.empty() || (k == source.result && value(each).type == value(id).type);
    if (may) operands.push_back(each);
  }
  // What chooses or places elements is not what they are.
  const auto weight = [&](ValueId each) {
    const plan::Type& type = value(each).type;
    const int kind = type.dtype == tensor::DType::kBool ? 0
                     : tensor::is_integer(type.dtype)   ? 1
                                                        : 2;
    return kind * 8 + type.rank();
  };
  std::ranges::stable_sort(operands, [&](ValueId x, ValueId y) { return weight(x) > weight(y); });
  Words out;
  for (const ValueId each : operands) {
    const std::string found = subject(each, names, depth);
    if (is_usable(found) && std::ranges::find(out, found) == out.end()) out.push_back(found);
  }
  return out;
}

// Of two operands alike in weight: "cost_plus_penalty".
std::vector<std::string> Subjects::joint_names(const Node& node, const Words& subjects) const {
  const plan::Op* op = program_.catalogue->find(node.op);
  if (op == nullptr || subjects.size() != 2) return {};
  const std::string x = tokens_of(subjects[0]).back(), y = tokens_of(subjects[1]).back();
  if (x == y) return {};
  const std::string one = x.size() > 2 ? singular(x) : x, two = y.size() > 2 ? singular(y) : y;
  Words out;
  if (op->has(plan::kAddition)) out = {one + "_plus_" + two, one + "_" + two + "_sum"};
  if (op->has(plan::kSubtraction)) out = {one + "_minus_" + two, one + "_" + two + "_gap"};
  if (op->has(plan::kProduct)) out = {one + "_times_" + two, one + "_" + two + "_product"};
  std::erase_if(out, [](const std::string& name) { return name.size() > kLongestName; });
  return out;
}

std::vector<std::string> Subjects::names_for(ValueId id, const Names& names, Random& random) const {
  const plan::Value& v = value(id);
  Words roles;
  for (const std::string& role : v.names)
    if (is_usable(role)) roles.push_back(role);
  const bool has_role = !roles.empty();
  if (!has_role && is_usable(v.hint)) roles.push_back(v.hint);
  const Source source = source_of(id);
  const Words subjects = subjects_of_step(id, names, 3);
  const bool several = v.type.rank() > 0;
  Words said;
  for (const std::string& role : roles)
    for (const std::string& subject : subjects)
      if (std::string name = compound(role, subject, several); !name.empty())
        said.push_back(std::move(name));
  const double draw = random.uniform();
  // Members of a family choose their words themselves, but for what they have made of an argument.
  const bool written_here = source.node && source.node->op == "call" && v.hint != "updated";
  Words out;
  if (!roles.empty()) {
    const bool vague = says_little(roles.front());
    // A role of an idiom says most of what there is to say; an operation's own word does not.
    const double share = vague ? 0.9 : !has_role ? 0.8 : is_participle(roles.front()) ? 0.45 : 0;
    if (draw < share && !written_here) out = said;
    if (!has_role && source.node && draw < 0.35)
      for (std::string& name : joint_names(*source.node, subjects)) out.insert(out.begin(), name);
    // Another role that says more.
    if (vague)
      std::ranges::stable_partition(roles, [](const auto& role) { return !says_little(role); });
  }
  out.insert(out.end(), roles.begin(), roles.end());
  out.insert(out.end(), said.begin(), said.end());
  if (source.node && source.node->op != "call") {
    for (const std::string& subject : subjects) {
      const std::string of = compound(tokens_of(source.node->op).front(), subject, several);
      if (!of.empty() && !is_letter(of)) out.push_back(of);
    }
  }
  Words plain = {several ? "values" : "outcome", "output", "result", "estimate", "response"};
  random.shuffle(plain);
  out.insert(out.end(), plain.begin(), plain.end());
  std::erase_if(out, [](const std::string& name) { return !is_usable(name); });
  return out;
}

}  // namespace jaxsmith::source
