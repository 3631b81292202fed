#include "plan/argument_roles.h"

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

// Whether one of the words of a name is of these; "w1" is "w", and so is "w_out".
bool has_word(std::string_view name, const Words& words) {
  std::string word;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    const char c = i < name.size() ? name[i] : '_';
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      word += c;
    } else if (c == '_') {
      if (words.contains(word)) return true;
      word.clear();
    }
  }
  return false;
}

}  // namespace

ArgumentRole role_of_argument(const Value& value) {
  const std::string_view name = value.names.empty() ? value.hint : value.names.front();
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
