// A text of IR of any level, read by its language's reader.
//
//   JAXSMITH_TRY(program, IrProgram::parse(level::kStablehlo, text, "add.mlir"));
//   JAXSMITH_CHECK(program.verify());
//   JAXSMITH_TRY(results, program.run(arguments));
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "ir/common/program.h"
#include "levels/levels.h"

namespace jaxsmith::check {

class IrProgram {
 public:
  // One module. `file` is what errors name. An error too where jaxsmith does not read the level.
  static Result<IrProgram> parse(level::Level level, std::string text,
                                 const std::string& file = "");
  // All modules of a text.
  static Result<std::vector<IrProgram>> parse_all(level::Level level, std::string text,
                                                  const std::string& file = "");

  level::Level level() const { return level_; }
  const ir::LevelRow& row() const { return level::row_of(level_); }
  const std::string& text() const { return *text_; }
  // As JAX prints it, where the level is printed.
  std::string print() const { return program_->print(); }
  // One text, of the same level, for all that say the same in other words; and XXH3-128 of it in
  // hexadecimal digits. Errors: the level has no canonical form.
  Result<std::string> canonical() const;
  Result<std::string> structural_hash() const;
  // How often each operation occurs; nothing where the level's are not counted.
  ir::OpCounts op_counts() const { return program_->op_counts(); }
  // Of all values at any depth; nothing where the level's are not read.
  std::set<tensor::DType> element_types() const { return program_->element_types(); }
  // Of the level that gives it.
  Result<ir::Structure> structure() const { return program_->structure(); }
  // The same; it refers to this program.
  Result<ir::Flow> flow() const { return program_->flow(); }
  Result<ir::Glue> glue() const { return program_->glue(); }
  Status verify(const tensor::EvaluationContext& context);
  Status verify();  // within a budget by the length of the text
  // What it takes and gives; of a jaxpr the constants come first. Of a verified program.
  Result<ir::Signature> signature();
  // Of a verified program. Errors: of the program, of what jaxsmith does not know, of the budget.
  Result<std::vector<ir::Datum>> run(std::vector<ir::Datum> arguments,
                                     const tensor::EvaluationContext& context);
  Result<std::vector<ir::Datum>> run(std::vector<ir::Datum> arguments,
                                     const tensor::Budget& budget = {});
  // Of a verified program, on these arguments; it runs nothing else while that is in use.
  Result<std::unique_ptr<ir::ChangedRuns>> changed_runs(std::vector<ir::Datum> arguments,
                                                        ir::ChangeArray change,
                                                        const tensor::EvaluationContext& context);
  // How many devices it is for, by its own text.
  std::int64_t devices() const;
  // What the last error of verify(), signature() or run() was.
  const tensor::EvaluationError& error() const;
  tensor::EvaluationError::Kind error_kind() const { return error().kind; }
  // Of a verified program that checks itself: its entry, or all its functions that take nothing.
  Status run_checks(const tensor::EvaluationContext& context);
  // A module's own checks (check.expect_eq …) in the last run: how many, and what those said that
  // failed.
  std::int64_t checks_made() const;
  std::vector<std::string> failed_checks() const;
  // What they compared with.
  std::vector<tensor::Array> expected_by_checks() const;
  // It changed in one place (ir/common/mutation.h), printed; it stays as it is itself. Nothing
  // where it has no such place, or its level has none.
  std::optional<ir::MutatedText> mutated(Random& random) const { return program_->mutated(random); }
  // The same in double precision, which uses this one up; nothing where its level has no such form.
  std::optional<IrProgram> widened() &&;

 private:
  IrProgram(level::Level level, std::shared_ptr<const std::string> text,
            std::unique_ptr<ir::Program> program);
  level::Level level_;
  std::shared_ptr<const std::string> text_;  // the reader's positions point into it
  std::unique_ptr<ir::Program> program_;
};

// A function's texts, each read once: a program, or why it was not read. Those of levels that
// jaxsmith does not read are not in it.
using Programs = std::map<level::Level, Result<IrProgram>>;
Programs read_texts(const level::Texts& texts);

}  // namespace jaxsmith::check
