// Prints planned functions as JSON, a line each: for Python tests.
//   print_functions SEED FIRST_CHUNK CHUNKS [CATEGORY,… [DTYPE,… [MAX_RANK]]]
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "backend/backend.h"
#include "source/render.h"

namespace jaxsmith {
namespace {

nlohmann::json as_json(const Function& f) {
  nlohmann::json out = {
      {"id", function_id(f.key)},    {"category", f.category}, {"transformation", f.transformation},
      {"source", f.source},          {"entry", f.entry},       {"x64", f.runtime.x64},
      {"devices", f.runtime.devices}};
  for (const ArgumentSpec& a : f.arguments) {
    out["arguments"].push_back({{"name", a.name}, {"aval", aval_text(a.dtype, a.shape)}});
  }
  return out;
}

// Whether an item of "a,b,c" has this name.
bool listed(const std::string& list, std::string_view name) {
  return ("," + list + ",").find("," + std::string(name) + ",") != std::string::npos;
}

}  // namespace
}  // namespace jaxsmith

int main(int argc, char** argv) {
  using namespace jaxsmith;
  if (argc < 4) return 2;
  PlanOptions options{&backend_named("jax")->catalogue()};
  for (std::size_t i = 0; argc > 4 && i < options.catalogue->categories().size(); ++i) {
    const auto category = static_cast<Category>(i);
    if (listed(argv[4], options.catalogue->profile(category).name))
      options.categories.push_back(category);
  }
  for (DType dtype : {DType::kF32, DType::kF16, DType::kBF16, DType::kF64, DType::kI32, DType::kI8,
                      DType::kU8, DType::kU32, DType::kI64, DType::kBool, DType::kC64}) {
    if (argc > 5 && listed(argv[5], jaxpr_name(dtype))) options.dtypes.push_back(dtype);
  }
  if (argc > 6) options.max_rank = std::stoi(argv[6]);
  const std::uint64_t first = std::stoull(argv[2]), count = std::stoull(argv[3]);
  for (std::uint64_t chunk = first; chunk < first + count; ++chunk) {
    for (const Function& f : chunk_functions(options, std::stoull(argv[1]), chunk)) {
      std::cout << as_json(f).dump() << "\n";
    }
  }
}
