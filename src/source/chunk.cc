#include "source/render.h"

namespace jaxsmith::source {

std::vector<Function> chunk_functions(const plan::PlanOptions& options, std::uint64_t seed,
                                      std::uint64_t chunk) {
  std::vector<Function> out;
  for (std::uint64_t family = chunk * plan::kFamiliesPerChunk;
       family < (chunk + 1) * plan::kFamiliesPerChunk; ++family) {
    const auto members = plan::plan_family(options, seed, family);
    for (std::size_t m = 0; m < members.size(); ++m)
      out.push_back(render(members[m], {seed, family, static_cast<std::uint32_t>(m)}));
  }
  return out;
}

}  // namespace jaxsmith::source
