#include "source/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "source/names.h"
#include "source/spellings.h"
#include "source/statements.h"

namespace jaxsmith::source {

namespace {

using Words = std::vector<std::string>;

// Of modules so many have settings where their steps allow it, and so many functions of these.
constexpr double kSettled = 0.3, kFunction = 0.6, kSecond = 0.35;
// Of functions with static ones so many are compiled by themselves, and so many calls say them.
constexpr double kCompiled = 0.35, kSaid = 0.4;
// A step that is written twice, for two values of a setting, is short.
constexpr std::size_t kShortStep = 48;

Expr make(ExprKind kind, std::string text, std::vector<Expr> items = {}) {
  return std::make_shared<Expression>(Expression{kind, std::move(text), std::move(items)});
}

// A setting: what it may be called, its value, whether Python needs to know it, and what it is for.
struct Setting {
  Words names;
  Expr value;
  const char* type = "int";
  bool is_static = true;
  std::string means = {};
};

// What a setting may be called and what it is for.
struct Wording {
  Words names;
  const char* means = "";
};

bool is_integer(const Expr& e) {
  if (e->kind == ExprKind::kUnary && e->text == "-") return is_integer(e->items[0]);
  return e->kind == ExprKind::kNumber &&
         std::ranges::all_of(e->text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool is_small_real(const Expr& e) {
  return e->kind == ExprKind::kNumber && e->text.find("e-") != std::string::npos;
}

// A number that somebody has chosen: 0.3, but not the half or the two of a formula.
bool is_factor(const Expr& e) {
  if (e->kind != ExprKind::kNumber || e->text.find('.') == std::string::npos) return false;
  static const std::set<std::string> kOfFormulas = {"0.5", "1.0", "2.0", "3.0", "4.0", "0.25"};
  return !is_small_real(e) && !kOfFormulas.contains(e->text);
}

// What Python writes for a value that may be a default, and its type; null: it is none.
const char* type_of(const Expr& e) {
  if (is_integer(e)) return "int";
  if (e->kind == ExprKind::kString) return "str";
  if (e->kind == ExprKind::kName && (e->text == "True" || e->text == "False")) return "bool";
  const bool axes = e->kind == ExprKind::kTuple && e->items.size() > 1 &&
                    std::ranges::all_of(e->items, is_integer);
  return axes ? "tuple" : nullptr;
}

// Keyword arguments that steer shapes, loops or ways, by what they are called as parameters.
const std::map<std::string, Wording, std::less<>>& keywords() {
  static const std::map<std::string, Wording, std::less<>> kWords = {
      {"axis", {{"axis"}, "axis to work along"}},
      {"length", {{"n_steps", "num_steps", "length"}, "number of steps"}},
      {"mode", {{"mode", "boundary"}, "what stands beyond the border"}},
      {"num_segments", {{"num_segments", "n_groups"}, "number of groups"}},
      {"num", {{"num_points", "n_points"}, "number of points"}},
      {"k", {{"k", "diagonal"}, "which diagonal, counted from the main one"}},
      {"side", {{"side"}, "on which side of equal entries to insert"}},
      {"method", {{"method"}, "how it is computed"}},
      {"padding", {{"padding"}, "how borders are padded"}},
      {"reverse", {{"reverse"}, "whether to go from the end to the beginning"}},
      {"ddof", {{"ddof"}, "degrees of freedom taken off the count"}},
      {"lower", {{"lower"}, "whether the triangle is the lower one"}},
      {"approximate", {{"approximate"}, "whether to use the faster approximation"}},
      {"stable", {{"stable"}, "whether equal entries keep their order"}},
      {"descending", {{"descending"}, "whether the largest comes first"}},
      {"unroll", {{"unroll"}, "how many steps a round of the loop does"}},
      {"size", {{"size", "max_count"}, "static number of entries in the result"}},
      {"fill_value", {{"fill_value"}, "what fills places without an entry"}},
      {"num_classes", {{"num_classes"}, "number of classes"}},
      {"length_scale", {{"length_scale"}, "distance over which the kernel decays"}},
      {"indexing", {{"indexing"}, "order of the axes, Cartesian or by matrix index"}}};
  return kWords;
}

// The same of arguments by their places.
struct Place {
  const char* function;
  std::size_t argument, of;  // of how many arguments at least
  Wording wording;
  bool random = false;  // of the module of random numbers
};

const std::vector<Place>& places() {
  static const std::vector<Place> kPlaces = {
      {"range", 0, 1, {{"n_steps", "num_steps", "n_rounds"}, "number of steps"}},
      {"fori_loop", 1, 4, {{"n_steps", "num_iterations", "n_iter"}, "number of iterations"}},
      {"one_hot", 1, 2, {{"num_classes", "n_classes"}, "number of classes"}},
      {"linspace", 2, 3, {{"num_points", "n_points"}, "number of points"}},
      {"top_k", 1, 2, {{"k", "num_kept"}, "how many of the largest entries to keep"}},
      {"roll", 1, 2, {{"shift", "lag"}, "by how many places to shift"}},
      {"arange", 0, 1, {{"size", "n"}, "number of positions"}},
      {"eye", 0, 1, {{"dim", "n"}, "number of rows"}},
      {"repeat", 1, 2, {{"repeats", "factor"}, "how often each entry comes"}},
      {"matrix_power", 1, 2, {{"power", "n_steps"}, "how often the matrix is applied"}},
      {"split", 1, 2, {{"num_parts", "n_blocks"}, "number of parts"}},
      {"split", 1, 2, {{"num_samples", "n_draws"}, "number of independent draws"}, true}};
  return kPlaces;
}

// Other calls of the module of a function that give what it gives of the same, and what says which.
struct Way {
  const char* function;
  const char* other;
  const char* value;
  const char* other_value;
  Words names;
};

const std::vector<Way>& ways() {
  static const Words kReduction = {"reduction", "reduce", "how"},
                     kActivation = {"activation", "nonlinearity"}, kScale = {"scaling", "scale_by"};
  static const std::vector<Way> kWays = {
      {"jnp.mean", "sum", "mean", "sum", kReduction},
      {"jnp.sum", "mean", "sum", "mean", kReduction},
      {"jnp.max", "mean", "max", "mean", kReduction},
      {"jnp.min", "max", "min", "max", kReduction},
      {"jnp.tanh", "arctan", "tanh", "arctan", kActivation},
      {"nn.relu", "gelu", "relu", "gelu", kActivation},
      {"nn.gelu", "relu", "gelu", "relu", kActivation},
      {"nn.silu", "relu", "silu", "relu", kActivation},
      {"nn.softplus", "relu", "softplus", "relu", kActivation},
      {"nn.sigmoid", "hard_sigmoid", "sigmoid", "hard_sigmoid", kActivation},
      {"jnp.std", "var", "std", "var", kScale}};
  return kWays;
}

// Calls that give what has the type of their first argument: steps that may be left out.
const std::map<std::string, Words, std::less<>>& optional_steps() {
  static const std::map<std::string, Words, std::less<>> kSteps = {
      {"jnp.clip", {"clip", "bounded"}},           {"jnp.tanh", {"squash", "bounded"}},
      {"nn.relu", {"rectify", "use_activation"}},  {"nn.gelu", {"use_activation", "activate"}},
      {"jnp.flip", {"reverse", "flipped"}},        {"jnp.sort", {"sort", "ordered"}},
      {"jnp.log1p", {"log_scale", "compress"}},    {"jnp.abs", {"absolute", "unsigned"}},
      {"nn.softmax", {"normalize", "as_weights"}}, {"jnp.cumsum", {"cumulative", "accumulate"}}};
  return kSteps;
}

// "jnp.mean", "nn.relu": the last part of the module and the function; empty: it is no such call.
std::string qualified(const Expr& call) {
  const std::string_view function = called(call);
  if (function.empty() || call->items[0]->items.empty()) return {};
  std::string module = print(call->items[0]->items[0]);
  module = module.substr(module.rfind('.') + 1);
  return (module == "numpy" ? "jnp" : module) + "." + std::string(function);
}

// f(…)(…): what such a call gives is named where it does not fit on a line.
bool curried(const Expr& e) {
  if (!e) return false;
  if (e->kind == ExprKind::kCall && e->items[0]->kind == ExprKind::kCall) return true;
  return std::ranges::any_of(e->items, curried);
}

// ---- Literals

// A literal of a call: the argument, and what it is.
struct Literal {
  std::size_t item;
  Setting setting;
};

std::vector<Literal> literals_of(const Expr& e) {
  std::vector<Literal> out;
  const std::string_view function = called(e);
  for (std::size_t i = 1; i < e->items.size() && !function.empty(); ++i) {
    const Expr& item = e->items[i];
    if (item->kind != ExprKind::kKeyword) continue;
    const auto known = keywords().find(item->text);
    const char* type = type_of(item->items[0]);
    if (known != keywords().end() && type != nullptr)
      out.push_back({i, {known->second.names, item->items[0], type, true, known->second.means}});
  }
  for (const Place& place : places()) {
    if (function != place.function || e->items.size() <= place.of) continue;
    const std::string module =
        print(e->items[0]->items.empty() ? e->items[0] : e->items[0]->items[0]);
    if ((module.ends_with("random") || module == "jr") != place.random) continue;
    const Expr& item = e->items[place.argument + 1];
    if (place.of == 1 && e->items.size() > 2 && e->items[2]->kind != ExprKind::kKeyword) continue;
    const Wording& said = place.wording;
    if (is_integer(item))
      out.push_back({place.argument + 1, {said.names, item, "int", true, said.means}});
  }
  if (e->kind != ExprKind::kBinary) return out;
  if (e->text == "+" && is_small_real(e->items[1]))
    out.push_back({1,
                   {{"eps", "epsilon"},
                    e->items[1],
                    "float",
                    false,
                    "small constant that keeps the result finite"}});
  if (e->text == "**" && is_integer(e->items[1]) && e->items[0]->kind == ExprKind::kName &&
      e->items[1]->text != "2")
    out.push_back(
        {1, {{"power", "order", "exponent"}, e->items[1], "int", true, "exponent of the power"}});
  if (e->text == "*" && is_factor(e->items[0]))
    out.push_back({0,
                   {{"rate", "scale", "strength"},
                    e->items[0],
                    "float",
                    false,
                    "factor of " + (e->items[1]->kind == ExprKind::kName
                                        ? "`" + e->items[1]->text + "`"
                                        : std::string("the term that it multiplies"))}});
  return out;
}

std::string key_of(const Setting& s) { return s.names[0] + " " + print(s.value); }

Expr with_literal(const Expr& e, const std::string& key, const Expr& to) {
  for (const Literal& literal : literals_of(e)) {
    if (key_of(literal.setting) != key) continue;
    std::vector<Expr> items = e->items;
    const Expr& old = items[literal.item];
    items[literal.item] =
        old->kind == ExprKind::kKeyword ? make(ExprKind::kKeyword, old->text, {to}) : to;
    return with_literal(make(e->kind, e->text, std::move(items)), key, to);
  }
  return e;
}

// ---- Functions

class Settling {
 public:
  Settling(Module& module, const plan::Vocabulary& words, const SettingsStyle& style,
           Random& random)
      : module_(module), words_(words), style_(style), random_(random) {
    for (const FunctionDefinition& f : module.functions) top_.insert(f.name);
    for (const ClassDefinition& c : module.classes) top_.insert(c.name);
    for (const Assign& a : module.constants) top_.insert(a.targets[0]);
  }

  void settle(FunctionDefinition& f) {
    if (!f.decorators.empty() || f.parameters.empty()) return;
    const std::size_t before = f.parameters.size();
    bool is_static = give_one(f);
    if (f.parameters.size() == before) return;
    if (random_.chance(kSecond)) is_static = give_one(f) || is_static;
    if (is_static) {
      if (style_.compiled && random_.chance(kCompiled)) compile(f, before);
      say(f, before);
    }
  }

 private:
  // Whether what it gave is static.
  bool give_one(FunctionDefinition& f) {
    const double draw = random_.uniform();
    const bool branches = std::ranges::any_of(
        f.body, [](const Statement& s) { return std::holds_alternative<If>(s); });
    if (!branches && draw < 0.3 && (give_way(f) || give_optional(f) || give_return(f))) return true;
    if (!branches && draw > 0.8 && give_return(f)) return true;
    return give_literal(f);
  }

  std::optional<std::string> claim(const FunctionDefinition& f, const Words& words) {
    const Mentioned mentioned(f);
    Words free;
    for (const std::string& word : words)
      if (is_usable(word) && !mentioned.has(word) && !top_.contains(word)) free.push_back(word);
    if (free.empty()) return std::nullopt;
    return random_.chance(0.7) ? free[0] : random_.pick(free);
  }

  void add_parameter(FunctionDefinition& f, const std::string& word, const Setting& s) {
    const std::string type = s.type == std::string("tuple") ? "tuple[int, ...]" : s.type;
    const bool only = style_.keyword_only || f.parameters.back().keyword_only;
    f.parameters.push_back({word, style_.annotated ? parsed(type) : nullptr, s.value, only});
    std::string means = s.means;
    if (!means.empty()) means[0] = static_cast<char>(std::toupper(means[0]));
    f.docstring.arguments.push_back({word, type, means.empty() ? "" : means + "."});
  }

  bool give_literal(FunctionDefinition& f) {
    std::map<std::string, Setting> found;
    rewrite(f.body, [&](const Expr& e) {
      for (const Literal& literal : literals_of(e))
        found.emplace(key_of(literal.setting), literal.setting);
      return e;
    });
    if (found.empty()) return false;
    std::vector<std::string> keys;
    for (const auto& [key, setting] : found) keys.push_back(key);
    const std::string key = random_.pick(keys);
    const Setting setting = found.at(key);
    const auto word = claim(f, setting.names);
    if (!word) return false;
    bool fits = true;
    std::vector<Statement> body = f.body;
    rewrite(body, [&](const Expr& e) {
      const Expr to = with_literal(e, key, name(*word));
      fits = fits && (to == e || !curried(to) || print(to).size() < 48);
      return to;
    });
    if (!fits || stands_elsewhere(body, setting.value)) return false;
    f.body = std::move(body);
    add_parameter(f, *word, setting);
    return setting.is_static;
  }

  // Whether a number, or what it lacks to one, is written in other places too: these would have to
  // change with it. Small whole numbers are anywhere.
  static bool stands_elsewhere(std::vector<Statement>& body, const Expr& value) {
    constexpr double kSmallest = 3;
    if (value->kind != ExprKind::kNumber) return false;
    const double number = *number_of(value);
    if (is_integer(value) && number < kSmallest) return false;
    bool found = false;
    rewrite(body, [&](const Expr& e) {
      if (e->kind != ExprKind::kNumber) return e;
      const double other = *number_of(e);
      found = found || other == number || std::abs(other - (1 - number)) < 1e-9;
      return e;
    });
    return found;
  }

  // x = jnp.mean(e) becomes the branch of `reduction == "mean"`.
  bool give_way(FunctionDefinition& f) {
    for (std::size_t i = 0; i < f.body.size(); ++i) {
      const auto* a = std::get_if<Assign>(&f.body[i]);
      const auto* r = std::get_if<Return>(&f.body[i]);
      const Expr value = a && a->targets.size() == 1 ? a->value : r ? r->value : nullptr;
      if (!value || called(value).empty() || print(value).size() > kShortStep) continue;
      const auto way = std::ranges::find_if(
          ways(), [&](const Way& w) { return qualified(value) == w.function; });
      const std::string target = a ? a->targets[0] : f.name;
      if (way != ways().end() && (says_which(f, target, *way) || !may_be_either(target, *way)))
        continue;
      const bool prefixed = value->items[0]->kind == ExprKind::kAttribute &&
                            value->items[0]->items[0]->kind != ExprKind::kCall;
      if (way == ways().end() || !prefixed || !usual(value->items[0])) continue;
      const auto word = claim(f, way->names);
      if (!word) continue;
      std::vector<Expr> items = value->items;
      items[0] = make(ExprKind::kAttribute, way->other, items[0]->items);
      const Expr other = make(ExprKind::kCall, "", std::move(items));
      const auto step = [&](const Expr& e) {
        return std::make_shared<Block>(
            Block{{a ? Statement(Assign{a->targets, e}) : Statement(Return{e})}});
      };
      const bool turned = random_.chance(0.35);
      If branch{
          make(ExprKind::kCompare, "==",
               {name(*word), make(ExprKind::kString, turned ? way->other_value : way->value)}),
          step(turned ? other : value), nullptr};
      const Statement last = r ? Statement(Return{turned ? value : other}) : f.body[i];
      if (a) branch.otherwise = step(turned ? value : other);
      f.body[i] = std::move(branch);
      if (r) f.body.push_back(last);
      add_parameter(f, *word,
                    {{},
                     make(ExprKind::kString, way->value),
                     "str",
                     true,
                     fmt::format("\"{}\" or \"{}\"", way->value, way->other_value)});
      return true;
    }
    return false;
  }

  // A loss is summed up or averaged as the caller wants; a variance is a mean.
  static bool may_be_either(const std::string& target, const Way& way) {
    static const Words kEither = {"loss", "cost",  "penalty", "error",  "misfit", "objective",
                                  "nll",  "score", "energy",  "pooled", "reward", "divergence"};
    return way.names.front() != "reduction" ||
           std::ranges::any_of(kEither, [&](const std::string& word) {
             return target.find(word) != std::string::npos;
           });
  }

  // Whether a name, or what the function says of itself, is true of one of the two ways alone.
  static bool says_which(const FunctionDefinition& f, const std::string& target, const Way& way) {
    static const std::map<std::string, Words, std::less<>> kSaid = {
        {"mean", {"mean", "average", "typical"}},
        {"sum", {"sum", "total", "mass"}},
        {"max", {"max", "peak", "largest", "highest", "best"}},
        {"min", {"min", "lowest", "smallest", "floor"}},
        {"std", {"std", "deviation", "spread", "sigma"}},
        {"var", {"var", "spread"}},
        {"relu", {"relu", "rectif"}},
        {"tanh", {"tanh", "squash"}}};
    std::string text = f.name + " " + target + " " + f.docstring.summary;
    for (const Described& result : f.docstring.results) text += " " + result.name + result.text;
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto says = [&](const char* value) {
      const auto found = kSaid.find(std::string_view(value));
      const Words words = found == kSaid.end() ? Words{value} : found->second;
      return std::ranges::any_of(
          words, [&](const std::string& word) { return text.find(word) != std::string::npos; });
    };
    return says(way.value) || says(way.other_value);
  }

  // Whether a function is the usual module's, or one below it.
  bool usual(const Expr& function) const {
    const std::string text = print(function);
    return std::ranges::any_of(words_.usual_prefixes,
                               [&](const std::string& p) { return text.starts_with(p); });
  }

  // y = jnp.tanh(x) becomes a step that may be left out, where nothing needs x any more.
  bool give_optional(FunctionDefinition& f) {
    for (std::size_t i = 0; i + 1 < f.body.size(); ++i) {
      const auto* a = std::get_if<Assign>(&f.body[i]);
      if (!a || a->targets.size() != 1 || called(a->value).empty() || a->value->items.size() < 2 ||
          a->value->items[1]->kind != ExprKind::kName || !usual(a->value->items[0]))
        continue;
      const auto step = optional_steps().find(qualified(a->value));
      const std::string from = a->value->items[1]->text, to = a->targets[0];
      if (step == optional_steps().end() || !may_become(f, i, from, to)) continue;
      const auto word = claim(f, step->second);
      if (!word) continue;
      const Expr value = a->value;
      f.body[i] = If{name(*word), std::make_shared<Block>(Block{{Assign{{from}, value}}}), nullptr};
      std::vector<Statement> rest(f.body.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                  f.body.end());
      rewrite(rest, [&](const Expr& e) {
        return e->kind == ExprKind::kName && e->text == to ? name(from) : e;
      });
      f.body.resize(i + 1);
      f.body.insert(f.body.end(), rest.begin(), rest.end());
      add_parameter(f, *word,
                    {{},
                     name("True"),
                     "bool",
                     true,
                     fmt::format("whether `{}` goes through {}", from, qualified(value))});
      return true;
    }
    return false;
  }

  // Whether `from` is a name of the function's own that nothing reads after step `at`, nor any
  // function, loop or branch within, and `to` is given once.
  static bool may_become(const FunctionDefinition& f, std::size_t at, const std::string& from,
                         const std::string& to) {
    bool own =
        std::ranges::any_of(f.parameters, [&](const Parameter& p) { return p.name == from; });
    for (std::size_t i = 0; i < f.body.size(); ++i) {
      const Mentioned in(std::vector<Statement>{f.body[i]});
      const auto* a = std::get_if<Assign>(&f.body[i]);
      const Statement& s = f.body[i];
      const bool block = std::holds_alternative<Definition>(s) || std::holds_alternative<For>(s) ||
                         std::holds_alternative<If>(s);
      if (block && (in.has(from) || in.has(to))) return false;  // it may give them anew
      if (i > at && in.has(from)) return false;
      if (i < at && a && a->targets == Words{from}) own = true;
      if (i != at && a && std::ranges::count(a->targets, to) > 0) return false;
    }
    return own;
  }

  // return x, state becomes two: with the last, and without.
  bool give_return(FunctionDefinition& f) {
    if (f.body.empty() || f.returns) return false;
    const auto* r = std::get_if<Return>(&f.body.back());
    if (!r || r->value->kind != ExprKind::kTuple || r->value->items.size() < 2) return false;
    const std::vector<Expr>& items = r->value->items;
    if (std::ranges::any_of(items, [](const Expr& e) { return e->kind == ExprKind::kTuple; }))
      return false;
    const std::string last = items.back()->kind == ExprKind::kName ? items.back()->text : "aux";
    const auto word = claim(f, {"return_" + last, "with_" + last, "full_output"});
    if (!word) return false;
    const std::vector<Expr> fewer(items.begin(), items.end() - 1);
    const Return all = *r, some{fewer.size() == 1 ? fewer[0] : tuple(fewer)};
    const bool negated = random_.chance(0.35);
    f.body.back() = If{negated ? make(ExprKind::kUnary, "not", {name(*word)}) : name(*word),
                       std::make_shared<Block>(Block{{negated ? some : all}}), nullptr};
    f.body.push_back(negated ? all : some);
    add_parameter(f, *word,
                  {{}, name("True"), "bool", true, "whether the last result is returned too"});
    if (!f.docstring.results.empty())
      f.docstring.results.back().text += " Only with `" + *word + "`.";
    return true;
  }

  // What is static of the parameters from `first` on, by name or by place.
  void compile(FunctionDefinition& f, std::size_t first) {
    std::vector<Expr> names, numbers;
    bool placed = true;
    for (std::size_t i = first; i < f.parameters.size(); ++i) {
      const Parameter& p = f.parameters[i];
      if (!type_of(p.default_value)) continue;
      names.push_back(make(ExprKind::kString, p.name));
      numbers.push_back(number(std::to_string(i)));
      placed = placed && !p.keyword_only;
    }
    const bool by_place = placed && random_.chance(0.35);
    const std::vector<Expr>& which = by_place ? numbers : names;
    const Expr given = which.size() == 1 && random_.chance(0.35) ? which[0] : tuple(which);
    const std::string& whole = words_.compiler;
    const Expr jit = parsed(random_.chance(0.9) ? whole : whole.substr(whole.rfind('.') + 1));
    f.decorators.push_back(call(
        random_.chance(0.4) ? name("partial") : parsed("functools.partial"),
        {jit, make(ExprKind::kKeyword, by_place ? "static_argnums" : "static_argnames", {given})}));
  }

  // Callers in the module say what is static, some of them.
  void say(const FunctionDefinition& f, std::size_t first) {
    for (FunctionDefinition& caller : module_.functions) {
      if (caller.name == f.name || !random_.chance(kSaid)) continue;
      std::vector<Statement> body = caller.body;
      rewrite(body, [&](const Expr& e) {
        const bool calls = e->kind == ExprKind::kCall && e->items[0]->kind == ExprKind::kName &&
                           e->items[0]->text == f.name;
        if (!calls) return e;
        std::vector<Expr> items = e->items;
        for (std::size_t i = first; i < f.parameters.size(); ++i)
          if (const Parameter& p = f.parameters[i]; type_of(p.default_value))
            items.push_back(make(ExprKind::kKeyword, p.name, {p.default_value}));
        return make(ExprKind::kCall, "", std::move(items));
      });
      caller.body = std::move(body);
    }
  }

  Module& module_;
  const plan::Vocabulary& words_;
  const SettingsStyle& style_;
  Random& random_;
  std::set<std::string> top_;
};

}  // namespace

void give_settings(Module& module, const plan::Vocabulary& words, const SettingsStyle& style,
                   Random random) {
  random = random.fork("settings");
  if (!words.imports.contains("functools") || !random.chance(kSettled)) return;
  Settling settling(module, words, style, random);
  for (FunctionDefinition& f : module.functions)
    if (random.chance(kFunction)) settling.settle(f);
}

}  // namespace jaxsmith::source
