#include "plan/argument_roles.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <string_view>

#include "base/word_list.h"

namespace jaxsmith::plan {
namespace {

using Words = std::set<std::string, std::less<>>;

const Words& learnt() {
  static const Words kWords = {
      "w",          "b",        "wq",        "wk",       "wv",      "wo",        "weight",
      "weights",    "kernel",   "kernels",   "bias",     "biases",  "gain",      "gains",
      "gamma",      "beta",     "filters",   "router",   "lora",    "qkv",       "projection",
      "readout",    "proxies",  "recurrent", "peephole", "experts", "embedding", "embeddings",
      "loadings",   "decoder",  "denoiser",  "params",   "theta",   "coefs",     "prototypes",
      "templates",  "codebook", "policy",    "scale",    "shift",   "offset",    "modulation",
      "parameters", "init"};
  return kWords;
}

// What ends so is something else of what is learnt: values to try for it, weights of examples.
const Words& not_learnt() {
  static const Words kWords = {"values", "grid", "ids",   "index", "indices", "mask",
                               "logits", "q",    "probs", "state", "cache",   "rates"};
  return kWords;
}

const Words& moments() {
  static const Words kWords = {"m",      "v",       "mu",          "nu",       "momentum",
                               "moment", "average", "accumulator", "velocity", "buffer"};
  return kWords;
}

const Words& settings() {
  static const Words kWords = {"lr",      "learning",    "step",      "damping",  "decay",
                               "eps",     "temperature", "threshold", "guidance", "tolerance",
                               "penalty", "ridge",       "smoothing", "momentum", "limit"};
  return kWords;
}

const Words& alone() {
  static const Words kWords = {"grad",    "grads",   "gradient",     "gradients", "update",
                               "updates", "tangent", "perturbation", "cotangent", "direction"};
  return kWords;
}

// Of single numbers: what is measured or aimed at, and where something begins.
const Words& data() {
  static const Words kWords = {"x",     "y",      "z",           "t",        "target",   "observed",
                               "state", "value",  "measurement", "measured", "position", "start",
                               "guess", "reward", "sample",      "initial",  "time",     "year",
                               "years", "day",    "level",       "reference"};
  return kWords;
}

// Single numbers that say something of another: how uncertain it is, by how much it changes.
const Words& of_another() {
  static const Words kWords = {"sigma", "err",   "error",  "std",     "uncertainty",
                               "new",   "other", "change", "tangent", "delta"};
  return kWords;
}

// Arrays of weights that nothing learns: of examples, of classes.
bool weighs_data(const std::vector<std::string>& parts) {
  static const Words kOfData = {"token", "class", "sample", "example", "importance", "log", "edge"};
  return parts.size() > 1 && kOfData.contains(parts.front()) && parts.back() == "weights";
}

bool has_word(std::string_view name, const Words& words) {
  const std::vector<std::string> parts = words_of_name(name);
  return std::ranges::any_of(parts, [&](const std::string& word) { return words.contains(word); });
}

}  // namespace

std::string word_of(const Value& value) {
  return value.names.empty() ? value.hint : value.names.front();
}

std::string as_words(std::string_view name) {
  std::string out(name);
  std::ranges::replace(out, '_', ' ');
  return out;
}

std::vector<std::string> words_of_name(std::string_view name) {
  std::vector<std::string> out;
  std::string word;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    const char c = i < name.size() ? name[i] : '_';
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) continue;
    if (c != '_') {
      word += c;
      continue;
    }
    if (!word.empty()) out.push_back(word);
    word.clear();
  }
  return out;
}

ArgumentRole role_of_argument(const Value& value) {
  // Words that the renderer finds for what has none say nothing of it.
  if (value.names.empty() || !tensor::is_inexact(value.type.dtype)) return ArgumentRole::kData;
  const std::string& name = value.names.front();
  if (has_word(name, alone())) return ArgumentRole::kAlone;
  if (value.type.rank() == 0) {
    if (has_word(name, data())) return ArgumentRole::kData;
    if (has_word(name, of_another()) && words_of_name(name).size() > 1)
      return ArgumentRole::kOfAnother;
    return has_word(name, settings()) ? ArgumentRole::kSetting : ArgumentRole::kNumber;
  }
  const std::vector<std::string> parts = words_of_name(name);
  if (parts.empty() || weighs_data(parts)) return ArgumentRole::kData;
  if (has_word(name, moments())) return ArgumentRole::kMoment;
  // b1 and b_out are a layer's; a letter alone may be any matrix.
  if (name.size() > 1 && name[0] == 'b' &&
      (name[1] == '_' || name.find_first_not_of("0123456789", 1) == std::string::npos))
    return ArgumentRole::kLearnt;
  constexpr std::string_view kOfTokens = "class_token cls_token score_vector pool_query";
  if (is_word_of(kOfTokens, name)) return ArgumentRole::kLearnt;
  const bool is_learnt = has_word(name, learnt()) && !not_learnt().contains(parts.back());
  return is_learnt ? ArgumentRole::kLearnt : ArgumentRole::kData;
}

bool begins_with_verb(std::string_view name) {
  constexpr std::string_view kVerbs =
      "unpack pack drop invert merge toggle select gather choose sort split shift round add set "
      "divide scale cut write overwrite raise repeat reverse mirror swap permute move encode "
      "evaluate count flatten to convert draw sample";
  const std::string_view first = name.substr(0, name.find('_'));
  return first.size() < name.size() && is_word_of(kVerbs, first);
}

}  // namespace jaxsmith::plan
