// Reads JSON objects, a line each, that hold texts by level, and prints what src/ir says of them:
// for Python tests.
#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/hash.h"
#include "check/sample.h"

int main() {
  using namespace jaxsmith;
  for (std::string line; std::getline(std::cin, line);) {
    const auto given = nlohmann::json::parse(line);
    level::Texts texts;
    for (const level::Level level : level::levels())
      if (given.contains(level::name_of(level)))
        texts[level] = given[level::name_of(level)].get<std::string>();
    const check::Programs programs = check::read_texts(texts);
    nlohmann::json out;
    for (const auto& [level, counts] : check::count_operations(programs))
      out[level::name_of(level)] = counts;
    if (programs.contains(level::structure_level())) {
      const auto structure = check::structure_of(programs, level::structure_level());
      if (structure.ok()) {
        out["structure"] = hash128_hex(structure.value().structure);
        out["signature"] = hash128_hex(structure.value().signature);
        out["equations"] = structure.value().equations;
      } else {
        out["error"] = structure.error().message;
      }
    }
    std::cout << out.dump() << "\n";
  }
}
