// Prints a digest of what is planned and rendered, a line a chunk: sources, types and inputs.
//   plan_digests_main SEED FIRST_CHUNK CHUNKS
// tests/test_plan_digests.py holds them against those that were recorded.
#include <iostream>
#include <string>

#include "backend/backend.h"
#include "base/hash.h"
#include "source/render.h"

namespace jaxsmith {
namespace {

void add(std::string& text, std::string_view part) { text.append(part).push_back('\0'); }

std::string content_of(const source::Function& f) {
  std::string out;
  const std::string id = source::function_id(f.key);
  for (const std::string_view part :
       {std::string_view(id), std::string_view(f.category), std::string_view(f.transformation),
        std::string_view(f.variant), std::string_view(f.source), std::string_view(f.entry),
        std::string_view(f.argument_tree)})
    add(out, part);
  add(out, std::to_string(f.runtime.x64) + std::to_string(f.runtime.devices));
  for (const std::string& tag : f.tags) add(out, tag);
  for (const auto& specs : {f.arguments, f.results})
    for (const source::ArgumentSpec& spec : specs)
      add(out, spec.name + " " + tensor::aval_text(spec.dtype, spec.shape));
  // Further sets are drawn in the same way.
  for (const auto& set : std::span(f.inputs).first(source::kInputSets))
    for (const tensor::Tensor& t : set)
      add(out, {reinterpret_cast<const char*>(t.bytes.data()), t.bytes.size()});
  return out;
}

}  // namespace
}  // namespace jaxsmith

int main(int argc, char** argv) {
  using namespace jaxsmith;
  if (argc != 4) return 2;
  const plan::PlanOptions options{&backend::backend_named("jax")->catalogue()};
  const std::uint64_t seed = std::stoull(argv[1]), first = std::stoull(argv[2]);
  for (std::uint64_t chunk = first; chunk < first + std::stoull(argv[3]); ++chunk) {
    std::string all;
    const auto functions = source::chunk_functions(options, seed, chunk);
    for (const source::Function& f : functions) all += content_of(f);
    std::cout << seed << " " << chunk << " " << functions.size() << " " << hash128_hex(all) << "\n";
  }
}
