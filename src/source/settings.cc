#include "source/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "base/word_list.h"
#include "plan/argument_roles.h"
#include "source/names.h"
#include "source/spellings.h"
#include "source/statements.h"
#include "source/wording.h"

namespace jaxsmith::source {

namespace {

using Words = std::vector<std::string>;

// Of modules so many have settings where their steps allow it, and so many functions of these. The
// entry is what others call: it has them most often, and it alone has branches.
constexpr double kSettled = 0.36, kFunction = 0.6, kEntry = 0.9, kSecond = 0.35;
// Of functions with static ones so many are compiled by themselves, and so many calls say them.
constexpr double kCompiled = 0.5, kSaid = 0.4;
// A step that is written twice, for two values of a setting, is short.
constexpr std::size_t kShortStep = 48;

// A setting: what it may be called, its value, whether Python needs to know it, and what it is for.
struct Setting {
  Words names;
  Expr value;
  const char* type = "int";
  bool is_static = true;
  std::string means = {};
};

bool is_integer(const Expr& e) {
  if (e->kind == ExprKind::kUnary && e->text == "-") return is_integer(e->items[0]);
  return e->kind == ExprKind::kNumber &&
         std::ranges::all_of(e->text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool is_small_real(const Expr& e) {
  return e->kind == ExprKind::kNumber && e->text.find("e-") != std::string::npos;
}

// A number that somebody has chosen: 0.3, 0.99, but no half or quarter, no whole number and no
// constant that has more digits than people choose by.
bool is_factor(const Expr& e) {
  if (e->kind != ExprKind::kNumber || is_small_real(e)) return false;
  const std::size_t point = e->text.find('.');
  if (point == std::string::npos || e->text.find('e') != std::string::npos) return false;
  std::string digits = e->text.substr(0, point) + e->text.substr(point + 1);
  digits.erase(0, digits.find_first_not_of('0'));
  constexpr std::size_t kChosen = 2;
  const bool nines = digits.find_first_not_of('9') == std::string::npos;
  if (digits.empty() || (digits.size() > kChosen && !nines)) return false;
  const double value = *number_of(e), quarters = value * 4;
  return quarters != std::floor(quarters);
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

// The last part of the module and the function; empty: it is no such call.
std::string qualified(const Expr& call, const plan::SettingTables& tables) {
  const std::string_view function = called(call);
  if (function.empty() || call->items[0]->items.empty()) return {};
  std::string module = print(call->items[0]->items[0]);
  module = module.substr(module.rfind('.') + 1);
  if (const auto known = tables.module_names.find(module); known != tables.module_names.end())
    module = known->second;
  return module + "." + std::string(function);
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

// What a factor is called after what it multiplies; empty: that says too little.
Words names_of_factor(const std::string& of) {
  constexpr std::size_t kShortest = 3, kLongest = 16;
  const auto says = [&](std::string_view words) {
    const Words parts = plan::words_of_name(of);
    return std::ranges::any_of(parts,
                               [&](const std::string& part) { return is_word_of(words, part); });
  };
  if (of.size() < kShortest || of.size() > kLongest || is_vague(of)) return {};
  if (std::ranges::any_of(of, [](unsigned char c) { return std::isdigit(c) != 0; })) return {};
  if (says("grad grads gradient gradients")) return {"step_size", "learning_rate"};
  if (says("momentum moment moments average")) return {"decay", "beta"};
  const std::string one = singular(of);
  if (says("loss penalty entropy kl divergence cost regularizer")) return {one + "_weight"};
  return {one + "_scale", one + "_factor"};
}

std::vector<Literal> literals_of(const Expr& e, const plan::Vocabulary& words) {
  std::vector<Literal> out;
  const plan::SettingTables& tables = words.settings;
  const std::string_view function = called(e);
  for (std::size_t i = 1; i < e->items.size() && !function.empty(); ++i) {
    const Expr& item = e->items[i];
    if (item->kind != ExprKind::kKeyword) continue;
    const auto known = tables.arguments.find(item->text);
    const char* type = type_of(item->items[0]);
    if (known != tables.arguments.end() && type != nullptr)
      out.push_back({i, {known->second.names, item->items[0], type, true, known->second.means}});
  }
  for (const plan::SettingPlace& place : tables.places) {
    if (function != place.function || e->items.size() <= place.of) continue;
    if (draws_numbers(e, words) != place.random) continue;
    const Expr& item = e->items[place.argument + 1];
    if (place.of == 1 && e->items.size() > 2 && e->items[2]->kind != ExprKind::kKeyword) continue;
    const plan::SettingWords& said = place.words;
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
  if (e->text == "*" && is_factor(e->items[0]) && e->items[1]->kind == ExprKind::kName)
    if (Words names = names_of_factor(e->items[1]->text); !names.empty())
      out.push_back({0,
                     {std::move(names), e->items[0], "float", false,
                      "factor of `" + e->items[1]->text + "`"}});
  return out;
}

std::string key_of(const Setting& s) { return s.names[0] + " " + print(s.value); }

Expr with_literal(const Expr& e, const std::string& key, const Expr& to,
                  const plan::Vocabulary& words) {
  for (const Literal& literal : literals_of(e, words)) {
    if (key_of(literal.setting) != key) continue;
    std::vector<Expr> items = e->items;
    const Expr& old = items[literal.item];
    items[literal.item] =
        old->kind == ExprKind::kKeyword ? make(ExprKind::kKeyword, old->text, {to}) : to;
    return with_literal(make(e->kind, e->text, std::move(items)), key, to, words);
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
    entry_ = &f == &module_.functions.back();
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
    if (!entry_ || branches) return give_literal(f);
    if (draw < 0.45 && (give_way(f) || give_optional(f) || give_return(f))) return true;
    if (draw > 0.65 && give_return(f)) return true;
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
      for (const Literal& literal : literals_of(e, words_))
        found.emplace(key_of(literal.setting), literal.setting);
      return e;
    });
    // What says which of several ways to go is for those who call the module.
    if (!entry_)
      std::erase_if(found, [](const auto& each) {
        const std::string_view type = each.second.type;
        return type == "str" || type == "bool";
      });
    if (found.empty()) return false;
    std::vector<std::string> keys;
    for (const auto& [key, setting] : found) keys.push_back(key);
    const std::string key = random_.pick(keys);
    const Setting setting = found.at(key);
    if (is_one_of_several(found, key) || !may_vary(f, key, setting)) return false;
    const auto word = claim(f, setting.names);
    if (!word) return false;
    bool fits = true;
    std::vector<Statement> body = f.body;
    rewrite(body, [&](const Expr& e) {
      const Expr to = with_literal(e, key, name(*word), words_);
      fits = fits && (to == e || !curried(to) || print(to).size() < 48);
      return to;
    });
    if (!fits || stands_elsewhere(body, setting)) return false;
    f.body = std::move(body);
    add_parameter(f, *word, setting);
    return setting.is_static;
  }

  // Whether the function has other literals of the kind: axis=0 beside axis=1.
  static bool is_one_of_several(const std::map<std::string, Setting>& found,
                                const std::string& key) {
    const std::string& kind = found.at(key).names[0];
    return std::ranges::any_of(found, [&](const auto& other) {
      return other.first != key && other.second.names[0] == kind;
    });
  }

  // Whether a number, or one that follows from it, is written in other places too: these would have
  // to change with it. Small whole numbers are anywhere.
  static bool stands_elsewhere(std::vector<Statement>& body, const Setting& setting) {
    constexpr double kSmallest = 3;
    if (setting.value->kind != ExprKind::kNumber) return false;
    const double number = *number_of(setting.value);
    const bool whole = is_integer(setting.value);
    if (whole && number < kSmallest) return false;
    const auto follows = [&](double other) {
      if (other == number || other == -number) return true;
      if (!whole && std::abs(other - (1 - number)) < 1e-9) return true;
      if (!whole) return other == 2 * number || 2 * other == number;
      const bool next = std::abs(other - number) == 1 && other >= kSmallest - 1;
      return next || other == 2 * number || (other >= kSmallest && 2 * other == number);
    };
    bool found = false;
    rewrite(body, [&](const Expr& e) {
      found = found || (e->kind == ExprKind::kNumber && follows(*number_of(e)));
      return e;
    });
    return found;
  }

  // Whether the steps around a literal go on with another value of it.
  bool may_vary(const FunctionDefinition& f, const std::string& key, const Setting& s) const {
    const std::string& kind = s.names[0];
    if (kind == "axis") return may_vary_axis(f, key);
    std::vector<Statement> body = f.body;
    bool indexes = false, fixed = false;
    rewrite(body, [&](const Expr& e) {
      const auto has_name = [](const auto& self, const Expr& at) -> bool {
        return at && (at->kind == ExprKind::kName ||
                      std::ranges::any_of(at->items, [&](const Expr& x) { return self(self, x); }));
      };
      indexes = indexes || words_.settings.placing.contains(called(e)) ||
                (e->kind == ExprKind::kSubscript && has_name(has_name, e->items[1]));
      for (const Literal& literal : literals_of(e, words_))
        if (key_of(literal.setting) == key)
          fixed = fixed || std::ranges::any_of(e->items, holds_list);
      return e;
    });
    // A counter that is a place ends with the array.
    if (kind == "n_steps" && indexes) return false;
    // As many parts as there are names for them.
    for (const Statement& each : f.body)
      if (const auto* a = std::get_if<Assign>(&each); a && a->targets.size() > 1)
        fixed = fixed ||
                (words_.settings.parting.contains(called(a->value)) && has_literal(a->value, key));
    return !fixed;
  }

  static bool holds_list(const Expr& e) {
    return e && (e->kind == ExprKind::kList || std::ranges::any_of(e->items, holds_list));
  }

  bool has_literal(const Expr& e, const std::string& key) const {
    const std::vector<Literal> literals = literals_of(e, words_);
    return std::ranges::any_of(literals,
                               [&](const Literal& each) { return key_of(each.setting) == key; });
  }

  // What keeps the shape may go along any axis, and so may what is returned; with the axis kept
  // where nothing else has to fit it.
  bool may_vary_axis(const FunctionDefinition& f, const std::string& key) const {
    const plan::SettingTables& tables = words_.settings;
    const auto* r = f.body.empty() ? nullptr : std::get_if<Return>(&f.body.back());
    std::vector<Statement> body = f.body;
    bool free = true;
    rewrite(body, [&](const Expr& e) {
      const bool matrix = e->kind == ExprKind::kBinary && e->text == "@";
      const bool turned = e->kind == ExprKind::kAttribute && e->text == "T";
      if (matrix || turned || e->kind == ExprKind::kSubscript || tables.fixed.contains(called(e)))
        free = false;
      if (!has_literal(e, key)) return e;
      const bool kept = std::ranges::any_of(e->items, [](const Expr& item) {
        return item->kind == ExprKind::kKeyword && item->text == "keepdims";
      });
      const bool returned = r && r->value == e;
      free = free &&
             (tables.keeping.contains(called(e)) || returned || (kept && f.parameters.size() == 1));
      return e;
    });
    return free;
  }

  // x = mean(e) becomes the branch of `reduction == "mean"`.
  bool give_way(FunctionDefinition& f) {
    for (std::size_t i = 0; i < f.body.size(); ++i) {
      const auto* a = std::get_if<Assign>(&f.body[i]);
      const auto* r = std::get_if<Return>(&f.body[i]);
      const Expr value = a && a->targets.size() == 1 ? a->value : r ? r->value : nullptr;
      if (!value || called(value).empty() || print(value).size() > kShortStep) continue;
      const auto& ways = words_.settings.ways;
      const auto way =
          std::ranges::find(ways, qualified(value, words_.settings), &plan::SettingWay::function);
      const std::string target = a ? a->targets[0] : f.name;
      if (way != ways.end() && (says_which(f, target, *way) || !may_be_either(target, *way)))
        continue;
      const bool prefixed = value->items[0]->kind == ExprKind::kAttribute &&
                            value->items[0]->items[0]->kind != ExprKind::kCall;
      if (way == ways.end() || !prefixed || !usual(value->items[0])) continue;
      const auto word = claim(f, way->names);
      if (!word) continue;
      std::vector<Expr> items = value->items;
      items[0] = make(ExprKind::kAttribute, std::string(way->other), items[0]->items);
      const Expr other = make(ExprKind::kCall, "", std::move(items));
      const auto step = [&](const Expr& e) {
        return std::make_shared<Block>(
            Block{{a ? Statement(Assign{a->targets, e}) : Statement(Return{e})}});
      };
      const bool turned = random_.chance(0.35);
      const std::string one(way->value.text), another(way->other_value.text);
      If branch{make(ExprKind::kCompare,
                     "==", {name(*word), make(ExprKind::kString, turned ? another : one)}),
                step(turned ? other : value), nullptr};
      const Statement last = r ? Statement(Return{turned ? value : other}) : f.body[i];
      if (a) branch.otherwise = step(turned ? value : other);
      f.body[i] = std::move(branch);
      if (r) f.body.push_back(last);
      add_parameter(f, *word,
                    {{},
                     make(ExprKind::kString, one),
                     "str",
                     true,
                     fmt::format("\"{}\" or \"{}\"", one, another)});
      return true;
    }
    return false;
  }

  // A loss is summed up or averaged as the caller wants; a variance is a mean.
  static bool may_be_either(const std::string& target, const plan::SettingWay& way) {
    static const Words kEither = {"loss", "cost",  "penalty", "error",  "misfit", "objective",
                                  "nll",  "score", "energy",  "pooled", "reward", "divergence"};
    return !way.of_losses || std::ranges::any_of(kEither, [&](const std::string& word) {
      return target.find(word) != std::string::npos;
    });
  }

  // Whether a name, or what the function says of itself, is true of one of the two ways alone.
  static bool says_which(const FunctionDefinition& f, const std::string& target,
                         const plan::SettingWay& way) {
    std::string text = f.name + " " + target + " " + f.docstring.summary;
    for (const Described& result : f.docstring.results) text += " " + result.name + result.text;
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto says = [&](const plan::SettingWay::Value& value) {
      return std::ranges::any_of(
          value.words, [&](const std::string& word) { return text.find(word) != text.npos; });
    };
    return says(way.value) || says(way.other_value);
  }

  // Whether a function is the usual module's, or one below it.
  bool usual(const Expr& function) const {
    const std::string text = print(function);
    return std::ranges::any_of(words_.usual_prefixes,
                               [&](const std::string& p) { return text.starts_with(p); });
  }

  // y = tanh(x) becomes a step that may be left out, where nothing needs x any more.
  bool give_optional(FunctionDefinition& f) {
    for (std::size_t i = 0; i + 1 < f.body.size(); ++i) {
      const auto* a = std::get_if<Assign>(&f.body[i]);
      if (!a || a->targets.size() != 1 || called(a->value).empty() || a->value->items.size() < 2 ||
          a->value->items[1]->kind != ExprKind::kName || !usual(a->value->items[0]))
        continue;
      const auto& steps = words_.settings.optional_steps;
      const auto step = steps.find(qualified(a->value, words_.settings));
      const std::string from = a->value->items[1]->text, to = a->targets[0];
      if (step == steps.end() || !may_become(f, i, from, to)) continue;
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
      add_parameter(
          f, *word,
          {{},
           name("True"),
           "bool",
           true,
           fmt::format("whether `{}` goes through {}", from, qualified(value, words_.settings))});
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

  // Whether a function is for this result: a state that callers carry on with, a derivative, or
  // what its name says.
  static bool is_the_point(const std::string& function, const std::string& result) {
    static const std::set<std::string, std::less<>> kCarried = {
        "next", "new", "updated", "final", "state", "grad", "grads", "gradient", "tangent", "cov"};
    for (std::size_t at = 0; at <= result.size();) {
      const std::size_t end = std::min(result.find('_', at), result.size());
      const std::string word = result.substr(at, end - at);
      if (kCarried.contains(word) || (word.size() > 2 && function.find(word) != function.npos))
        return true;
      at = end + 1;
    }
    return false;
  }

  // return x, state becomes two: with the last, and without.
  bool give_return(FunctionDefinition& f) {
    if (f.body.empty() || f.returns) return false;
    const auto* r = std::get_if<Return>(&f.body.back());
    if (!r || r->value->kind != ExprKind::kTuple || r->value->items.size() < 2) return false;
    const std::vector<Expr>& items = r->value->items;
    if (std::ranges::any_of(items, [](const Expr& e) { return e->kind == ExprKind::kTuple; }))
      return false;
    if (items.back()->kind != ExprKind::kName) return false;
    const std::string& last = items.back()->text;
    if (is_the_point(f.name, last)) return false;
    constexpr std::size_t kLetters = 2;
    const auto word =
        claim(f, last.size() > kLetters ? Words{"return_" + last, "with_" + last, "full_output"}
                                        : Words{"full_output"});
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
    f.decorators.push_back(
        call(random_.chance(0.4) ? name("partial") : parsed("functools.partial"),
             {jit, make(ExprKind::kKeyword, by_place ? words_.static_places : words_.static_names,
                        {given})}));
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
  bool entry_ = false;  // whether what is settled is the entry
};

}  // namespace

void give_settings(Module& module, const plan::Vocabulary& words, const SettingsStyle& style,
                   Random random) {
  random = random.fork("settings");
  if (!words.imports.contains("functools") || !random.chance(kSettled)) return;
  Settling settling(module, words, style, random);
  for (FunctionDefinition& f : module.functions)
    if (random.chance(&f == &module.functions.back() ? kEntry : kFunction)) settling.settle(f);
}

}  // namespace jaxsmith::source
