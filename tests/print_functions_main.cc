// Prints planned functions as JSON, a line each: for Python tests.
//   print_functions SEED FIRST_CHUNK CHUNKS [CATEGORY,… [DTYPE,… [MAX_RANK]]]
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "backend/backend.h"
#include "source/render.h"

namespace jaxsmith {
namespace {

nlohmann::json as_json(const source::Function& f) {
  nlohmann::json out = {{"id", source::function_id(f.key)},
                        {"category", f.category},
                        {"transformation", f.transformation},
                        {"source", f.source},
                        {"entry", f.entry},
                        {"argument_tree", f.argument_tree},
                        {"x64", f.runtime.x64},
                        {"devices", f.runtime.devices}};
  for (const source::ArgumentSpec& a : f.arguments) {
    out["arguments"].push_back({{"name", a.name}, {"aval", tensor::aval_text(a.dtype, a.shape)}});
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
  plan::PlanOptions options{&backend::backend_named("jax")->catalogue()};
  for (std::size_t i = 0; argc > 4 && i < options.catalogue->categories().size(); ++i) {
    const auto category = static_cast<plan::Category>(i);
    if (listed(argv[4], options.catalogue->profile(category).name))
      options.categories.push_back(category);
  }
  for (tensor::DType dtype :
       {tensor::DType::kF32, tensor::DType::kF16, tensor::DType::kBF16, tensor::DType::kF64,
        tensor::DType::kI32, tensor::DType::kI8, tensor::DType::kU8, tensor::DType::kU32,
        tensor::DType::kI64, tensor::DType::kBool, tensor::DType::kC64}) {
    if (argc > 5 && listed(argv[5], tensor::jaxpr_name(dtype))) options.dtypes.push_back(dtype);
  }
  if (argc > 6) options.max_rank = std::stoi(argv[6]);
  const std::uint64_t first = std::stoull(argv[2]), count = std::stoull(argv[3]);
  for (std::uint64_t chunk = first; chunk < first + count; ++chunk) {
    for (const source::Function& f :
         source::chunk_functions(options, std::stoull(argv[1]), chunk)) {
      std::cout << as_json(f).dump() << "\n";
    }
  }
}
