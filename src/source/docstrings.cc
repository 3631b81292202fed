#include "source/docstrings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "plan/argument_roles.h"
#include "plan/builder.h"
#include "source/wording.h"

namespace jaxsmith::source {
namespace {

// What arguments usually are that go by a short name or by one that says less than people know.
const std::map<std::string, std::string, std::less<>>& usual_meanings() {
  static const std::map<std::string, std::string, std::less<>> kMeanings = {
      {"x", "input values"},
      {"loss", "value of the loss"},
      {"carry", "state that is carried on"},
      {"threshold", "limit between the two cases"},
      {"observed", "measured values to compare with"},
      {"previous", "value of the step before"},
      {"counts", "number of occurrences"},
      {"scores", "score of each entry"},
      {"probs", "probability of each entry"},
      {"hidden", "activations of a layer"},
      {"inputs", "input values"},
      {"key", "key of the random numbers"},
      {"objective", "value of the loss"},
      {"current_loss", "value of the loss"},
      {"grad_norm", "length of the gradient"},
      {"hessian", "second derivatives"},
      {"jacobian", "derivative of each output in each input"},
      {"primal_out", "value of the function"},
      {"tangent_out", "derivative in the direction of the tangents"},
      {"aux", "what the function gives besides"},
      {"w", "weights"},
      {"logits", "unnormalized log-probabilities"},
      {"targets", "values to be predicted"},
      {"indices", "positions"},
      {"grads", "gradient"},
      {"grad", "gradient"},
      {"step_size", "length of a step"},
      {"mask", "which entries count"},
      {"valid", "which entries are present"},
      {"kept", "which entries stay"},
      {"done", "whether an episode ends there"},
      {"dones", "whether an episode ends there"},
      {"params", "parameters"},
      {"dt", "time step"},
      {"tangent", "direction of the derivative"},
      {"cotangent", "gradient that is pulled back"},
      {"rewards", "reward of each step"},
      {"image", "pixel values"},
      {"rhs", "right-hand side"},
      {"guess", "where the iteration starts"},
      {"filters", "convolution kernels"}};
  return kMeanings;
}

std::string capital(std::string text) {
  if (!text.empty() && text[0] != '`')
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

// Of numbers: arrays of these names are something else.
const std::map<std::string, std::string, std::less<>>& meanings_of_numbers() {
  static const std::map<std::string, std::string, std::less<>> kMeanings = {
      {"eps", "small constant that keeps the result finite"},
      {"epsilon", "small constant that keeps the result finite"},
      {"mode", "which way to take"},
      {"lr", "learning rate"}};
  return kMeanings;
}

// Of what several arguments are handed over in.
const std::map<std::string, std::string, std::less<>>& meanings_of_packs() {
  static const std::map<std::string, std::string, std::less<>> kMeanings = {
      {"batch", "arrays of one batch"},
      {"data", "what is fitted to"},
      {"samples", "what is fitted to"},
      {"experience", "what an agent has met with"},
      {"transitions", "what an agent has met with"},
      {"edges", "edges of the graph"},
      {"graph", "edges of the graph"},
      {"system", "where bodies are and how they move"},
      {"particles", "where particles are and how they move"},
      {"state", "state at the beginning"},
      {"carry", "state at the beginning"},
      {"initial", "state at the beginning"},
      {"dist", "center and spread"},
      {"stats", "center and spread"},
      {"bounds", "lower and upper end"},
      {"limits", "lower and upper end"},
      {"qkv", "queries, keys and values"},
      {"cache", "keys and values of earlier steps"},
      {"kv_cache", "keys and values of earlier steps"},
      {"bands", "diagonals of a tridiagonal matrix"},
      {"prior", "center and spread of the prior"},
      {"posterior", "center and spread of the posterior"},
      {"held_out", "examples that nothing is fitted to"},
      {"validation", "examples that nothing is fitted to"},
      {"phase_point", "position and momentum"},
      {"padded_batch", "rows of one length, and how much of them counts"},
      {"padded", "rows of one length, and how much of them counts"},
      {"equations", "matrix and right-hand side"},
      {"linear_system", "matrix and right-hand side"},
      {"sparse", "entries of a sparse matrix"},
      {"sparse_matrix", "entries of a sparse matrix"},
      {"draws", "random numbers that were drawn before"},
      {"beams", "hypotheses and their scores"},
      {"boxes", "boxes by center and size"},
      {"other_boxes", "boxes by center and size"},
      {"scores", "scores of both sides"},
      {"origin", "latitude and longitude"},
      {"destination", "latitude and longitude"},
      {"option", "terms of the option"},
      {"contract", "terms of the option"},
      {"market", "numbers of the market"},
      {"concentrations", "what there is of each kind"},
      {"coefs", "coefficients of the polynomial"},
      {"pose", "rotation and shift"},
      {"transform", "rotation and shift"},
      {"date", "day of the calendar"},
      {"params", "parameters"},
      {"theta", "parameters"},
      {"model", "parameters of the model"},
      {"coefficients", "coefficients"},
      {"opt_state", "what the optimizer remembers"},
      {"optimizer_state", "what the optimizer remembers"},
      {"hparams", "settings of the method"},
      {"config", "settings of the method"}};
  return kMeanings;
}

// Of what was made of something else: "grad_weights", "weights_values".
struct Made {
  const char *before, *after, *means;
};

using Known = std::set<std::string, std::less<>>;  // names of arguments

std::string meaning(const std::string& name, const Known& known = {}) {
  static const std::vector<Made> kMade = {{"grad_norm_", "", "length of the gradient in"},
                                          {"grad_", "", "gradient in"},
                                          {"bar_", "", "gradient that is pulled back to"},
                                          {"d_", "", "change of"},
                                          {"other_", "", "another choice of"},
                                          {"new_", "", "updated"},
                                          {"updated_", "", "updated"},
                                          {"", "_values", "values to try for"},
                                          {"", "_grid", "values to try for"},
                                          {"", "_after", "changed"}};
  for (const Made& each : kMade) {
    const std::string_view before = each.before, after = each.after;
    if (name.size() <= before.size() + after.size() || !name.starts_with(before) ||
        !name.ends_with(after))
      continue;
    const std::string of = name.substr(before.size(), name.size() - before.size() - after.size());
    if (known.contains(of)) return std::string(each.means) + " `" + of + "`";
  }
  if (const auto found = usual_meanings().find(name); found != usual_meanings().end())
    return found->second;
  const bool has_digit = std::ranges::any_of(
      name, [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
  return name.size() > 3 && !has_digit && !is_modifier(name) ? plan::as_words(name) : std::string();
}

// Of text, broken between words; lines after the first begin with `indent`.
std::string wrapped(const std::string& text, std::size_t width, const std::string& indent) {
  std::string out, line;
  bool first = true;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (!line.empty() && line.size() + 1 + word.size() > width) {
      out += line + "\n";
      line.clear();
      first = false;
    }
    line += line.empty() ? (first ? word : indent + word) : " " + word;
    at = end + 1;
  }
  return out + line;
}

std::string google(std::string_view title, const std::vector<Described>& items, bool named,
                   std::size_t width) {
  std::string out = fmt::format("\n\n{}:", title);
  for (const Described& each : items) {
    const std::string text = named ? each.name + ": " + each.text : each.text;
    out += "\n    " + wrapped(text, width - 4, "        ");
  }
  return out;
}

std::string numpy(std::string_view title, const std::vector<Described>& items, std::size_t width) {
  std::string out = fmt::format("\n\n{}\n{}", title, std::string(title.size(), '-'));
  for (const Described& each : items)
    out += fmt::format("\n{} : {}\n    {}", each.name, each.type,
                       wrapped(each.text, width - 4, "    "));
  return out;
}

// "`a` (2, 3), `b` () and `c` (4,)"
std::string with_shapes(const NamedTypes& values) {
  std::string out;
  for (std::size_t i = 0; i < values.size(); ++i)
    out += fmt::format("{}`{}` {}",
                       i == 0                   ? ""
                       : i + 1 == values.size() ? " and "
                                                : ", ",
                       values[i].first, plan::tuple_text(values[i].second.shape));
  return out;
}

// "`a`, `b` and `c`"
std::string quoted(const NamedTypes& values) {
  std::string out;
  for (std::size_t i = 0; i < values.size(); ++i)
    out += fmt::format("{}`{}`",
                       i == 0                   ? ""
                       : i + 1 == values.size() ? " and "
                                                : ", ",
                       values[i].first);
  return out;
}

NamedTypes names_and_types(const std::vector<Argument>& arguments) {
  NamedTypes out;
  for (const Argument& each : arguments)
    if (each.name != "_") out.emplace_back(each.name, each.type);
  return out;
}

// "the sorted scores and the row norms"; what is no word is quoted.
std::string in_sentence(const NamedTypes& values) {
  std::string out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += i + 1 == values.size() ? " and " : ", ";
    const std::string& name = values[i].first;
    const bool word =
        name.size() > 3 && !is_modifier(name) && std::ranges::all_of(name, [](char c) {
          return c == '_' || std::isalpha(static_cast<unsigned char>(c));
        });
    out += word ? "the " + plan::as_words(name) : "`" + name + "`";
  }
  return out;
}

// What a value is, by what it is called and its type, in one wording out of several.
std::string described(const std::string& name, const plan::Type& type, std::size_t style,
                      const Known& known) {
  const std::string shape = plan::tuple_text(type.shape);
  const bool boolean = type.dtype == tensor::DType::kBool;
  // A key of attention is no seed.
  const bool other_key = name == "key" && tensor::is_inexact(type.dtype);
  const std::string said = other_key ? std::string() : meaning(name, known);
  const std::string kind = boolean                          ? "boolean "
                           : tensor::is_integer(type.dtype) ? "integer "
                           : tensor::is_complex(type.dtype) ? "complex "
                                                            : "";
  if (const auto found = meanings_of_numbers().find(name);
      type.rank() == 0 && found != meanings_of_numbers().end())
    return capital(found->second + " (" + kind + "scalar).");
  if (type.rank() == 0)
    return capital(said.empty() ? kind + "scalar." : said + " (" + kind + "scalar).");
  if (said.empty()) return capital(kind + "array of shape " + shape + ".");
  switch (style % 3) {
    case 0:
      return capital(fmt::format("{}, shape {}.", said, shape));
    case 1:
      return capital(fmt::format("{}, {}{}.", said, kind.empty() ? "" : kind, shape));
    default:
      return capital(
          fmt::format("{} as {} {} array.", said, shape, tensor::numpy_name(type.dtype)));
  }
}

// Whether what is said of a value is more than its name and its type.
bool says_more(const std::string& name, const plan::Type& type, const Known& known) {
  if (type.rank() == 0 && meanings_of_numbers().contains(name)) return true;
  if (name == "key" && tensor::is_inexact(type.dtype)) return false;
  const std::string said = meaning(name, known);
  return !said.empty() && said != plan::as_words(name);
}

// Whether sections are worth their lines: of half of the arguments at least there is more to say.
bool worth_sections(const std::vector<Argument>& arguments, const Known& known) {
  std::size_t all = 0, more = 0;
  for (const Argument& each : arguments) {
    if (each.name == "_") continue;
    ++all;
    if (!each.members.empty() || says_more(each.name, each.type, known)) ++more;
  }
  return 2 * more >= all;
}

// Of names and shapes; empty where there is nothing to say or no room.
std::string plain_summary(const std::vector<Argument>& arguments, const NamedTypes& results,
                          std::size_t room, Random& random) {
  const NamedTypes parameters = names_and_types(arguments);
  if (parameters.empty() || results.empty()) return {};
  const std::string given = quoted(parameters), said = in_sentence(results);
  std::vector<std::string> forms = {fmt::format("Return {} of {}.", said, given),
                                    fmt::format("Compute {} from {}.", said, given),
                                    fmt::format("Derive {} from {}.", said, given),
                                    fmt::format("{}, computed from {}.", capital(said), given)};
  if (said.find('`') == std::string::npos) {
    forms.push_back(fmt::format("Return {}.", said));
    forms.push_back(capital(said) + ".");
  }
  random.shuffle(forms);
  forms.push_back(fmt::format("Compute {}.", said));
  const auto fitting = std::find_if(forms.begin(), forms.end(),
                                    [&](const std::string& form) { return form.size() <= room; });
  return fitting == forms.end() ? std::string() : *fitting;
}

std::string type_of(const std::string& array) { return array.empty() ? "array" : array; }

std::vector<Described> description(const NamedTypes& values, const std::string& array,
                                   std::size_t wording, const Known& known) {
  std::vector<Described> out;
  for (const auto& [name, type] : values)
    if (name != "_") out.push_back({name, type_of(array), described(name, type, wording, known)});
  return out;
}

// Of a pack what it holds, with shapes.
std::vector<Described> description(const std::vector<Argument>& arguments, const std::string& array,
                                   std::size_t wording, const Known& known) {
  std::vector<Described> out;
  for (const Argument& each : arguments) {
    if (each.name == "_") continue;
    if (each.members.empty()) {
      out.push_back({each.name, type_of(array), described(each.name, each.type, wording, known)});
      continue;
    }
    const auto found = meanings_of_packs().find(each.name);
    const std::string said = found == meanings_of_packs().end() ? "arrays" : found->second;
    out.push_back(
        {each.name, each.container, capital(said) + ": " + with_shapes(each.members) + "."});
  }
  return out;
}

// Up to the end of its first sentence; all of it where it is one.
std::string first_sentence(const std::string& text) {
  const std::size_t end = text.find(". ");
  return end == std::string::npos ? text : text.substr(0, end + 1);
}

}  // namespace

Docstring docstring(const Purpose& purpose, Sections sections, const std::string& array,
                    std::size_t width, Random& random) {
  constexpr std::size_t kQuotes = 6;
  // A sentence that has no room on the line goes on below rather than be left out.
  std::vector<std::string> fitting;
  for (const std::string& sentence : purpose.summaries)
    if (first_sentence(sentence).size() <= width - kQuotes) fitting.push_back(sentence);
  if (fitting.empty()) fitting = purpose.summaries;
  Docstring out{fitting.empty()
                    ? plain_summary(purpose.parameters, purpose.results, width - kQuotes, random)
                    : random.pick(fitting),
                sections};
  const std::size_t wording = random.below(6);
  Known known;
  for (const Argument& each : purpose.parameters) {
    known.insert(each.name);
    for (const auto& [member, type] : each.members) known.insert(member);
  }
  if (!worth_sections(purpose.parameters, known)) out.sections = Sections::kNone;
  out.arguments = description(purpose.parameters, array, wording, known);
  for (const auto& [name, type] : purpose.settings)
    out.arguments.push_back({name, type, meaning_of_setting(name)});
  out.results = description(purpose.results, array, wording, known);
  // Letters are usual for what is given.
  for (std::size_t k = 0; k < out.results.size(); ++k) {
    constexpr std::size_t kLetters = 2;
    const std::string& name = out.results[k].name;
    if (name.size() > kLetters) continue;
    for (const auto& [each, type] : purpose.results)
      if (each == name) out.results[k].text = described("", type, wording, known);
  }
  return out;
}

std::string meaning_of_setting(const std::string& name) {
  if (const auto found = meanings_of_numbers().find(name); found != meanings_of_numbers().end())
    return capital(found->second) + ".";
  const std::string said = meaning(name);
  return capital(said.empty() ? plan::as_words(name) : said) + ".";
}

std::string text_of(const Docstring& d, std::size_t width) {
  constexpr std::size_t kMostDescribed = 10, kQuotes = 6;
  std::string said = d.summary;
  // What does not go into the first line is a paragraph of its own.
  if (const std::string first = first_sentence(said); said.size() > width - kQuotes) {
    const std::string rest = first == said ? "" : said.substr(first.size() + 1);
    said = wrapped(first, width - kQuotes, "") +
           (rest.empty() ? "" : "\n\n" + wrapped(rest, width, ""));
  }
  if (d.sections == Sections::kNone || d.empty() ||
      d.arguments.size() + d.results.size() > kMostDescribed)
    return said;
  if (d.sections == Sections::kNumpy)
    return said + (d.arguments.empty() ? "" : numpy("Parameters", d.arguments, width)) +
           numpy("Returns", d.results, width);
  return said + (d.arguments.empty() ? "" : google("Args", d.arguments, true, width)) +
         google("Returns", d.results, d.results.size() > 1, width);
}

std::optional<std::string> filled(const std::string& sentence,
                                  const std::vector<std::string>& parameters,
                                  const std::map<plan::BodyId, std::string>& functions) {
  std::string out;
  for (std::size_t at = 0; at < sentence.size();) {
    if (sentence[at] != '$') {
      out += sentence[at++];
      continue;
    }
    const bool function = at + 1 < sentence.size() && sentence[at + 1] == 'f';
    std::size_t end = at + (function ? 2 : 1), number = 0;
    for (; end < sentence.size() && std::isdigit(static_cast<unsigned char>(sentence[end])); ++end)
      number = number * 10 + static_cast<std::size_t>(sentence[end] - '0');
    at = end;
    if (function) {
      const auto found = functions.find(static_cast<plan::BodyId>(number));
      if (found == functions.end()) return std::nullopt;
      out += found->second;
    } else {
      if (number >= parameters.size() || parameters[number] == "_") return std::nullopt;
      out += parameters[number];
    }
  }
  return out;
}

}  // namespace jaxsmith::source
