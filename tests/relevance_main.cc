// Prints which operations of the rows of a dataset are inert, a JSON object a row: for Python
// tests. With a second argument, how long that takes, in all.
#include <fmt/format.h>

#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>

#include "check/relevance.h"
#include "store/dataset_reader.h"

int main(int count, char** arguments) {
  using namespace jaxsmith;
  if (count < 2) return 2;
  auto rows = store::DatasetReader::open(arguments[1]);
  if (!rows.ok()) return 1;
  std::clock_t ticks = 0;
  while (auto row = rows.value().next()) {
    check::Programs programs = check::read_texts(row->levels);
    auto& program = programs.at(level::structure_level());
    if (!program.ok() || !program.value().verify().ok()) continue;
    const check::ExecutionCase recorded{
        row->constants, row->inputs, row->outputs,       row->kept_arguments,
        row->equations, {},          row->further_cases,
    };
    const std::clock_t begin = std::clock();
    const auto found = check::measure_relevance(program.value(), recorded,
                                                tensor::EvaluationContext({.budget = {}}));
    ticks += std::clock() - begin;
    nlohmann::json out{{"id", row->id}};
    if (found.ok()) {
      out["operations"] = found.value().operations;
      out["changed"] = found.value().changed;
      out["inert"] = found.value().inert;
    } else {
      out["error"] = found.error().message;
    }
    std::cout << out.dump() << "\n";
  }
  if (count > 2)
    std::cerr << fmt::format("{:.2f} s\n", static_cast<double>(ticks) / CLOCKS_PER_SEC);
}
