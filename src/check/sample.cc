#include "check/sample.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/hash.h"
#include "ir/common/windows.h"

namespace jaxsmith::check {

using level::Level;
using source::Function;
using trace::Refusal;

std::string CheckResult::name() const {
  return level ? fmt::format("{}:{}", word(check), level::name_of(*level))
               : std::string(word(check));
}

Reject make_reject(const Function& f, Refusal refusal, std::string kinship) {
  return {f.key,     source::row_id(f), f.provenance.callable, f.category,        f.transformation,
          f.variant, f.source,          std::move(refusal),    std::move(kinship)};
}

std::map<Level, ir::OpCounts> count_operations(const Programs& programs) {
  std::map<Level, ir::OpCounts> out;
  for (const auto& [level, program] : programs)
    if (program.ok() && level::row_of(level).counts) out[level] = program.value().op_counts();
  return out;
}

Result<ir::Structure> structure_of(const Programs& programs, Level level) {
  const auto found = programs.find(level);
  if (found == programs.end())
    return Error::environment(fmt::format("there is no {}", level::name_of(level)));
  if (!found->second.ok()) {
    Error error = found->second.error();
    error.message.resize(std::min(error.message.find('\n'), error.message.size()));
    return error;
  }
  return found->second.value().structure();
}

std::string kinship_of(const ir::Windows& windows) {
  return fmt::format("{:016x}", windows.front());
}

std::string kinship_of(const Programs& programs, Level level, const std::string& structure) {
  const auto found = programs.find(level);
  if (found == programs.end() || !found->second.ok()) return structure;
  const auto flow = found->second.value().flow();
  if (!flow.ok() || flow.value().operations.empty()) return structure;
  return kinship_of(ir::windows_of(flow.value().operations));
}

Candidate make_candidate(Function function, trace::Outcome outcome, std::optional<Refusal> refusal,
                         const Programs& programs, Level structure_level) {
  const auto structure = structure_of(programs, structure_level);
  if (!structure.ok()) {
    const bool missing = !programs.contains(structure_level);
    Refusal own{
        trace::Stage::kCheck,
        std::string(missing ? word(trace::Reason::kLevels) : level::name_of(structure_level)),
        structure.error().message};
    return make_reject(function, refusal.value_or(std::move(own)), "");
  }
  std::string digest = hash128_hex(structure.value().structure);
  std::string kinship = kinship_of(programs, structure_level, digest);
  if (refusal) return make_reject(function, std::move(*refusal), std::move(kinship));
  Sample s;
  s.kinship = std::move(kinship);
  s.structure = std::move(digest);
  s.signature = hash128_hex(structure.value().signature);
  s.sizes = sizes_of(&structure.value(), function.source);
  s.difficulty = difficulty_of(s.sizes);
  s.op_counts = count_operations(programs);
  s.function = std::move(function);
  s.outcome = std::move(outcome);
  return s;
}

}  // namespace jaxsmith::check
