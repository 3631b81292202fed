#include "source/wording.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "plan/catalogue.h"
#include "plan/op.h"
#include "plan/scopes.h"
#include "source/names.h"
#include "source/spellings.h"

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

}  // namespace

bool is_vague(std::string_view word) {
  static const std::set<std::string, std::less<>> kWords = {
      "scaled",  "combined", "shifted",  "blended",  "folded",      "shaped",    "weighted",
      "merged",  "mixed",    "adjusted", "moved",    "updated",     "product",   "cast",
      "made",    "joined",   "opened",   "limited",  "routed",      "gated",     "packed",
      "changed", "biased",   "summed",   "advanced", "produced",    "part",      "total",
      "kept",    "filtered", "mapped",   "chosen",   "transformed", "contracted"};
  return kWords.contains(word);
}

bool says_nothing(std::string_view word) {
  static const std::set<std::string, std::less<>> kWords = {
      "out", "output", "outputs", "result", "value", "values", "inner", "outer", "other"};
  return is_vague(word) || kWords.contains(word);
}

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
  if (text.ends_with("sses") || text.ends_with("xes") || text.ends_with("ches") ||
      text.ends_with("shes"))
    return text.substr(0, text.size() - 2);
  if (text.ends_with("ies") && text.size() > 5) return text.substr(0, text.size() - 3) + "y";
  return text.substr(0, text.size() - 1);
}

std::string head_of(std::string_view name) {
  static const std::set<std::string, std::less<>> kWhatever = {
      "out", "output", "outputs", "result", "values", "value", "estimate", "response", "fn"};
  Words tokens = tokens_of(name);
  // A number only tells it from others.
  for (std::string& token : tokens)
    while (token.size() > 2 && std::isdigit(static_cast<unsigned char>(token.back())) != 0)
      token.pop_back();
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

Subjects::Subjects(const plan::Program& program) : program_(program) {
  for (const plan::Body& body : program.bodies)
    for (const Node& node : body.nodes)
      for (std::size_t k = 0; k < node.results.size(); ++k)
        if (node.results[k] != plan::kNoValue) sources_[node.results[k]] = {&node, k};
  for (const Node& node : program.bodies[static_cast<std::size_t>(program.root)].nodes) {
    if (node.bodies.size() != 1 || !plan::begins_with_call(node)) continue;
    const plan::Body& called = program.bodies[static_cast<std::size_t>(node.bodies[0])];
    // Its parameters are called as what it is given.
    if (called.placement == plan::Placement::kHelper &&
        std::ranges::equal(called.parameters, node.operands, [&](ValueId x, ValueId y) {
          return y != plan::kNoValue && value(x).names == value(y).names;
        }))
      outlined_.insert(node.bodies[0]);
  }
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
  if (id == plan::kNoValue) return {};
  if (const auto named = names.find(id); named != names.end()) {
    if (std::string head = head_of(named->second); is_usable(head)) return head;
  }
  return depth == 0 ? std::string() : subject(main_operand(id), names, depth - 1);
}

// What chooses or places elements is not what they are.
double Subjects::weight(ValueId id) const {
  const plan::Type& type = value(id).type;
  const int kind = type.dtype == tensor::DType::kBool ? 0 : tensor::is_integer(type.dtype) ? 1 : 2;
  return kind * 8 + type.rank();
}

std::vector<ValueId> Subjects::operands_of_step(ValueId id) const {
  const Source source = source_of(id);
  std::vector<ValueId> out;
  if (source.node == nullptr) return out;
  for (std::size_t k = 0; k < source.node->operands.size(); ++k) {
    const ValueId each = source.node->operands[k];
    if (each == plan::kNoValue || !value(each).literal.empty()) continue;
    // What functions make of their operands is about the one that it takes the place of.
    const bool may =
        source.node->bodies.empty() || (k == source.result && value(each).type == value(id).type);
    if (may && std::ranges::find(out, each) == out.end()) out.push_back(each);
  }
  std::ranges::stable_sort(out, [&](ValueId x, ValueId y) { return weight(x) > weight(y); });
  return out;
}

ValueId Subjects::main_operand(ValueId id) const {
  std::vector<ValueId> operands = operands_of_step(id);
  if (operands.empty()) return plan::kNoValue;
  const double most = weight(operands[0]);
  std::erase_if(operands, [&](ValueId each) { return weight(each) < most; });
  if (operands.size() > 1)
    std::erase_if(operands,
                  [&](ValueId each) { return value(each).type.shape != value(id).type.shape; });
  // What has no role of its own is what was made of the first.
  const bool clear = operands.size() == 1 || (!operands.empty() && value(id).names.empty());
  return clear ? operands[0] : plan::kNoValue;
}

// Of two operands alike in weight: "cost_plus_penalty".
std::vector<std::string> Subjects::joint_names(const Node& node, const Words& subjects) const {
  const plan::Op* op = program_.catalogue->find(node.op);
  if (op == nullptr || subjects.size() != 2) return {};
  const std::string x = tokens_of(subjects[0]).back(), y = tokens_of(subjects[1]).back();
  const auto joins = [](const std::string& word) {
    return word == "sum" || word == "gap" || word == "product";
  };
  if (x == y || joins(x) || joins(y)) return {};
  const std::string one = x.size() > 2 ? singular(x) : x, two = y.size() > 2 ? singular(y) : y;
  // Of what an idiom has written its text says what it is.
  const Expr text = op->has(plan::kWritten) ? parsed(node.spelling) : nullptr;
  const auto is = [&](std::uint32_t trait, std::string_view sign) {
    return op->has(trait) ||
           (text && text->kind == ExprKind::kBinary && text->text == sign &&
            text->items[0]->kind == ExprKind::kHole && text->items[1]->kind == ExprKind::kHole);
  };
  Words out;
  if (is(plan::kAddition, "+")) out = {one + "_plus_" + two, one + "_" + two + "_sum"};
  if (is(plan::kSubtraction, "-")) out = {one + "_minus_" + two, one + "_" + two + "_gap"};
  if (is(plan::kProduct, "*")) out = {one + "_times_" + two, one + "_" + two + "_product"};
  std::erase_if(out, [](const std::string& name) { return name.size() > kLongestName; });
  return out;
}

std::vector<std::string> Subjects::name_by_idiom(const Node& node) const {
  const plan::Op* op = program_.catalogue->find(node.op);
  const plan::BodyId body = node.results[0] == plan::kNoValue ? -1 : value(node.results[0]).body;
  if (op == nullptr || !op->has(plan::kIdiom) ||
      (body != program_.root && !outlined_.contains(body)))
    return {};
  std::string out = op->name + "_out";
  return out.size() > kLongestName ? Words{} : Words{std::move(out)};
}

// What people write where an operation has no word of its own: "log_price", "max_score",
// "residual_sum". Of what an idiom has written its steps' roles say more.
std::vector<std::string> Subjects::names_by_operation(const Source& source, const plan::Value& v,
                                                      const std::string& subject) const {
  constexpr std::size_t kLongestWord = 8;
  const plan::Op* op = source.node ? program_.catalogue->find(source.node->op) : nullptr;
  if (op == nullptr || op->has(plan::kWritten) || subject.empty() || source.node->operands.empty())
    return {};
  const auto with = [](const std::string& before, const std::string& noun,
                       const std::string& after) -> Words {
    std::string out = before + noun + after;
    if (out.size() > kLongestName) out = before + tokens_of(noun).back() + after;
    return out.size() > kLongestName ? Words{} : Words{std::move(out)};
  };
  const plan::Value& x = value(source.node->operands[0]);
  const std::string one = subject.size() > 2 ? singular(subject) : subject;
  const std::string& named = v.type.rank() > 0 ? subject : one;
  if (op->has(plan::kLargest)) return with("max_", named, "");
  if (op->has(plan::kSmallest)) return with("min_", named, "");
  const bool is_mean = v.hint == "average" || v.hint == "mean";
  if (op->has(plan::kAddsUp)) return is_mean ? with("mean_", named, "") : with("", one, "_sum");
  const Expr text = parsed(source.node->spelling);
  const bool word = op->name.size() <= kLongestWord && called(text) == op->name;
  const auto given = std::ranges::count_if(source.node->operands, [&](ValueId id) {
    return id != plan::kNoValue && value(id).literal.empty();
  });
  if (!word || given != 1 || x.type.shape != v.type.shape || !source.node->bodies.empty() ||
      is_modifier(v.hint))
    return {};
  constexpr std::string_view kLog = "log_";
  if (subject.starts_with(kLog) &&
      means(text, plan::CallMeaning::kExponential, program_.catalogue->vocabulary()))
    return {subject.substr(kLog.size())};
  return with(op->name + "_", subject, "");
}

std::vector<std::string> Subjects::names_for(ValueId id, const Names& names, Random& random) const {
  const plan::Value& v = value(id);
  Words roles;
  for (const std::string& role : v.names)
    if (is_usable(role)) roles.push_back(role);
  const bool has_role = !roles.empty();
  if (!has_role && is_usable(v.hint)) roles.push_back(v.hint);
  const Source source = source_of(id);
  constexpr int kDepth = 4;
  Words subjects;
  for (const ValueId each : operands_of_step(id))
    if (std::string about = subject(each, names, kDepth);
        !about.empty() && std::ranges::find(subjects, about) == subjects.end())
      subjects.push_back(std::move(about));
  const std::string about = subject(main_operand(id), names, kDepth);
  const bool several = v.type.rank() > 0;
  Words said;
  if (!has_role) said = names_by_operation(source, v, about);
  const bool by_operation = !said.empty();
  for (const std::string& role : roles)
    if (std::string name = compound(role, about, several); !name.empty())
      said.push_back(std::move(name));
  const double draw = random.uniform();
  // Members of a family, whose steps are no entries, choose their words themselves, but for what
  // they have made of an argument.
  const bool written_here =
      source.node && v.hint != "updated" && program_.catalogue->find(source.node->op) == nullptr;
  Words out;
  if (!roles.empty()) {
    const bool vague = is_vague(roles.front());
    // A role of an idiom says most of what there is to say; an operation's own word does not.
    const double share = vague                          ? 1
                         : by_operation                 ? 0.95
                         : !has_role                    ? 0.9
                         : is_participle(roles.front()) ? 0.25
                                                        : 0;
    if (draw < share && !written_here) out = said;
    const std::vector<ValueId> operands = operands_of_step(id);
    const bool alike = operands.size() == 2 && weight(operands[0]) == weight(operands[1]);
    const double joint = !alike ? 0 : vague ? 0.8 : has_role ? 0 : 0.5;
    if (source.node && draw < joint)
      for (std::string& name : joint_names(*source.node, subjects)) out.insert(out.begin(), name);
    // Another role that says more.
    constexpr double kOther = 0.75;
    if (vague)
      std::ranges::stable_partition(roles, [](const auto& role) { return !says_nothing(role); });
    if (has_role && !says_nothing(roles.front()) && vague && draw < kOther)
      out.insert(out.begin(), roles.front());
    // "layer_norm_out": what the whole of its idiom gives.
    if (vague && has_role && out.empty() && says_nothing(roles.front()) && source.node)
      out = name_by_idiom(*source.node);
  }
  out.insert(out.end(), roles.begin(), roles.end());
  out.insert(out.end(), said.begin(), said.end());
  std::erase_if(out, [](const std::string& name) { return !is_usable(name); });
  // The same again has a number.
  if (out.empty()) out = {several ? "values" : "value", "output", "result"};
  return out;
}

}  // namespace jaxsmith::source
