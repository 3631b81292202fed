#include "plan/jax/sayings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "plan/jax/call_table.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/settings.h"
#include "plan/visibility.h"

namespace jaxsmith::plan {
namespace {

using Words = std::vector<std::string>;

struct Row {
  std::string phrase;
  Words names;
  bool open = false;        // further numbers and tuples say nothing
  bool parameters = false;  // options are parameters of a distribution
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
      if (row.phrase.ends_with('~')) {
        row.open = true;
        row.phrase = trimmed(row.phrase.substr(0, row.phrase.size() - 1));
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
  static const std::array<std::string_view, 24> kSilent = {
      "axis",   "axes", "keepdims", "dtype", "size",  "fill_value",  "precision", "shape",
      "norm",   "rtol", "atol",     "ddof",  "mode",  "method",      "inplace",   "lower",
      "length", "num",  "unroll",   "bins",  "range", "approximate", "maxiter",   "tol"};
  return std::ranges::find(kSilent, option) != kSilent.end();
}

class Teller {
 public:
  explicit Teller(const Builder& b) : b_(b) {}

  std::optional<Saying> of(ValueId id, int depth) const {
    constexpr int kDeepest = 3;
    const Node* made = only_result_of(id);
    if (made == nullptr || depth > kDeepest) return std::nullopt;
    const auto text = written(*made);
    return text ? said(*text, *made, depth) : std::nullopt;
  }

 private:
  // The step that gives this and nothing else.
  const Node* only_result_of(ValueId id) const {
    const Node* made = node_of(b_, id);
    return made != nullptr && made->results.size() == 1 ? made : nullptr;
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
        const Node* made = only_result_of(*operand);
        const auto inner = made && depth < 2 ? written(*made) : std::nullopt;
        const auto said = inner ? code(*inner, *made, depth + 1) : std::nullopt;
        if (!said) return std::nullopt;
        out += "(" + *said + ")";
      }
      at = end;
    }
    if (out.size() > kLongest) return std::nullopt;
    return out;
  }

  std::optional<std::string> argument(const std::string& text, const Node& node, int depth) const {
    if (number_of(text)) return text;
    if (text == "jnp.inf") return "infinity";
    if (text == "-jnp.inf") return "minus infinity";
    if (const auto id = operand_of(text, node)) {
      if (const auto place = parameter(*id)) return fmt::format("`${}`", *place);
      if (!b_[*id].literal.empty()) return b_[*id].literal;
      const Node* made = only_result_of(*id);
      const auto inner = made ? written(*made) : std::nullopt;
      if (!inner) return std::nullopt;
      if (const auto whole = said(*inner, *made, depth + 1)) return "the " + whole->phrase;
      const auto in_code = code(*inner, *made, 0);
      return in_code ? std::optional("`" + *in_code + "`") : std::nullopt;
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

  // "x @ y" alone.
  std::optional<Saying> product(const std::string& text, const Node& node, int depth) const {
    const auto parts = split_outside(text, {" @ ", " + ", " - ", " * ", " / "});
    if (parts.size() != 2 || parts[0].size() + parts[1].size() + 3 != text.size() ||
        text.find(" @ ") != parts[0].size())
      return std::nullopt;
    const auto left = argument(std::string(parts[0]), node, depth),
               right = argument(std::string(parts[1]), node, depth);
    if (!left || !right) return std::nullopt;
    return Saying{"matrix product of " + *left + " and " + *right, {"matrix_product"}};
  }

  std::optional<Saying> said(const std::string& text, const Node& node, int depth) const {
    constexpr std::size_t kLongest = 84;
    constexpr int kDeepest = 3;
    if (depth > kDeepest) return std::nullopt;
    if (const auto both = product(text, node, depth)) return both;
    // Of several results people take one: "slogdet(x)[1]".
    const bool taken = text.ends_with("[0]") || text.ends_with("[1]");
    const auto call = call_in(taken ? text.substr(0, text.size() - 3) : text);
    if (!call) return std::nullopt;
    const std::string callee = call->path.back() + (taken ? text.substr(text.size() - 3) : "");
    std::optional<Row> row = taken ? std::nullopt : density_row(call->path);
    if (!row && !taken) row = draws_row(call->path);
    if (const Row* found = row ? nullptr : row_of(callee)) row = *found;
    if (!row) return std::nullopt;
    std::string chosen;
    Saying out{row->phrase, row->names};
    std::size_t place = 0;
    for (const std::string& given : call->arguments) {
      const std::size_t equals = given.find('=');
      const bool named =
          equals != std::string::npos && given.substr(0, equals).find('(') == std::string::npos;
      if (named && (says_nothing(given.substr(0, equals)) || row->parameters)) continue;
      if (named && row->open && given.starts_with("where=")) {
        const auto mask = argument(given.substr(equals + 1), node, depth);
        if (!mask) return std::nullopt;
        chosen = " where " + *mask + " holds";
        continue;
      }
      if (named) return std::nullopt;
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
      const std::string what = only ? "{}" : hole;
      out.phrase.replace(out.phrase.find(what), what.size(), *said);
      ++place;
    }
    out.phrase += chosen;
    if (out.phrase.find('{') != std::string::npos || out.phrase.size() > kLongest)
      return std::nullopt;
    return out;
  }

  const Builder& b_;
};

}  // namespace

std::optional<Saying> saying_of(const Builder& b, ValueId id) { return Teller(b).of(id, 0); }

std::vector<Op> result_words() {
  const auto say = [](const Builder& b, ValueId id) -> std::optional<Said> {
    std::optional<Saying> saying = saying_of(b, id);
    if (!saying) return std::nullopt;
    std::string sentence = saying->phrase + ".";
    sentence[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(sentence[0])));
    return Said{std::move(saying->names), std::move(sentence)};
  };
  return {words_of_results("words of results", kArithmetic, say)};
}

}  // namespace jaxsmith::plan
