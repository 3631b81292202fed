#include "plan/jax/roles.h"

#include <algorithm>
#include <set>
#include <vector>

#include "plan/meaning.h"

namespace jaxsmith::plan {
namespace {

using Words = std::set<std::string, std::less<>>;

// In one number or several.
bool holds(const Words& words, const std::string& part) {
  return words.contains(part) ||
         (part.size() > 3 && part.back() == 's' && words.contains(part.substr(0, part.size() - 1)));
}

const Words& parameter_words() {
  static const Words kWords = {"w",
                               "b",
                               "weight",
                               "bias",
                               "kernel",
                               "gain",
                               "scale",
                               "shift",
                               "param",
                               "params",
                               "parameter",
                               "theta",
                               "coef",
                               "coefficient",
                               "slope",
                               "intercept",
                               "embedding",
                               "embed",
                               "projection",
                               "readout",
                               "filter",
                               "tap",
                               "factor",
                               "loading",
                               "center",
                               "centroid",
                               "mu",
                               "sigma",
                               "loc",
                               "rate",
                               "stiffness",
                               "damping",
                               "friction",
                               "mass",
                               "diffusivity",
                               "viscosity",
                               "conductivity",
                               "alpha",
                               "beta",
                               "gamma",
                               "lam",
                               "kappa",
                               "strength",
                               "decay",
                               "drift",
                               "vol",
                               "volatility",
                               "lengthscale",
                               "policy",
                               "gate",
                               "codebook",
                               "prototype",
                               "mixing",
                               "coupling",
                               "scales",
                               "recurrent",
                               "design"};
  return kWords;
}

// One number of these is set; many are what a function is taken at.
const Words& physical_words() {
  static const Words kWords = {
      "temperature", "amplitude",     "frequency",  "phase",      "power",    "capacity",
      "resistance",  "length",        "radius",     "speed",      "charge",   "spin",
      "growth",      "pressure",      "density",    "area",       "height",   "width",
      "current",     "voltage",       "depth",      "distance",   "diameter", "eccentricity",
      "principal",   "payment",       "demand",     "dose",       "price",    "cost",
      "anomaly",     "concentration", "angle",      "latitude",   "tension",  "tilt",
      "spot",        "strike",        "expiry",     "maturity",   "yield",    "discount",
      "service",     "arrival",       "elasticity", "efficiency", "exponent", "drag",
      "mean",        "std",           "variance"};
  return kWords;
}

const Words& state_words() {
  static const Words kWords = {"x",
                               "z",
                               "q",
                               "p",
                               "u",
                               "h",
                               "c",
                               "v",
                               "y",
                               "s",
                               "phi",
                               "psi",
                               "point",
                               "position",
                               "coordinate",
                               "state",
                               "velocity",
                               "momenta",
                               "momentum",
                               "rotation",
                               "pose",
                               "latent",
                               "code",
                               "hidden",
                               "field",
                               "query",
                               "queries",
                               "key",
                               "value",
                               "signal",
                               "image",
                               "source",
                               "particle",
                               "population",
                               "vector",
                               "control",
                               "action",
                               "guess",
                               "initial",
                               "matrix",
                               "quaternion",
                               "potential",
                               "log",
                               "logit",
                               "score",
                               "context",
                               "activation",
                               "level",
                               "heights",
                               "configuration",
                               "displacement",
                               "prey",
                               "predator",
                               "infected",
                               "prompt"};
  return kWords;
}

const Words& data_words() {
  static const Words kWords = {
      "label",   "target",    "observed",  "observation", "measured",  "measurement", "mask",
      "valid",   "time",      "t",         "ts",          "feature",   "input",       "inputs",
      "data",    "batch",     "token",     "id",          "ids",       "sample",      "count",
      "dt",      "seed",      "edge",      "bin",         "threshold", "eps",         "noise",
      "window",  "step",      "reward",    "done",        "dones",     "uniform",     "n",
      "k",       "index",     "indices",   "grad",        "grads",     "gradient",    "lr",
      "tangent", "cotangent", "advantage", "return",      "rows",      "day",         "train",
      "test",    "outcome",   "rating",    "term",        "moment",    "previous",    "old",
      "teacher", "tolerance", "limit",     "expected",    "probe",     "negative",    "real",
      "fake",    "candidate", "proposal",  "reference",   "series",    "baseline",    "bound",
      "word",    "years",     "xs",        "ys",          "other",     "rounds",      "lower",
      "upper",   "low",       "high",      "tol",         "horizon",   "learning",    "trade",
      "grid",    "next",      "class",     "importance",  "strength"};
  return kWords;
}

// Of a name the last part says what it is, and the first where the last says nothing: w_out.
Role role_by(const std::vector<std::string>& parts, bool one) {
  const auto of = [&](const std::string& part) {
    if (holds(data_words(), part)) return Role::kData;
    if (holds(physical_words(), part)) return one ? Role::kParameter : Role::kState;
    if (holds(parameter_words(), part)) return Role::kParameter;
    if (holds(state_words(), part)) return Role::kState;
    return Role::kUnknown;
  };
  if (parts.empty()) return Role::kUnknown;
  if (of(parts.front()) == Role::kData) return Role::kData;
  for (const std::string& part : parts)
    if (part == "w" || part == "b" || part == "weight" || part == "weights")
      return Role::kParameter;
  const Role last = of(parts.back());
  return last == Role::kUnknown ? of(parts.front()) : last;
}

const Words& loss_words() {
  static const Words kWords = {"loss",         "cost",        "nll",        "mse",
                               "mae",          "rmse",        "objective",  "penalty",
                               "divergence",   "kl",          "misfit",     "hinge",
                               "regret",       "discrepancy", "deviance",   "risk",
                               "violation",    "chi",         "distortion", "energy_distance",
                               "crossentropy", "regularizer", "criterion"};
  return kWords;
}

const Words& metric_words() {
  static const Words kWords = {
      "accuracy", "det",         "ece",       "recall",    "auc",     "rank",     "count",
      "index",    "indices",     "hit",       "argmax",    "winner",  "checksum", "hash",
      "parity",   "order",       "sorted",    "mask",      "updated", "grad",     "grads",
      "gradient", "round",       "iteration", "step",      "label",   "flag",     "bucket",
      "bin",      "id",          "number",    "f",         "tally",   "clipped",  "ranked",
      "selected", "chosen",      "picked",    "histogram", "key",     "top",      "fraction",
      "is",       "has",         "kept",      "sign",      "hessian", "jacobian", "curvature",
      "slope",    "sensitivity", "tangent",   "newton",    "moved",   "settled"};
  return kWords;
}

bool ends_with_any(const std::vector<std::string>& parts, const Words& words) {
  return !parts.empty() && holds(words, parts.back());
}

bool says(const std::string& name, std::initializer_list<const char*> texts) {
  return std::ranges::any_of(
      texts, [&](const char* text) { return name.find(text) != std::string::npos; });
}

// "squared_error" is made small, a standard error is how uncertain something is.
bool is_error(const std::vector<std::string>& parts) {
  static const Words kKinds = {"squared", "square",   "mean",         "absolute",
                               "fit",     "relative", "quantization", "reconstruction"};
  return parts.size() > 1 && parts.back() == "error" && kKinds.contains(parts[parts.size() - 2]);
}

bool is_log_density(const std::string& name) {
  return says(name, {"elbo", "loglik", "logp"}) ||
         (name.starts_with("log_") && says(name, {"prob", "likelihood", "density", "evidence",
                                                  "joint", "posterior", "prior", "pdf"}));
}

Quantity number_by(const std::string& name) {
  const std::vector<std::string> parts = words_of_name(name);
  if (says(name, {"negative_log", "neg_log", "cross_entropy"}) ||
      std::ranges::any_of(parts, [](const std::string& p) { return holds(loss_words(), p); }) ||
      is_error(parts))
    return Quantity::kLoss;
  if (ends_with_any(parts, metric_words())) return Quantity::kMetric;
  if (is_log_density(name)) return Quantity::kLogDensity;
  static const Words kEnergies = {"energy", "potential", "hamiltonian", "lagrangian", "action"};
  static const Words kPrices = {"price", "premium", "npv", "option", "call", "put"};
  static const Words kUtilities = {"reward",  "utility", "welfare", "profit",
                                   "fitness", "revenue", "payoff"};
  if (ends_with_any(parts, kEnergies)) return Quantity::kEnergy;
  if (ends_with_any(parts, kPrices) || name == "present_value") return Quantity::kPrice;
  if (ends_with_any(parts, kUtilities)) return Quantity::kUtility;
  return Quantity::kNumber;
}

}  // namespace

Role role_of(const Value& argument) {
  if (argument.names.empty()) return Role::kUnknown;
  return role_by(words_of_name(argument.names.front()), argument.type.rank() == 0);
}

Quantity quantity_of(const Value& result, const std::string& function) {
  const std::string& name = result.names.empty() ? function : result.names.front();
  const std::vector<std::string> parts = words_of_name(name);
  // Of an array of which nobody knows what it is there is no loss, no tangent and no fit.
  if (parts.empty()) return result.type.rank() == 0 ? Quantity::kUnnamed : Quantity::kMetric;
  if (result.type.rank() == 0) return number_by(name);
  // Spreads and determinants come beside what a function is for.
  static const Words kBeside = {"spread", "variance", "var", "std", "deviation", "disagreement"};
  if (ends_with_any(parts, metric_words()) || ends_with_any(parts, kBeside))
    return Quantity::kMetric;
  const auto is_loss = [](const std::string& part) { return holds(loss_words(), part); };
  if (std::ranges::any_of(parts, is_loss)) return Quantity::kMetric;  // of each example: a mean is
  if (parts.back() == "logits") return Quantity::kLogits;
  if (parts.back() == "residuals" || parts.back() == "errors") return Quantity::kResidual;
  static const Words kPredicted = {"predicted", "fitted",        "forecast",      "modelled",
                                   "simulated", "interpolated",  "curve",         "decoded",
                                   "rendered",  "reconstructed", "reconstruction"};
  const bool known = ends_with_any(parts, kPredicted) || meaning_of({name}) != 0;
  return known ? Quantity::kPrediction : Quantity::kMetric;
}

}  // namespace jaxsmith::plan
