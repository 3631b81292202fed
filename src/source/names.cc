#include "source/names.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/op.h"

namespace jaxsmith {
namespace {

using Words = std::vector<std::string>;

const std::set<std::string>& reserved() {
  static const std::set<std::string> kReserved = {
      "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif", "else", "except", "finally", "for",
      "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with",
      "yield", "None", "True", "False", "jax", "jnp", "lax", "np", "jsp", "partial", "mesh", "P", "abs", "all", "any", "bool", "dict",
      "filter", "float", "format", "hash", "id", "input", "int", "iter", "len", "list", "map", "max", "min", "next", "object", "pow",
      "print", "range", "round", "set", "slice", "sorted", "str", "sum", "tuple", "type", "vars", "zip"};
  return kReserved;
}

Words shuffled(Words words, Random& random) {
  random.shuffle(words);
  return words;
}

Words root_parameter_words(const Value& v, const std::string& category) {
  const int rank = v.type.rank();
  const DType dtype = v.type.dtype;
  if (dtype == DType::kBool) return {"mask", "valid", "active", "keep", "flags", "selected", "enabled"};
  if (is_integer(dtype)) {
    if (rank == 0) return {"offset", "count", "index", "shift", "seed", "level", "order", "position"};
    return {"tokens", "counts", "labels", "indices", "codes", "ids", "bins", "keys", "levels", "steps"};
  }
  if (is_complex(dtype)) return {"signal", "spectrum", "field", "phasor", "amplitudes", "modes"};
  if (rank == 0) return {"scale", "alpha", "rate", "temperature", "strength", "gain", "bias", "decay", "threshold", "step_size", "radius", "beta"};
  if (category == "linear_algebra" && rank == 2) return {"matrix", "design", "kernel", "basis", "weights", "transform", "features", "operator_matrix"};
  if (category == "gradient") return {"weights", "params", "inputs", "targets", "features", "residuals", "biases", "predictions", "theta", "data"};
  if (category == "loop") return {"inputs", "state", "gains", "series", "positions", "velocity", "signal", "weights", "forces", "samples"};
  if (rank == 1) return {"vector", "values", "weights", "signal", "samples", "scores", "series", "bias", "points", "x", "y", "levels"};
  if (rank == 2) return {"matrix", "table", "features", "grid", "points", "weights", "logits", "inputs", "x", "batch", "rows", "image"};
  return {"volume", "tensor", "batch", "images", "frames", "activations", "x", "blocks", "patches", "maps"};
}

Words inner_parameter_words(const Value& v) {
  if (v.type.dtype == DType::kBool) return {"m", "flag", "on"};
  if (is_integer(v.type.dtype)) return v.type.rank() ? Words{"n", "k", "idx"} : Words{"k", "n", "j"};
  if (v.type.rank() == 0) return {"a", "s", "t", "c", "u"};
  if (v.type.rank() == 1) return {"v", "x", "row", "u", "item", "p", "q"};
  return {"x", "block", "m", "z", "part", "w", "h", "g"};
}

bool usable_word(const std::string& word) { return !word.empty() && !reserved().contains(word); }

std::vector<const Node*> nodes_of(const Body& body) {
  std::vector<const Node*> out;
  for (const Node& n : body.nodes) out.push_back(&n);
  return out;
}

// "value_and_grad" → "value and grad"
std::string spaced(std::string text) {
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

}  // namespace

bool Names::taken(const std::string& name) const {
  return reserved().contains(name) || names_.contains(name) || (outer_ && outer_->taken(name));
}

std::string Names::claim(const std::vector<std::string>& candidates) { return claim(candidates, false); }

std::string Names::claim_unshadowed(const std::vector<std::string>& candidates) { return claim(candidates, true); }

std::string Names::claim(const std::vector<std::string>& candidates, bool unshadowed) {
  const auto free = [&](const std::string& name) { return !taken(name) && !(unshadowed && ledger_ && ledger_->contains(name)); };
  const auto take = [&](const std::string& name) {
    names_.insert(name);
    if (ledger_) ledger_->insert(name);
    return name;
  };
  for (const std::string& c : candidates) {
    if (free(c)) return take(c);
  }
  for (int n = 2;; ++n) {
    const std::string numbered = fmt::format("{}{}", candidates.front(), n);
    if (free(numbered)) return take(numbered);
  }
}

std::vector<std::string> parameter_names(const Value& value, const std::string& category, bool root, Random& random) {
  Words words;
  if (!root && usable_word(value.hint)) words.push_back(value.hint);
  if (root && value.hint == "tangent") words = {"tangent", "direction", "x_dot", "perturbation"};
  if (root && value.hint == "cotangent") words = {"cotangent", "upstream", "out_bar"};
  for (auto& w : shuffled(root ? root_parameter_words(value, category) : inner_parameter_words(value), random)) words.push_back(w);
  return words;
}

std::vector<std::string> result_names(const Value& value, Random& random) {
  static const Words kGeneric = {"hidden", "mixed", "out", "blended", "adjusted", "combined", "folded", "merged", "term", "shaped"};
  Words words;
  if (usable_word(value.hint)) words.push_back(value.hint);
  for (auto& w : shuffled(kGeneric, random)) words.push_back(w);
  return words;
}

std::vector<std::string> function_names(const Program& program, const Body& body, const std::string& subject, Random& random) {
  if (!body.hint.empty()) {
    return {body.hint, body.hint + "_fn", "inner_" + body.hint, body.hint + "_part"};
  }
  static const std::map<std::string, Words> kVerbs = {
      {"arithmetic", {"blend", "adjust", "mix", "balance", "rescale", "combine", "offset", "weigh"}},
      {"math", {"warp", "shape", "modulate", "squash", "transform", "activate", "dampen", "curve"}},
      {"array", {"arrange", "tile", "reorder", "unfold", "pack", "assemble", "layout", "stitch"}},
      {"linear_algebra", {"project", "solve", "factor", "whiten", "decompose", "rotate", "correlate", "align"}},
      {"reduction", {"summarize", "pool", "aggregate", "collapse", "measure", "score", "rank", "condense"}},
      {"indexing", {"gather", "select", "lookup", "scatter", "pick", "slice_out", "update", "place"}},
      {"gradient", {"tune", "differentiate", "descend", "fit", "sensitivity_of", "optimize", "refine", "learn"}},
      {"vectorization", {"batch", "map", "spread", "pairwise", "vectorize", "apply_over", "each", "broadcast"}},
      {"conditional", {"choose", "gate", "route", "switch", "guard", "branch_on", "limit", "mask_out"}},
      {"loop", {"iterate", "roll", "simulate", "relax", "accumulate", "evolve", "smooth", "propagate"}}};
  const auto found = kVerbs.find(program.category);
  Words words;
  for (auto& verb : shuffled(found == kVerbs.end() ? Words{"compute"} : found->second, random)) {
    words.push_back(subject.empty() ? verb + "_values" : verb + "_" + subject);
  }
  return words;
}

std::string docstring(const Program& program, const Body& body, const std::vector<std::string>& parameters, Random& random) {
  Words ops;
  for (const Node* n : nodes_of(body)) {
    if (n->op == "call") continue;
    const std::string word = spaced(n->op);
    if (std::find(ops.begin(), ops.end(), word) == ops.end()) ops.push_back(word);
  }
  if (ops.empty() || parameters.empty()) return {};
  std::string subject = "`" + parameters[0] + "`";
  if (parameters.size() == 2) subject += " and `" + parameters[1] + "`";
  if (parameters.size() > 2) subject += fmt::format(" and {} more", parameters.size() - 1);
  const std::string last = ops.back(), first = ops.front();
  if (ops.size() == 1) return fmt::format("Apply {} to {}.", first, subject);
  switch (random.below(3)) {
    case 0: return fmt::format("Combine {} by {} and {}.", subject, first, last);
    case 1: return fmt::format("Apply {}, then {}, to {}.", first, last, subject);
    default: return fmt::format("{} example: {} and {} of {}.", static_cast<char>(std::toupper(program.category[0])) + spaced(program.category).substr(1), first, last, subject);
  }
}

}  // namespace jaxsmith
