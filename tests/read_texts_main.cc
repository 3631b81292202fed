// Reads JSON objects, a line each, that hold texts by level, and prints what src/ir says of them:
// for Python tests.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/hash.h"
#include "ir/common/op_counts.h"
#include "ir/jaxpr/canonical.h"

int main() {
  using namespace jaxsmith;
  for (std::string line; std::getline(std::cin, line);) {
    const auto texts = nlohmann::json::parse(line);
    nlohmann::json out;
    if (texts.contains("jaxpr")) {
      const auto canonical = jaxpr::canonicalize(texts["jaxpr"].get<std::string>());
      if (canonical.ok()) {
        out["structure"] = hash128_hex(canonical.value().structure);
        out["signature"] = hash128_hex(canonical.value().signature);
        out["equations"] = canonical.value().equations;
        out["jaxpr"] = canonical.value().primitives;
      } else {
        out["error"] = canonical.error().message;
      }
    }
    if (texts.contains("stablehlo"))
      out["stablehlo"] = stablehlo_op_counts(texts["stablehlo"].get<std::string>());
    for (const char* level : {"hlo", "hlo_optimized"}) {
      if (texts.contains(level)) out[level] = hlo_op_counts(texts[level].get<std::string>());
    }
    std::cout << out.dump() << "\n";
  }
}
