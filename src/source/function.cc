#include "source/function.h"

#include <fmt/format.h>

namespace jaxsmith::source {

std::string dtype_text(const ArgumentSpec& spec) {
  return spec.written.empty() ? std::string(tensor::jaxpr_name(spec.dtype)) : spec.written;
}

std::string function_id(const FunctionKey& key) {
  return fmt::format("{}-{}", family_id(key), key.member);
}

std::string family_id(const FunctionKey& key) {
  return fmt::format("{:016x}-{:08}", key.seed, key.family);
}

std::string row_id(const Function& f) {
  return f.provenance.id.empty() ? function_id(f.key) : f.provenance.id;
}

std::string row_family(const Function& f) {
  return f.provenance.id.empty() ? family_id(f.key) : f.provenance.id;
}

}  // namespace jaxsmith::source
