#include "plan/argument_roles.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <string_view>

namespace jaxsmith::plan {
namespace {

using Words = std::set<std::string, std::less<>>;

const Words& learnt() {
  static const Words kWords = {
      "w",          "weight",    "weights",  "kernel",    "kernels",  "bias",    "biases",
      "gain",       "gains",     "gamma",    "beta",      "filters",  "router",  "lora",
      "projection", "readout",   "proxies",  "recurrent", "peephole", "experts", "embedding",
      "embeddings", "loadings",  "decoder",  "denoiser",  "params",   "theta",   "skip",
      "prototypes", "templates", "codebook", "policy",    "scale",    "shift",   "offset"};
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
  static const Words kWords = {"x",        "y",     "z",      "t",           "target",
                               "observed", "state", "value",  "measurement", "position",
                               "start",    "guess", "reward", "sample",      "initial"};
  return kWords;
}

bool has_word(std::string_view name, const Words& words) {
  const std::vector<std::string> parts = words_of_name(name);
  return std::ranges::any_of(parts, [&](const std::string& word) { return words.contains(word); });
}

}  // namespace

std::string word_of(const Value& value) {
  return value.names.empty() ? value.hint : value.names.front();
}

std::string as_words(std::string name) {
  std::ranges::replace(name, '_', ' ');
  return name;
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
  const std::string name = word_of(value);
  const bool inexact = tensor::is_inexact(value.type.dtype);
  if (!inexact) return ArgumentRole::kData;
  if (has_word(name, alone())) return ArgumentRole::kAlone;
  if (value.type.rank() == 0 && has_word(name, data())) return ArgumentRole::kData;
  if (value.type.rank() == 0)
    return has_word(name, settings()) ? ArgumentRole::kSetting : ArgumentRole::kNumber;
  if (has_word(name, moments())) return ArgumentRole::kMoment;
  return has_word(name, learnt()) ? ArgumentRole::kLearnt : ArgumentRole::kData;
}

}  // namespace jaxsmith::plan
