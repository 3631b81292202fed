// A text of IR of any level, read by its language's reader.
//
//   JAXSMITH_TRY(program, IrProgram::parse("stablehlo", text, "add.mlir"));
//   JAXSMITH_CHECK(program.verify());
//   JAXSMITH_TRY(results, program.run(arguments));
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "ir/common/signature.h"

namespace jaxsmith {

// The levels, from the source on: "jaxpr", "stablehlo", "hlo", "hlo_optimized".
std::span<const std::string_view> level_names();

// Which level a text is, by its first words; nothing where that cannot be told.
std::optional<std::string> level_of_text(std::string_view text);

class IrProgram {
 public:
  // One module. `file` is what errors name; the level must be one of level_names().
  static Result<IrProgram> parse(const std::string& level, std::string text,
                                 const std::string& file = "");
  // All modules of a text; several only of StableHLO.
  static Result<std::vector<IrProgram>> parse_all(const std::string& level, std::string text,
                                                  const std::string& file = "");
  IrProgram(IrProgram&&) noexcept;
  IrProgram& operator=(IrProgram&&) noexcept;
  ~IrProgram();

  const std::string& level() const { return level_; }
  const std::string& text() const { return *text_; }
  // As JAX prints it.
  std::string print() const;
  // One text, of the same level, for all that say the same in other words; and XXH3-128 of it in
  // hexadecimal digits.
  std::string canonical() const;
  std::string structural_hash() const;
  Status verify(const EvaluationContext& context);
  Status verify();  // within a budget by the length of the text
  // What it takes and gives; of a jaxpr the constants come first. Of a verified program.
  Result<ir::Signature> signature();
  // Of a verified program. Errors: of the program, of what jaxsmith does not know, of the budget.
  Result<std::vector<ir::Datum>> run(std::vector<ir::Datum> arguments,
                                     const EvaluationContext& context);
  Result<std::vector<ir::Datum>> run(std::vector<ir::Datum> arguments, const Budget& budget = {});
  // How many devices it is for, by its own text.
  std::int64_t devices() const;
  // What the last error of verify(), signature() or run() was.
  const EvaluationError& error() const;
  EvaluationError::Kind error_kind() const { return error().kind; }
  // Of a verified program that checks itself: its entry, or all its functions that take nothing.
  Status run_checks(const EvaluationContext& context);
  // A module's own checks (check.expect_eq …) in the last run: how many, and what those said that
  // failed.
  std::int64_t checks_made() const;
  std::vector<std::string> failed_checks() const;
  // What they compared with.
  std::vector<Array> expected_by_checks() const;

  class Language;  // what each language gives; program.cc

 private:
  IrProgram(std::string level, std::shared_ptr<const std::string> text);
  std::string level_;
  std::shared_ptr<const std::string> text_;  // the reader's positions point into it
  std::unique_ptr<Language> language_;
};

}  // namespace jaxsmith
