#include "check/sample.h"

#include "base/hash.h"
#include "ir/jaxpr/canonical.h"

namespace jaxsmith {

Reject make_reject(const Function& f, Refusal refusal, std::string structure) {
  return {f.key,     row_id(f), f.provenance.callable, f.category,          f.transformation,
          f.variant, f.source,  std::move(refusal),    std::move(structure)};
}

Candidate make_candidate(Function function, Outcome outcome, std::optional<Refusal> refusal) {
  const auto jaxpr = outcome.levels.find("jaxpr");
  if (jaxpr == outcome.levels.end()) {
    return make_reject(function, refusal.value_or(Refusal{"check", "levels", "there is no jaxpr"}),
                       "");
  }
  auto canonical = jaxpr::canonicalize(jaxpr->second);
  if (!canonical.ok()) {
    return make_reject(function,
                       refusal.value_or(Refusal{"check", "jaxpr", canonical.error().message}), "");
  }
  std::string structure = hash128_hex(canonical.value().structure);
  if (refusal) return make_reject(function, std::move(*refusal), std::move(structure));
  Sample s;
  s.structure = std::move(structure);
  s.signature = hash128_hex(canonical.value().signature);
  s.equations = canonical.value().equations;
  s.op_counts["jaxpr"] = std::move(canonical.value().primitives);
  for (const auto& [level, text] : outcome.levels) {
    if (level == "stablehlo") s.op_counts[level] = stablehlo_op_counts(text);
    if (level == "hlo" || level == "hlo_optimized") s.op_counts[level] = hlo_op_counts(text);
  }
  s.function = std::move(function);
  s.outcome = std::move(outcome);
  return s;
}

}  // namespace jaxsmith
