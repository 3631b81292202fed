#include "source/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <stdexcept>

#include "base/letters.h"
#include "plan/builder.h"
#include "plan/op.h"
#include "source/wording.h"

namespace jaxsmith::source {
namespace {

using Words = std::vector<std::string>;

// Names that would hide a keyword, one of Python's own functions or what the module imports, and
// letters that look like numbers.
const std::set<std::string>& reserved() {
  static const std::set<std::string> kReserved = {
      "False",        "None",       "True",       "and",        "as",        "assert",
      "async",        "await",      "break",      "class",      "continue",  "def",
      "del",          "elif",       "else",       "except",     "finally",   "for",
      "from",         "global",     "if",         "import",     "in",        "is",
      "lambda",       "nonlocal",   "not",        "or",         "pass",      "raise",
      "return",       "try",        "while",      "with",       "yield",     "abs",
      "aiter",        "all",        "anext",      "any",        "ascii",     "bin",
      "bool",         "breakpoint", "bytearray",  "bytes",      "callable",  "chr",
      "classmethod",  "compile",    "complex",    "copyright",  "credits",   "delattr",
      "dict",         "dir",        "divmod",     "enumerate",  "eval",      "exec",
      "exit",         "filter",     "float",      "format",     "frozenset", "getattr",
      "globals",      "hasattr",    "hash",       "help",       "hex",       "id",
      "input",        "int",        "isinstance", "issubclass", "iter",      "len",
      "license",      "list",       "locals",     "map",        "max",       "memoryview",
      "min",          "next",       "object",     "oct",        "open",      "ord",
      "pow",          "print",      "property",   "quit",       "range",     "repr",
      "reversed",     "round",      "set",        "setattr",    "slice",     "sorted",
      "staticmethod", "str",        "sum",        "super",      "tuple",     "type",
      "vars",         "zip",        "jax",        "jnp",        "lax",       "np",
      "jsp",          "partial",    "mesh",       "P",          "random",    "jr",
      "special",      "l",          "I",          "O"};
  return kReserved;
}

Words shuffled(Words words, Random& random) {
  random.shuffle(words);
  return words;
}

// Nouns that are true of any such values: an argument without a role has no other.
Words root_parameter_words(const plan::Value& v, const plan::CategoryProfile* profile) {
  const int rank = v.type.rank();
  const tensor::DType dtype = v.type.dtype;
  if (dtype == tensor::DType::kBool)
    return rank == 0 ? Words{"flag", "condition", "is_active", "switch"}
                     : Words{"mask", "flags", "keep_mask", "valid_mask", "selection"};
  if (tensor::is_integer(dtype)) {
    if (rank == 0) return {"n", "number", "offset", "count", "level", "position"};
    return {"counts", "codes", "ids", "bins", "levels", "integers"};
  }
  if (tensor::is_complex(dtype))
    return {"signal", "spectrum", "field", "phasor", "amplitudes", "modes"};
  if (rank == 0) return {"scale", "alpha", "beta", "gain", "coef", "level"};
  if (profile != nullptr && rank == 2 && !profile->matrices.empty()) return profile->matrices;
  if (profile != nullptr && !profile->arrays.empty()) return profile->arrays;
  if (rank == 1)
    return {"vector", "values", "signal", "samples", "series", "points", "x", "levels"};
  if (rank == 2)
    return {"matrix", "table", "features", "grid", "points", "inputs", "x", "rows", "image"};
  return {"volume", "tensor", "images", "frames", "activations", "x", "blocks", "patches", "maps"};
}

Words verbs_of(const plan::CategoryProfile* profile) {
  return profile == nullptr || profile->verbs.empty() ? Words{"compute"} : profile->verbs;
}

Words inner_parameter_words(const plan::Value& v) {
  if (v.type.dtype == tensor::DType::kBool) return {"m", "flag", "on"};
  if (tensor::is_integer(v.type.dtype))
    return v.type.rank() ? Words{"n", "k", "idx"} : Words{"k", "n", "j"};
  if (v.type.rank() == 0) return {"a", "s", "t", "c", "u"};
  if (v.type.rank() == 1) return {"v", "x", "row", "u", "item", "p", "q"};
  return {"x", "block", "m", "z", "part", "w", "h", "g"};
}

}  // namespace

bool is_usable(const std::string& word) {
  return !word.empty() && !is_digit(word.front()) && std::ranges::all_of(word, in_name) &&
         !reserved().contains(word);
}

bool Names::taken(const std::string& name) const {
  return reserved().contains(name) || names_.contains(name) || (outer_ && outer_->taken(name));
}

std::string Names::claim(const std::vector<std::string>& candidates) {
  return claim(candidates, false);
}

std::string Names::claim_unshadowed(const std::vector<std::string>& candidates) {
  return claim(candidates, true);
}

std::string Names::claim(const std::vector<std::string>& candidates, bool unshadowed) {
  const auto free = [&](const std::string& name) {
    return !taken(name) && !(unshadowed && ledger_ && ledger_->contains(name));
  };
  const auto take = [&](const std::string& name) {
    names_.insert(name);
    if (ledger_) ledger_->insert(name);
    return name;
  };
  if (candidates.empty()) throw std::logic_error("a name is claimed of none");
  for (const std::string& c : candidates) {
    if (free(c)) return take(c);
  }
  // A number after another one would read as one: v1 is not followed by v12.
  const bool ends_in_digit =
      std::isdigit(static_cast<unsigned char>(candidates.front().back())) != 0;
  for (int n = 2;; ++n) {
    const std::string numbered =
        fmt::format("{}{}{}", candidates.front(), ends_in_digit ? "_" : "", n);
    if (free(numbered)) return take(numbered);
  }
}

std::vector<std::string> parameter_names(const plan::Value& value, const plan::Program& program,
                                         bool root, bool computed, Random& random) {
  Words words;
  const Words usual = root_parameter_words(value, program.catalogue->profile(program.category));
  for (const std::string& role : value.names)
    if (is_usable(role) && (!computed || std::ranges::find(usual, role) != usual.end()))
      words.push_back(role);
  // A word says more than a letter, where the role has both; some write the letter all the same.
  constexpr std::size_t kWord = 3;
  constexpr double kSaysWord = 0.7;
  const auto says = [](const std::string& word) { return word.size() >= kWord; };
  if (root && !words.empty() && !says(words[0]) && random.chance(kSaysWord))
    std::ranges::stable_partition(words, says);
  if (computed && words.empty())
    words = value.type.rank() > 0 ? Words{"x", "inputs", "values"} : Words{"x", "value"};
  if (!root && words.empty() && is_usable(value.hint)) words.push_back(value.hint);
  const auto& by_hint = program.catalogue->vocabulary().names_by_hint;
  if (const auto found = by_hint.find(value.hint); root && found != by_hint.end())
    words = found->second;
  for (auto& w : shuffled(root ? usual : inner_parameter_words(value), random)) words.push_back(w);
  return words;
}

std::vector<std::string> function_names(const plan::Program& program, const plan::Body& body,
                                        const std::string& subject,
                                        const std::vector<std::string>& results, Random& random) {
  if (!body.names.empty()) {
    Words words = body.names;
    // "slope_of_x"; what is several words mostly says what is done.
    if (!subject.empty() && words.front().find('_') == std::string::npos)
      words.push_back(words.front() + "_of_" + subject);
    if (words.size() > 1 && random.chance(0.4)) std::swap(words[0], words[1]);
    return words;
  }
  if (!body.hint.empty()) {
    return {body.hint, body.hint + "_fn", "inner_" + body.hint, body.hint + "_part"};
  }
  const plan::CategoryProfile* profile = program.catalogue->profile(program.category);
  Words words;
  const bool telling = std::ranges::none_of(
      results, [](const auto& word) { return says_nothing(word) || word.size() < 3; });
  if (telling && !results.empty() && results.size() <= 2)
    words.push_back("compute_" + results[0] + (results.size() > 1 ? "_and_" + results[1] : ""));
  for (auto& verb : shuffled(verbs_of(profile), random)) {
    words.push_back(subject.empty() ? verb + "_values" : verb + "_" + subject);
  }
  return words;
}

std::vector<std::string> names_for_made(const plan::Vocabulary& words, const std::string& maker,
                                        const std::string& function, Random& random) {
  constexpr std::size_t kLongest = 28;
  Words out;
  const auto& forms = words.names_of_made;
  if (const auto found = forms.find(maker); found != forms.end() && !function.empty())
    for (const std::string& form : found->second) {
      std::string name = fmt::format(fmt::runtime(form), function);
      if (name.size() <= kLongest) out.push_back(std::move(name));
    }
  random.shuffle(out);
  out.push_back(maker + "_fn");
  out.push_back(maker + "_of_inner");
  return out;
}

}  // namespace jaxsmith::source
