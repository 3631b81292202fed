#include "source/docstrings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "plan/builder.h"
#include "source/wording.h"

namespace jaxsmith::source {
namespace {

// An argument or a result, and what it is.
struct Described {
  std::string name, type, text;
};

// What arguments usually are that go by a short name or by one that says less than people know.
const std::map<std::string, std::string, std::less<>>& usual_meanings() {
  static const std::map<std::string, std::string, std::less<>> kMeanings = {
      {"x", "input values"},
      {"loss_value", "value of the loss"},
      {"objective", "value of the loss"},
      {"current_loss", "value of the loss"},
      {"grad_norm", "length of the gradient"},
      {"hessian", "second derivatives of the loss"},
      {"jacobian", "derivative of each output in each input"},
      {"primal_out", "value of the function"},
      {"tangent_out", "derivative in the direction of the tangents"},
      {"aux", "what the function gives besides"},
      {"xs", "inputs, one a step"},
      {"w", "weights"},
      {"w1", "weights of the first layer"},
      {"w2", "weights of the second layer"},
      {"b", "bias"},
      {"b1", "bias of the first layer"},
      {"b2", "bias of the second layer"},
      {"q", "queries"},
      {"k", "keys"},
      {"v", "values"},
      {"kernel", "weight matrix"},
      {"gain", "learned scale"},
      {"bias", "learned offset"},
      {"scale", "factor that the result is scaled by"},
      {"logits", "unnormalized log-probabilities"},
      {"labels", "class of each example"},
      {"targets", "values to be predicted"},
      {"ids", "row that each entry belongs to"},
      {"indices", "positions to read"},
      {"tokens", "token ids"},
      {"grads", "gradient of the loss"},
      {"grad", "gradient of the loss"},
      {"m", "running mean of the gradients"},
      {"nu", "running mean of the squared gradients"},
      {"mu", "mean"},
      {"sigma", "standard deviation"},
      {"step", "number of updates so far"},
      {"step_size", "length of a step"},
      {"mask", "which entries count"},
      {"valid", "which entries are present"},
      {"kept", "which entries stay"},
      {"done", "whether an episode ends there"},
      {"dones", "whether an episode ends there"},
      {"positions", "coordinates, one row a point"},
      {"points", "points, one a row"},
      {"params", "parameters of the model"},
      {"theta", "parameters of the model"},
      {"state", "state that is carried on"},
      {"dt", "time step"},
      {"seed", "seed of the random numbers"},
      {"eps", "small constant against division by zero"},
      {"tangent", "direction of the derivative"},
      {"cotangent", "gradient that is pulled back"},
      {"temperature", "divisor of the logits"},
      {"beta", "rate of the average"},
      {"alpha", "mixing coefficient"},
      {"rewards", "reward of each step"},
      {"returns", "return of each period"},
      {"baseline", "estimated value of each state"},
      {"image", "pixel values"},
      {"signal", "samples in time"},
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

std::string meaning(const std::string& name) {
  if (const auto found = usual_meanings().find(name); found != usual_meanings().end())
    return found->second;
  const bool has_digit = std::ranges::any_of(
      name, [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
  return name.size() > 3 && !has_digit && !is_modifier(name) ? in_words(name) : std::string();
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

// "`a` (2, 3), `b` () and `c` (4,)"; without shapes "`a`, `b` and `c`".
std::string listed(const NamedTypes& values, bool shapes) {
  std::string out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) out += i + 1 == values.size() ? " and " : ", ";
    out += "`" + values[i].first + "`";
    if (shapes) out += " " + plan::tuple_text(values[i].second.shape);
  }
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
    out += word ? "the " + in_words(name) : "`" + name + "`";
  }
  return out;
}

// What a value is, by what it is called and its type, in one wording out of several.
std::string described(const std::string& name, const plan::Type& type, std::size_t style) {
  const std::string shape = plan::tuple_text(type.shape);
  const bool boolean = type.dtype == tensor::DType::kBool;
  const std::string said = meaning(name);
  const std::string kind = boolean                          ? "boolean "
                           : tensor::is_integer(type.dtype) ? "integer "
                           : tensor::is_complex(type.dtype) ? "complex "
                                                            : "";
  if (type.rank() == 0)
    return capital(said.empty() ? kind + "scalar." : style % 2 ? said + ", a scalar." : said + ".");
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

std::string with_sections(const std::string& summary, Sections sections,
                          const std::vector<Described>& arguments,
                          const std::vector<Described>& results, std::size_t width) {
  if (sections == Sections::kNone || summary.empty()) return summary;
  if (sections == Sections::kNumpy)
    return summary + (arguments.empty() ? "" : numpy("Parameters", arguments, width)) +
           numpy("Returns", results, width);
  return summary + (arguments.empty() ? "" : google("Args", arguments, true, width)) +
         google("Returns", results, results.size() > 1, width);
}

// Of names and shapes; empty where there is nothing to say or no room.
std::string plain_summary(const NamedTypes& parameters, const NamedTypes& results, std::size_t room,
                          Random& random) {
  if (parameters.empty() || results.empty()) return {};
  const std::string given = listed(parameters, false), said = in_sentence(results);
  std::vector<std::string> forms = {
      fmt::format("Map {} to {}.", listed(parameters, true), listed(results, true)),
      fmt::format("Return {} of {}.", said, given),
      fmt::format("Compute {} from {}.", said, given),
      fmt::format("Compute {} from {}.", said, listed(parameters, true)),
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

std::vector<Described> description(const NamedTypes& values, const std::string& array,
                                   std::size_t wording) {
  std::vector<Described> out;
  for (const auto& [name, type] : values) {
    if (name == "_") continue;
    // Of what is part of an argument the last word says what it is.
    const std::size_t end = name.find_last_not_of("\"]"), begin = name.find_last_of(".[\"", end);
    const bool part = begin != std::string::npos && end != std::string::npos;
    const std::string word = part ? name.substr(begin + 1, end - begin) : name;
    out.push_back({name, array.empty() ? "array" : array, described(word, type, wording)});
  }
  return out;
}

}  // namespace

std::string docstring(const Purpose& purpose, Sections sections, const std::string& array,
                      std::size_t width, Random& random) {
  constexpr std::size_t kQuotes = 6, kMostDescribed = 9;
  std::vector<std::string> fitting;
  for (const std::string& sentence : purpose.summaries)
    if (sentence.size() <= width - kQuotes) fitting.push_back(sentence);
  const std::string summary =
      fitting.empty() ? plain_summary(purpose.parameters, purpose.results, width - kQuotes, random)
                      : random.pick(fitting);
  const std::size_t wording = random.below(6);
  const std::vector<Described> arguments = description(purpose.parameters, array, wording),
                               results = description(purpose.results, array, wording);
  if (arguments.size() + results.size() > kMostDescribed) return summary;
  return with_sections(summary, sections, arguments, results, width);
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
