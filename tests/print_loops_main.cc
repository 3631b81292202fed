// Prints functions whose loops Python repeats as JSON, a line each, with the source that the same
// programs have where JAX repeats them: for Python tests.
//   print_loops SEED FAMILIES
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "backend/backend.h"
#include "plan/planner.h"
#include "source/render.h"

namespace jaxsmith {
namespace {

// Whether there were any.
bool roll_up(plan::Program& program) {
  bool any = false;
  for (plan::Body& body : program.bodies)
    for (plan::Node& node : body.nodes) {
      if (!node.loop || !node.loop->unrolled) continue;
      node.loop->unrolled = false;
      any = true;
    }
  return any;
}

std::string hexadecimal(const std::string& bytes) {
  static const char* kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

nlohmann::json as_json(const source::Function& f) {
  nlohmann::json inputs = nlohmann::json::array();
  for (const tensor::Tensor& t : f.inputs[0])
    inputs.push_back({{"dtype", tensor::numpy_name(t.dtype)},
                      {"shape", t.shape},
                      {"bytes", hexadecimal(t.bytes)}});
  return {{"id", source::function_id(f.key)}, {"source", f.source},   {"entry", f.entry},
          {"argument_tree", f.argument_tree}, {"x64", f.runtime.x64}, {"inputs", inputs}};
}

}  // namespace
}  // namespace jaxsmith

int main(int argc, char** argv) {
  using namespace jaxsmith;
  if (argc < 3) return 2;
  const plan::PlanOptions options{&backend::backend_named("jax")->catalogue()};
  const std::uint64_t seed = std::stoull(argv[1]), families = std::stoull(argv[2]);
  for (std::uint64_t family = 0; family < families; ++family) {
    const auto members = plan::plan_family(options, seed, family);
    for (std::size_t m = 0; m < members.size(); ++m) {
      const source::FunctionKey key{seed, family, static_cast<std::uint32_t>(m)};
      plan::Member rolled = members[m];
      if (!roll_up(rolled.program) || rolled.program.devices > 1) continue;
      nlohmann::json out = as_json(source::render(members[m], key));
      out["rolled"] = source::render(rolled, key).source;
      std::cout << out.dump() << "\n";
    }
  }
}
