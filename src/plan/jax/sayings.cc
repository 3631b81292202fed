#include "plan/jax/sayings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <utility>

#include "plan/argument_roles.h"
#include "plan/jax/call_table.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/settings.h"
#include "plan/visibility.h"

namespace jaxsmith::plan {
namespace {

using Words = std::vector<std::string>;

// What is said of an axis that a call names: one result of it, or one for each place along it.
enum class Axis { kUnsaid, kReduced, kKept };

struct Row {
  std::string phrase;
  Words names;
  bool open = false;        // further numbers and tuples say nothing
  bool parameters = false;  // options are parameters of a distribution
  Axis axis = Axis::kUnsaid;
};

std::string trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return std::string(text);
}

// "inverse sine of {}" -> inverse_sine; empty where that is no name.
std::string name_in(const std::string& phrase) {
  static const std::array<std::string_view, 3> kJoins = {" of {", " at {", " in {"};
  for (const std::string_view join : kJoins) {
    const std::size_t at = phrase.find(join);
    if (at == std::string::npos) continue;
    std::string name = phrase.substr(0, at);
    std::ranges::replace(name, ' ', '_');
    const bool plain = std::ranges::all_of(
        name, [](char c) { return c == '_' || std::islower(static_cast<unsigned char>(c)); });
    return plain ? name : "";
  }
  return {};
}

std::map<std::string, Row, std::less<>> read_rows() {
  std::map<std::string, Row, std::less<>> rows;
  for (const std::string_view table : {sayings_of_numbers(), sayings_of_arrays()})
    for (const std::string& line : table_lines(table)) {
      const std::size_t equals = line.find(" = "), names = line.find(" # ");
      Row row{trimmed(line.substr(equals + 3, names - equals - 3)), {}};
      if (names != std::string::npos) row.names = table_words(line.substr(names + 3));
      if (const std::size_t mark = row.phrase.rfind('~'); mark != std::string::npos) {
        const std::string of_axis = row.phrase.substr(mark + 1);
        row.open = true;
        row.axis = of_axis == "each"    ? Axis::kReduced
                   : of_axis == "along" ? Axis::kKept
                                        : Axis::kUnsaid;
        row.phrase = trimmed(row.phrase.substr(0, mark));
      }
      if (const std::string own = name_in(row.phrase); row.names.empty() && !own.empty())
        row.names = {own};
      for (const std::string& callee : table_words(line.substr(0, equals)))
        rows.emplace(callee, row);
    }
  return rows;
}

const Row* row_of(std::string_view callee) {
  static const std::map<std::string, Row, std::less<>> kRows = read_rows();
  const auto found = kRows.find(callee);
  return found == kRows.end() ? nullptr : &found->second;
}

const std::string* distribution(std::string_view name) {
  static const std::map<std::string, std::string, std::less<>> kNames = [] {
    std::map<std::string, std::string, std::less<>> out;
    for (const std::string& line : table_lines(sayings_of_distributions())) {
      const std::size_t equals = line.find(" = ");
      for (const std::string& word : table_words(line.substr(0, equals)))
        out.emplace(word, line.substr(equals + 3));
    }
    return out;
  }();
  const auto found = kNames.find(name);
  return found == kNames.end() ? nullptr : &found->second;
}

// What an option of a call says beside what the call gives: "cumsum reverse=True".
const std::string* option_words(const std::string& callee, std::string_view option) {
  static const std::map<std::string, std::string, std::less<>> kRows = [] {
    std::map<std::string, std::string, std::less<>> out;
    for (const std::string& line : table_lines(sayings_of_options())) {
      const std::size_t colon = line.find(" : "), equals = line.find(" = ");
      for (const std::string& each : table_words(line.substr(0, colon)))
        out.emplace(each + " " + line.substr(colon + 3, equals - colon - 3),
                    line.substr(equals + 3));
    }
    return out;
  }();
  const auto found = kRows.find(callee + " " + std::string(option));
  return found == kRows.end() ? nullptr : &found->second;
}

std::string with_article(const std::string& noun) {
  const char first = static_cast<char>(std::tolower(static_cast<unsigned char>(noun[0])));
  const bool vowel = std::string_view("aeio").find(first) != std::string_view::npos || noun == "F";
  return (vowel ? "an " : "a ") + noun;
}

// "jax.scipy.stats.cauchy.logpdf": what such a function gives, of its first argument.
std::optional<Row> density_row(const Words& path) {
  static const std::map<std::string, std::pair<std::string, std::string>, std::less<>> kKinds = {
      {"pdf", {"density", "density"}},
      {"logpdf", {"log density", "log_density"}},
      {"cdf", {"distribution function", "cdf"}},
      {"logcdf", {"logarithm of the distribution function", "log_cdf"}},
      {"sf", {"survival function", "survival"}},
      {"logsf", {"logarithm of the survival function", "log_survival"}},
      {"ppf", {"quantiles", "quantiles"}},
      {"isf", {"upper quantiles", "upper_quantiles"}},
      {"pmf", {"probability mass", "probability"}},
      {"logpmf", {"log probability mass", "log_probability"}}};
  if (path.size() < 2) return std::nullopt;
  const auto kind = kKinds.find(path.back());
  const std::string* name = distribution(path[path.size() - 2]);
  if (kind == kKinds.end() || name == nullptr) return std::nullopt;
  const std::string whole = path[path.size() - 2] + "_" + kind->second.second;
  return Row{kind->second.first + " of " + with_article(*name) + " distribution at {0}",
             {whole, kind->second.second},
             true,
             true};
}

std::optional<Row> draws_row(const Words& path) {
  if (path.size() < 2 || (path[path.size() - 2] != "random" && path[path.size() - 2] != "jr"))
    return std::nullopt;
  if (path.back() == "permutation" || path.back() == "choice") return std::nullopt;
  const std::string* name = distribution(path.back());
  if (name == nullptr) return std::nullopt;
  return Row{"draws from " + with_article(*name) + " distribution",
             {"draw_" + path.back(), "sample_" + path.back()},
             true,
             true};
}

// Options that change nothing of what the words say.
bool says_nothing(std::string_view option) {
  static const std::array<std::string_view, 45> kSilent = {"axis",
                                                           "axes",
                                                           "keepdims",
                                                           "dtype",
                                                           "size",
                                                           "fill_value",
                                                           "precision",
                                                           "shape",
                                                           "norm",
                                                           "rtol",
                                                           "atol",
                                                           "ddof",
                                                           "mode",
                                                           "method",
                                                           "inplace",
                                                           "lower",
                                                           "length",
                                                           "num",
                                                           "unroll",
                                                           "bins",
                                                           "range",
                                                           "approximate",
                                                           "maxiter",
                                                           "tol",
                                                           "dx",
                                                           "nan",
                                                           "posinf",
                                                           "neginf",
                                                           "reps",
                                                           "rank",
                                                           "nperseg",
                                                           "scaling",
                                                           "detrend",
                                                           "kind",
                                                           "recall_target",
                                                           "padding",
                                                           "dimension",
                                                           "window_strides",
                                                           "broadcast_dimensions",
                                                           "reduction_dimension",
                                                           "stable",
                                                           "index_dtype",
                                                           "preferred_element_type",
                                                           "dimensions",
                                                           "unique_indices"};
  return std::ranges::find(kSilent, option) != kSilent.end();
}

class Teller {
 public:
  explicit Teller(const Builder& b) : b_(b) {}

  std::optional<Saying> of(ValueId id, int depth) const {
    constexpr int kDeepest = 3;
    const auto [made, place] = only_result_of(id);
    if (made == nullptr || depth > kDeepest) return std::nullopt;
    if (depth == 0 && made->bodies.size() == 1) return of_function(*made);
    const auto text = written(*made);
    return text ? said(*text + place, *made, depth) : std::nullopt;
  }

  // Of all results of one step, and of nothing else: "f[*]" in the table.
  std::optional<Saying> of_all(const std::vector<ValueId>& ends) const {
    const Node* made = ends.size() > 1 ? node_of(b_, ends.front()) : nullptr;
    const auto whole = [&](ValueId id) { return std::ranges::find(ends, id) != ends.end(); };
    if (made == nullptr || made->results.size() != ends.size() ||
        !std::ranges::all_of(made->results, whole))
      return std::nullopt;
    const auto text = written(*made);
    return text ? said(*text + "[*]", *made, 0) : std::nullopt;
  }

 private:
  // The step that gives this and nothing else, and the result's place where others are not needed.
  std::pair<const Node*, std::string> only_result_of(ValueId id) const {
    const Node* made = node_of(b_, id);
    if (made == nullptr) return {nullptr, ""};
    if (made->results.size() == 1) return {made, ""};
    if (std::ranges::count(made->results, kNoValue) + 1 != std::ssize(made->results))
      return {nullptr, ""};
    return {made,
            fmt::format("[{}]", std::ranges::find(made->results, id) - made->results.begin())};
  }

  // A function of the module that is applied in parts: "`$f3` of each row of `$0`".
  std::optional<Saying> of_function(const Node& node) const {
    static const std::map<std::string_view, std::pair<std::string_view, std::string_view>> kWays = {
        {"pmap", {"`$f{}` of each device's slice of {}", "map_over_devices"}},
        {"vmap", {"`$f{}` of each entry of {}", ""}},
        {"vectorize", {"`$f{}` of each vector in {}", ""}},
        {"shard_map", {"`$f{}` of each device's shard of {}", "run_on_shards"}}};
    const auto way = kWays.find(node.op);
    if (way == kWays.end() || node.operands.size() != 1) return std::nullopt;
    const auto of = argument("$0", node, 1);
    if (!of) return std::nullopt;
    Saying out{fmt::format(fmt::runtime(way->second.first), node.bodies[0], *of), {}};
    if (!way->second.second.empty()) out.names = {std::string(way->second.second)};
    return out;
  }

  // The step's spelling, with its attributes; nothing where functions or packs are in it.
  static std::optional<std::string> written(const Node& node) {
    if (!node.bodies.empty() || !node.packed_operands.empty()) return std::nullopt;
    std::string out;
    for (std::size_t at = 0; at < node.spelling.size();) {
      const char next = at + 1 < node.spelling.size() ? node.spelling[at + 1] : ' ';
      if (node.spelling[at] != '$' || std::isdigit(static_cast<unsigned char>(next))) {
        out += node.spelling[at++];
        continue;
      }
      std::size_t end = at + 1;
      while (end < node.spelling.size() &&
             (std::isalnum(static_cast<unsigned char>(node.spelling[end])) ||
              node.spelling[end] == '_'))
        ++end;
      const auto found = node.attributes.find(node.spelling.substr(at + 1, end - at - 1));
      if (found == node.attributes.end()) return std::nullopt;
      out += found->second;
      at = end;
    }
    return out;
  }

  // Its place among the parameters; nothing for others.
  std::optional<std::size_t> parameter(ValueId id) const {
    const auto& given = b_.body_of(b_.current()).parameters;
    const auto found = std::ranges::find(given, id);
    if (found == given.end()) return std::nullopt;
    return static_cast<std::size_t>(found - given.begin());
  }

  static std::optional<ValueId> operand_of(std::string_view text, const Node& node) {
    if (!text.starts_with('$')) return std::nullopt;
    const auto number = number_of(text.substr(1));
    if (!number || static_cast<std::size_t>(*number) >= node.operands.size()) return std::nullopt;
    return node.operands[static_cast<std::size_t>(*number)];
  }

  // A step of operators alone, as it is written, with names in place of holes.
  std::optional<std::string> code(const std::string& text, const Node& node, int depth) const {
    constexpr std::size_t kLongest = 32;
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      if (text[at] != '$') {
        const char c = text[at++];
        const bool named = std::isalpha(static_cast<unsigned char>(c));  // calls need their module
        if (named || c == '[' || c == '@' || c == '"' || c == ':') return std::nullopt;
        out += c;
        continue;
      }
      std::size_t end = at + 1;
      while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end]))) ++end;
      const auto operand = operand_of(text.substr(at, end - at), node);
      if (!operand) return std::nullopt;
      if (const auto place = parameter(*operand)) {
        out += fmt::format("${}", *place);
      } else if (!b_[*operand].literal.empty()) {
        out += b_[*operand].literal;
      } else {
        const auto [made, place] = only_result_of(*operand);
        const auto inner = made && place.empty() && depth < 2 ? written(*made) : std::nullopt;
        const auto said = inner ? code(*inner, *made, depth + 1) : std::nullopt;
        if (!said) return std::nullopt;
        out += "(" + *said + ")";
      }
      at = end;
    }
    if (out.size() > kLongest) return std::nullopt;
    return out;
  }

  // "[$0, $1]" -> "`$0` and `$1`"; of numbers alone as they are.
  std::optional<std::string> several(const std::string& text, const Node& node, int depth) const {
    const bool list = text.starts_with('[') && text.ends_with(']');
    const bool tuple = text.starts_with('(') && text.ends_with(')');
    if (!list && !tuple) return std::nullopt;
    const auto parts = split_outside(std::string_view(text).substr(1, text.size() - 2), {", "});
    const auto plain = [](std::string_view each) {
      return number_of(each.ends_with(',') ? each.substr(0, each.size() - 1) : each).has_value();
    };
    if (std::ranges::all_of(parts, plain)) return text;
    std::string out;
    for (std::size_t k = 0; k < parts.size(); ++k) {
      std::string part(parts[k]);
      if (part.ends_with(',')) part.pop_back();  // "($0,)"
      const auto each = argument(part, node, depth);
      if (!each) return std::nullopt;
      out += (k == 0 ? "" : k + 1 == parts.size() ? " and " : ", ") + *each;
    }
    return out;
  }

  // What a value is called that is no parameter: the function is not about the last step alone.
  std::string stem(const std::string& text, const Node& node, int depth) const {
    const auto id = operand_of(text, node);
    if (!id || parameter(*id) || !b_[*id].literal.empty()) return {};
    const auto [made, place] = only_result_of(*id);
    const auto inner = made ? written(*made) : std::nullopt;
    if (inner)
      if (const auto whole = said(*inner + place, *made, depth + 1);
          whole && !whole->names.empty() && !begins_with_verb(whole->names.front()))
        return whole->names.front();
    const auto noun = noun_of(b_, *id);
    return noun ? word_of(b_[*id]) : "values";
  }

  std::optional<std::string> argument(const std::string& text, const Node& node, int depth) const {
    if (number_of(text)) return text;
    if (text == "jnp.inf") return "infinity";
    if (text == "-jnp.inf") return "minus infinity";
    // A constant array says its number, or its numbers.
    for (const std::string_view call : {"jnp.full_like(", "lax.full_like(", "jax.lax.full_like("})
      if (text.starts_with(call) && text.ends_with(')')) {
        const auto inside = split_outside(
            std::string_view(text).substr(call.size(), text.size() - call.size() - 1), {", "});
        if (inside.size() == 2) return argument(std::string(inside[1]), node, depth);
      }
    constexpr std::string_view kArray = "jnp.array(";
    if (text.starts_with(kArray) && text.ends_with("])"))
      return argument(text.substr(kArray.size(), text.size() - kArray.size() - 1), node, depth);
    if (const auto all = several(text, node, depth)) return all;
    if (text.starts_with("jnp.") && text.find_first_of("( $") == std::string::npos)
      return text.substr(4);
    if (const auto id = operand_of(text, node)) {
      if (const auto place = parameter(*id)) return fmt::format("`${}`", *place);
      if (!b_[*id].literal.empty()) return b_[*id].literal;
      const auto [made, place] = only_result_of(*id);
      const auto inner = made ? written(*made) : std::nullopt;
      if (inner)
        if (const auto whole = said(*inner + place, *made, depth + 1))
          return "the " + whole->phrase;
      const auto in_code = inner && place.empty() ? code(*inner, *made, 0) : std::nullopt;
      return in_code ? std::optional("`" + *in_code + "`") : noun_of(b_, *id);
    }
    if (const auto inner = said(text, node, depth + 1)) return "the " + inner->phrase;
    const auto in_code = code(text, node, 0);
    return in_code ? std::optional("`" + *in_code + "`") : std::nullopt;
  }

  // "a.b.f(x, y)", or "x.f(y)" with the receiver as the first argument.
  struct Call {
    Words path, arguments;
  };
  static std::optional<Call> call_in(const std::string& text) {
    const std::size_t open = text.find('(');
    if (open == std::string::npos || open == 0 || !text.ends_with(')')) return std::nullopt;
    int depth = 0;
    for (std::size_t at = open; at + 1 < text.size(); ++at) {
      depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
      if (depth == 0) return std::nullopt;  // more calls than one
    }
    Call call;
    const std::string path = text.substr(0, open);
    for (const std::string_view part : split_outside(path, {"."})) call.path.emplace_back(part);
    if (call.path[0].starts_with('$')) {
      if (call.path.size() != 2) return std::nullopt;
      call.arguments.push_back(call.path[0]);
    }
    for (const std::string& part : call.path)
      if (!part.starts_with('$') && !std::ranges::all_of(part, [](char c) {
            return c == '_' || std::isalnum(static_cast<unsigned char>(c));
          }))
        return std::nullopt;
    const std::string inner = text.substr(open + 1, text.size() - open - 2);
    for (const std::string_view part : split_outside(inner, {", "}))
      if (!part.empty()) call.arguments.emplace_back(part);
    return call;
  }

  // "x @ y" alone, and other operators of what is called: "x * jnp.hanning(8)".
  std::optional<Saying> product(const std::string& text, const Node& node, int depth) const {
    static const std::map<std::string_view, std::pair<std::string_view, std::string_view>> kWords =
        {{" @ ", {"matrix product of {} and {}", "matrix_product"}},
         {" + ", {"sum of {} and {}", ""}},
         {" - ", {"difference of {} and {}", ""}},
         {" * ", {"product of {} and {}", ""}},
         {" / ", {"ratio of {} to {}", ""}}};
    const auto parts = split_outside(text, {" @ ", " + ", " - ", " * ", " / "});
    if (parts.size() != 2 || parts[0].size() + parts[1].size() + 3 != text.size())
      return std::nullopt;
    const auto sign = kWords.find(std::string_view(text).substr(parts[0].size(), 3));
    const bool matrices = text.find(" @ ") == parts[0].size();
    if (sign == kWords.end() || (!matrices && text.find('(') == std::string::npos))
      return std::nullopt;
    const auto left = argument(std::string(parts[0]), node, depth),
               right = argument(std::string(parts[1]), node, depth);
    if (!left || !right) return std::nullopt;
    Saying out{fmt::format(fmt::runtime(sign->second.first), *left, *right), {}};
    if (!sign->second.second.empty()) out.names = {std::string(sign->second.second)};
    return out;
  }

  // The last part of a call's name; "multiply.reduce" of what a ufunc has.
  static std::string callee_of(const Words& path) {
    static const std::array<std::string_view, 5> kMethods = {"reduce", "accumulate", "outer", "at",
                                                             "reduceat"};
    const bool of_ufunc = path.size() > 2 &&
                          std::ranges::find(kMethods, path.back()) != kMethods.end() &&
                          path[path.size() - 2] != "lax" && path[path.size() - 2] != "linalg";
    return of_ufunc ? path[path.size() - 2] + "." + path.back() : path.back();
  }

  // "$0.at[$1].add($2)": what is changed, where, and how.
  std::optional<Saying> update(const std::string& text, const Node& node, int depth) const {
    static const std::map<std::string_view, std::pair<std::string_view, std::string_view>> kHow = {
        {"set", {"{0} with {2} in place of the entries at {1}", "overwrite_entries"}},
        {"add", {"{0} with {2} added at {1}", "add_at_places"}},
        {"subtract", {"{0} with {2} taken off at {1}", "subtract_at_places"}},
        {"multiply", {"{0} with the entries at {1} multiplied by {2}", "scale_entries"}},
        {"mul", {"{0} with the entries at {1} multiplied by {2}", "scale_entries"}},
        {"divide", {"{0} with the entries at {1} divided by {2}", "divide_entries"}},
        {"min", {"{0} lowered to at most {2} at {1}", "lower_entries"}},
        {"max", {"{0} raised to at least {2} at {1}", "raise_entries"}},
        {"get", {"entries of {0} at {1}", "entries_at_places"}}};
    const std::size_t at = text.find(".at["), close = text.find("].", at);
    if (at == std::string::npos || close == std::string::npos || !text.ends_with(')'))
      return std::nullopt;
    const std::size_t open = text.find('(', close);
    if (open == std::string::npos) return std::nullopt;
    const auto how = kHow.find(std::string_view(text).substr(close + 2, open - close - 2));
    const std::string index = text.substr(at + 4, close - at - 4);
    std::string value = text.substr(open + 1, text.size() - open - 2);
    for (const std::string_view option : {", mode=", "mode=", ", unique_", ", indices_are"})
      if (const std::size_t cut = value.find(option); cut != std::string::npos) value.resize(cut);
    if (how == kHow.end() || value.find('(') != std::string::npos) return std::nullopt;
    const auto of = argument(text.substr(0, at), node, depth);
    // Slices and numbers stand as they are written.
    const bool written = index.find('$') == std::string::npos && index.size() < 14;
    const auto where = written ? std::optional("`[" + index + "]`") : argument(index, node, depth);
    const auto by = value.empty() ? std::optional(std::string()) : argument(value, node, depth);
    if (!of || !where || !by || (value.empty() && how->first != "get")) return std::nullopt;
    return Saying{fmt::format(fmt::runtime(how->second.first), *of, *where, *by),
                  {std::string(how->second.second)}};
  }

  // "$0[$1]", "$0[jnp.tril_indices(4)]".
  std::optional<Saying> subscript(const std::string& text, const Node& node, int depth) const {
    const std::size_t open = text.find('[');
    if (!text.starts_with('$') || open == std::string::npos || !text.ends_with(']'))
      return std::nullopt;
    const std::string index = text.substr(open + 1, text.size() - open - 2);
    const bool looks_up = index.find_first_of("$(") != std::string::npos;
    if (!operand_of(text.substr(0, open), node) || !looks_up) return std::nullopt;
    if (split_outside(index, {", "}).size() > 1) return std::nullopt;
    const auto of = argument(text.substr(0, open), node, depth),
               where = argument(index, node, depth);
    if (!of || !where) return std::nullopt;
    return Saying{"entries of " + *of + " at " + *where, {"entries_at_places"}};
  }

  // "jax.nn.initializers.he_normal()(key, shape, dtype)".
  static std::optional<Saying> initial_weights(std::string_view text) {
    constexpr std::string_view kModule = "jax.nn.initializers.";
    if (!text.starts_with(kModule)) return std::nullopt;
    const std::string_view name = text.substr(kModule.size(), text.find('(') - kModule.size());
    static const std::map<std::string_view, std::string_view> kPeople = {{"he", "He"},
                                                                         {"kaiming", "Kaiming"},
                                                                         {"glorot", "Glorot"},
                                                                         {"xavier", "Xavier"},
                                                                         {"lecun", "LeCun"}};
    const std::size_t bar = name.find('_');
    const auto who = kPeople.find(name.substr(0, bar));
    if (who != kPeople.end())
      return Saying{fmt::format("weights of a layer by {} {} initialization", who->second,
                                name.substr(bar + 1)),
                    {"init_kernel", "initial_weights"}};
    if (name == "orthogonal")
      return Saying{"random matrix with orthogonal columns or rows", {"random_rotation"}};
    if (name == "delta_orthogonal")
      return Saying{"convolution kernel that begins as a rotation", {"init_orthogonal_kernel"}};
    if (name == "variance_scaling")
      return Saying{"weights of a layer whose variance suits its width", {"init_kernel"}};
    if (name == "normal" || name == "truncated_normal" || name == "uniform")
      return Saying{"draws of " + in_sentence(name) + " noise", {"draw_noise"}};
    return std::nullopt;
  }

  static std::string in_sentence(std::string_view name) {
    std::string out(name);
    std::ranges::replace(out, '_', ' ');
    return out;
  }

  // Axes as a call names them: "1", "-1", "(0, 2)"; from the end where negative.
  static std::vector<int> axes_in(std::string text) {
    std::vector<int> out;
    std::erase_if(text, [](char c) { return c == '(' || c == ')' || c == ' '; });
    for (const std::string_view each : split_outside(text, {","})) {
      if (each.empty()) continue;
      const auto number = number_of(each);
      if (!number) return {};
      out.push_back(static_cast<int>(*number));
    }
    return out;
  }

  // Of others a number after the array is no axis.
  static bool takes_axis_by_place(std::string_view callee) {
    static const std::array<std::string_view, 13> kOthers = {
        "diff",       "repeat", "gradient", "trapezoid", "norm",  "vector_norm",
        "split",      "dct",    "idct",     "detrend",   "rot90", "apply_along_axis",
        "array_split"};
    return std::ranges::find(kOthers, callee) == kOthers.end();
  }

  // " in each row", " along the last axis": where the call says which axis of several it is about.
  std::string axis_words(Axis axis, const std::string& given, const Call& call,
                         const Node& node) const {
    const auto array = std::ranges::find_if(call.arguments,
                                            [](const auto& each) { return each.starts_with('$'); });
    const auto id = array == call.arguments.end() ? std::nullopt : operand_of(*array, node);
    const std::vector<int> axes = axes_in(given);
    if (axis == Axis::kUnsaid || !id || axes.empty()) return {};
    const int rank = b_[*id].type.rank();
    if (rank < 2) return {};
    if (axes.size() > 1) {
      std::string list;
      for (std::size_t k = 0; k < axes.size(); ++k)
        list += fmt::format("{}{}",
                            k == 0                 ? ""
                            : k + 1 == axes.size() ? " and "
                                                   : ", ",
                            axes[k] < 0 ? axes[k] + rank : axes[k]);
      return static_cast<int>(axes.size()) == rank ? "" : " over axes " + list;
    }
    const int at = axes[0] < 0 ? axes[0] + rank : axes[0];
    if (rank == 2)
      return std::string(axis == Axis::kReduced ? " in each " : " along each ") +
             (at == 0 ? "column" : "row");
    const std::string along = axis == Axis::kReduced ? " over " : " along ";
    return along + (at == 0          ? "the first axis"
                    : at == rank - 1 ? "the last axis"
                                     : fmt::format("axis {}", at));
  }

  static std::optional<Row> row_for(const Call& call, const std::string& callee, bool taken) {
    std::optional<Row> row = taken ? std::nullopt : density_row(call.path);
    if (!row && !taken) row = draws_row(call.path);
    if (const Row* found = row ? nullptr : row_of(callee)) row = *found;
    return row;
  }

  // An option that gives another value has words of its own, which follow, or changes them all.
  static std::string with_options(Saying& out, const Call& call, const std::string& callee) {
    std::string options;
    for (const std::string& given : call.arguments) {
      const std::string* words = option_words(callee, given);
      if (words != nullptr && words->starts_with("= "))
        out = {words->substr(2), {name_in(words->substr(2))}};
      else if (words != nullptr)
        options += " " + *words, out.names.clear();
    }
    std::erase(out.names, std::string());
    return options;
  }

  // `about`: what a call's first argument is called.
  static std::optional<Saying> finished(Saying out, const std::string& about) {
    constexpr std::size_t kLongest = 84;
    // "logarithm_of_density"; what is several words says enough.
    if (about == "values")
      out.names.clear();
    else if (!about.empty() && !out.names.empty() &&
             out.names.front().find('_') == std::string::npos)
      out.names = {out.names.front() + "_of_" + about};
    // "where the mask of where `a` exceeds `b` holds"
    constexpr std::string_view kTwice = "where the mask of where ", kHolds = " holds";
    if (const std::size_t twice = out.phrase.find(kTwice); twice != std::string::npos)
      if (const std::size_t holds = out.phrase.find(kHolds, twice); holds != std::string::npos) {
        out.phrase.erase(holds, kHolds.size());
        out.phrase.replace(twice, kTwice.size(), "where ");
      }
    if (out.phrase.find('{') != std::string::npos || out.phrase.size() > kLongest)
      return std::nullopt;
    return out;
  }

  std::optional<Saying> said(const std::string& text, const Node& node, int depth) const {
    constexpr int kDeepest = 3;
    if (depth > kDeepest) return std::nullopt;
    if (const auto both = product(text, node, depth)) return both;
    if (const auto changed = update(text, node, depth)) return changed;
    if (const auto picked = subscript(text, node, depth)) return picked;
    if (const auto weights = initial_weights(text)) return weights;
    // Of several results people take one: "slogdet(x)[1]", "unique_counts(x).counts".
    const std::size_t end = text.rfind(')') + 1;
    const bool taken = end != 0 && end < text.size();
    const auto call = call_in(taken ? text.substr(0, end) : text);
    if (!call) return std::nullopt;
    const std::string own = callee_of(call->path);
    const std::string callee = own + (taken ? text.substr(end) : "");
    const std::optional<Row> row = row_for(*call, callee, taken);
    if (!row) return std::nullopt;
    std::string chosen, axis, about;
    Saying out{row->phrase, row->names};
    const std::string options = with_options(out, *call, own);
    std::size_t place = 0;
    for (const std::string& given : call->arguments) {
      const std::size_t equals = given.find('=');
      const bool named =
          equals != std::string::npos && given.substr(0, equals).find('(') == std::string::npos;
      if (named && option_words(own, given) != nullptr) continue;
      if (named && (given.starts_with("axis=") || given.starts_with("axes=") ||
                    given.starts_with("dimension=")))
        axis = axis_words(row->axis, given.substr(given.find('=') + 1), *call, node);
      if (named && (says_nothing(given.substr(0, equals)) || row->parameters)) continue;
      if (named && row->open && given.starts_with("where=")) {
        const auto mask = argument(given.substr(equals + 1), node, depth);
        if (!mask) return std::nullopt;
        chosen = " where " + *mask + " holds";
        continue;
      }
      if (named) return std::nullopt;
      if (place > 0 && row->axis != Axis::kUnsaid && !axes_in(given).empty() &&
          out.phrase.find(fmt::format("{{{}}}", place)) == std::string::npos &&
          takes_axis_by_place(callee)) {
        axis = axis_words(row->axis, given, *call, node);
        ++place;
        continue;
      }
      if (given.find(".shape") != std::string::npos && row->open) {
        ++place;
        continue;
      }
      const std::string hole = fmt::format("{{{}}}", place);
      const bool only = place == 0 && out.phrase.find("{}") != std::string::npos;
      if (!only && out.phrase.find(hole) == std::string::npos) {
        if (!row->open || (!row->parameters && given.find('$') != std::string::npos))
          return std::nullopt;
        ++place;
        continue;
      }
      const auto said = argument(given, node, depth);
      if (!said) return std::nullopt;
      if (about.empty()) about = stem(given, node, depth);
      const std::string what = only ? "{}" : hole;
      out.phrase.replace(out.phrase.find(what), what.size(), *said);
      ++place;
    }
    out.phrase += axis + options + chosen;
    return finished(std::move(out), about);
  }

  const Builder& b_;
};

}  // namespace

std::optional<Saying> saying_of(const Builder& b, ValueId id) { return Teller(b).of(id, 0); }

std::optional<Saying> saying_of_all(const Builder& b, const std::vector<ValueId>& ends) {
  constexpr std::size_t kMost = 3, kLongest = 100;
  if (ends.size() == 1) return saying_of(b, ends.front());
  if (const auto all = Teller(b).of_all(ends)) return all;
  if (ends.empty() || ends.size() > kMost) return std::nullopt;
  Saying out;
  for (std::size_t k = 0; k < ends.size(); ++k) {
    const auto each = saying_of(b, ends[k]);
    if (!each) return std::nullopt;
    out.phrase += (k == 0 ? "" : k + 1 == ends.size() ? ", and the " : ", the ") + each->phrase;
  }
  return out.phrase.size() > kLongest ? std::nullopt : std::optional(std::move(out));
}

std::vector<Op> result_words() {
  const auto say = [](const Builder& b, const std::vector<ValueId>& ends) -> std::optional<Said> {
    std::optional<Saying> saying = saying_of_all(b, ends);
    if (!saying) return std::nullopt;
    std::string sentence = saying->phrase + ".";
    sentence[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(sentence[0])));
    return Said{std::move(saying->names), std::move(sentence)};
  };
  return {words_of_results("words of results", kArithmetic, say)};
}

}  // namespace jaxsmith::plan
