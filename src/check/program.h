// A text of IR of any level, read by its language's reader.
//
//   JAXSMITH_TRY(program, ir::Program::parse("stablehlo", text, "add.mlir"));
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

namespace ir {  // a generated program is another thing: plan/program.h

class Program {
 public:
  // One module. `file` is what errors name; the level must be one of level_names().
  static Result<Program> parse(const std::string& level, std::string text,
                               const std::string& file = "");
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;
  ~Program();

  const std::string& level() const { return level_; }
  const std::string& text() const { return *text_; }
  // As JAX prints it.
  std::string print() const;
  // One text, of the same level, for all that say the same in other words; XXH3-128 of it in
  // hexadecimal digits. Of a verified program.
  std::string canonical() const;
  std::string structural_hash() const;
  Status verify();
  // What it takes and gives; of a jaxpr the constants come first. Of a verified program.
  Result<Signature> signature();
  // Of a verified program. Errors: of the program, of what jaxsmith does not know, of the budget.
  Result<std::vector<Datum>> run(std::vector<Datum> arguments, const Budget& budget = {});
  // What the last error of verify(), signature() or run() was.
  EvaluationError::Kind error_kind() const;
  // A module's own checks (check.expect_eq …) in the last run: how many, and what those said that
  // failed.
  std::int64_t checks_made() const;
  std::vector<std::string> failed_checks() const;

  class Language;  // what each language gives; program.cc

 private:
  Program(std::string level, std::unique_ptr<std::string> text);
  std::string level_;
  std::unique_ptr<std::string> text_;  // the reader's positions point into it
  std::unique_ptr<Language> language_;
};

}  // namespace ir
}  // namespace jaxsmith
