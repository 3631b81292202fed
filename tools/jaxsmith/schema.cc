// jaxsmith schema: the columns of a dataset, as documentation.
#include "store/schema.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string_view>

#include "jaxsmith/command.h"
#include "jaxsmith/output.h"
#include "jaxsmith/parse.h"
#include "mutate/writer.h"

namespace jaxsmith::cli {
namespace {

std::string_view reach_word(ir::Reach reach) {
  switch (reach) {
    case ir::Reach::kTraced:
      return "traced";
    case ir::Reach::kLowered:
      return "lowered";
    case ir::Reach::kCompiled:
      return "compiled";
  }
  return "";
}

// python/jaxsmith/levels/_table.py, a row as `Level` of python/jaxsmith/levels has it.
void print_python_levels() {
  say("# Written by the build, from the table of levels in src/levels: not to be edited.\n"
      "ROWS: list[tuple[str, str, str, str, bool, bool, bool]] = [\n");
  const auto truth = [](bool value) { return value ? "True" : "False"; };
  for (const level::Level level : level::levels()) {
    const ir::LevelRow& row = level::row_of(level);
    say("    (\"{}\", \"{}\", \"{}\", \"{}\", {}, {}, {}),\n", row.name, row.title,
        reach_word(row.reach), row.derivation.from, truth(row.gives_structure),
        truth(row.runs_alone), truth(row.official_parser));
  }
  say("]\n");
}

void print_schema() {
  say("# Columns\n\n"
      "`jaxsmith schema` prints this page from the tables in `src/store/schema.cc` and "
      "`src/mutate/writer.cc` that write the files; `make docs` renews it.\n\n"
      "## `data/train-*.parquet`, `data/validation-*.parquet`, `data/test-*.parquet`: one row a "
      "function\n\n{}\n"
      "## `rejects.parquet`: what was refused, and why\n\n{}\n"
      "## `different/*.parquet`, `equal/*.parquet` of [`jaxsmith mutate`](mutants.md): one row a "
      "mutant\n\n{}\n"
      "Shapes are lists of sizes, `[]` for a single number. `data` is what NumPy's `tobytes()` "
      "gives: little-endian, row-major, one\n"
      "byte for a bool. A dtype is written as JAX writes it in a jaxpr (`f32`, `bf16`, `i32`, "
      "`bool`, `c64`). From a row to an array:\n\n"
      "```python\n"
      "import ml_dtypes\n"
      "import numpy as np\n\n"
      "NAMES = {{\n"
      "    \"f16\": \"float16\",\n"
      "    \"bf16\": ml_dtypes.bfloat16,\n"
      "    \"f32\": \"float32\",\n"
      "    \"f64\": \"float64\",\n"
      "    \"c64\": \"complex64\",\n"
      "    \"i8\": \"int8\",\n"
      "    \"i32\": \"int32\",\n"
      "    \"i64\": \"int64\",\n"
      "    \"u8\": \"uint8\",\n"
      "    \"u32\": \"uint32\",\n"
      "    \"bool\": \"bool\",\n"
      "}}\n"
      "array = np.frombuffer(x[\"data\"], NAMES[x[\"dtype\"]]).reshape(x[\"shape\"])\n"
      "```\n\n"
      "A generated row is called with its arrays as `argument_tree` puts them together "
      "(`jaxsmith.load(…)` gives rows whose\n"
      "`row.load()` does this):\n\n"
      "```python\n"
      "scope = {{}}\n"
      "exec(row[\"source\"], scope)\n"
      "tree = eval(row[\"argument_tree\"], scope)  # such as ({{\"b\": 0, \"w\": 1}}, 2)\n"
      "arguments = jax.tree.map(lambda position: arrays[position], tree)\n"
      "results = jax.tree.leaves(jax.jit(scope[row[\"entry\"]])(*arguments))\n"
      "```\n",
      store::markdown_table(store::sample_columns()),
      store::markdown_table(store::reject_columns()),
      store::markdown_table(mutate::mutant_columns()));
}

}  // namespace

int schema_main(int argc, char** argv) {
  CLI::App app("Prints the columns of a dataset's files as Markdown; docs/schema.md is this.",
               "jaxsmith schema");
  bool python_levels = false;
  app.add_flag("--python-levels", python_levels,
               "print the table of levels as the Python package takes it");
  app.get_formatter()->column_width(30);
  if (const auto ended = parse(app, argc, argv, "")) return *ended;
  if (python_levels) {
    print_python_levels();
  } else {
    print_schema();
  }
  return kDone;
}

}  // namespace jaxsmith::cli
