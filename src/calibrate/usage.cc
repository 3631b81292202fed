#include "calibrate/usage.h"

#include <optional>

#include "base/threads.h"

namespace jaxsmith::calibrate {

Uses uses_of(const plan::Program& program) {
  const auto ops = program.catalogue->ops();
  Uses out;
  for (const std::string_view name : plan::operations_of(program))
    if (const plan::Op* op = program.catalogue->find(name))
      ++out[static_cast<std::size_t>(op - ops.data())];
  return out;
}

Result<std::vector<FamilyUsage>> usage_of(const plan::PlanOptions& options, std::uint64_t seed,
                                          std::uint64_t first, std::size_t count,
                                          unsigned workers) {
  constexpr std::int64_t kLongAxis = 16;
  std::vector<FamilyUsage> out(count);
  JAXSMITH_CHECK(parallel_for(count, workers, [&](std::size_t i) -> Status {
    FamilyUsage& usage = out[i];
    const std::uint64_t family = first + i;
    usage.category = plan::family_category(options, seed, family);
    const auto root =
        plan::plan_root(options, plan::family_settings(options, seed, family), seed, family);
    if (!root) return {};
    usage.uses = uses_of(*root);
    for (const plan::Value& value : root->values) {
      if (!value.literal.empty()) continue;
      ++usage.dtypes[value.type.dtype];
      ++usage.ranks[static_cast<std::size_t>(value.type.rank())];
      for (const std::int64_t n : value.type.shape) {
        ++usage.axes;
        usage.long_axes += n > kLongAxis;
      }
    }
    return {};
  }));
  return out;
}

}  // namespace jaxsmith::calibrate
