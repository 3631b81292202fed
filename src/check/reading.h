// What jaxsmith's own readers say of a text of IR: that it parses, keeps to its language's rules,
// is printed back byte for byte, and gives on a recorded case what JAX gave.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "check/program.h"
#include "check/sample.h"
#include "tensor/closeness.h"

namespace jaxsmith::check {

// The recorded case of a function, and further ones of the same constants.
struct ExecutionCase {
  std::vector<tensor::Tensor> constants, inputs, outputs;
  std::vector<std::int64_t> kept;  // positions of the inputs that the lowered texts have
  std::int64_t equations = 1;      // equations_of()
  // See precisions_of().
  std::map<level::Level, tensor::DType> precisions = {};
  std::vector<Case> further = {};

  // Each of the cases by itself, the recorded one first.
  std::vector<ExecutionCase> each() const;

  // What a text of a level takes.
  std::vector<ir::Datum> arguments(level::Level level) const;
  // How near to the outputs a program's results must be.
  tensor::Tolerance tolerance(const IrProgram& program) const;
};

// A result as one array of the shape that is wanted: that of which devices hold parts, in the order
// of their numbers, the first dimension that is divided outermost.
tensor::Array whole_result(const IrProgram& program, const ir::Datum& result,
                           const tensor::Shape& shape);

struct Reading {
  bool parsed = false, verified = false, printed_back = false, executed = false, agrees = false;
  // Why the first of these that does not hold does not; one or more lines, with a place in the
  // text.
  std::string reason;
  // All of these that the level allows hold, but for execution.
  bool read_well(level::Level level) const;
  // It could not be executed for want of this operation.
  std::string unknown;
  std::int64_t steps = 0;  // that its first run took
  double worst = 0;        // largest error, as a part of what is allowed
};

// Runs a verified program on the recorded inputs, and on those of the further cases until one
// disagrees, each time with that budget, in all within that of `outer`: sets `executed`, `agrees`,
// `steps`, `worst` and `reason`. Gives the results on the recorded inputs.
Result<std::vector<ir::Datum>> execute_case(IrProgram& program, const ExecutionCase& recorded,
                                            const tensor::Budget& budget, Reading& out,
                                            const tensor::EvaluationContext* outer = nullptr);

// Of a text that was parsed, or was not. Without a case, or of a level that jaxsmith does not
// execute: all but execution.
Reading read_program(Result<IrProgram>& parsed, const ExecutionCase* recorded,
                     const tensor::Budget& budget = {});
// The same, from the text on.
Reading read_text(level::Level level, const std::string& text, const ExecutionCase* recorded,
                  const tensor::Budget& budget = {}, const std::string& file = "");

// The least precise float type of a program's values: rounding to it is part of what it computes.
tensor::DType least_precise(const IrProgram& program);

// That of a row's other texts: of the structure's level, for this itself of the level that is run
// alone. A text that has values of a less precise type than they have asks for no more tolerance by
// that. Nothing of a row that has no other text, or none that is read.
std::map<level::Level, tensor::DType> precisions_of(const Programs& programs);

// How many equations a row's function has, inner ones too: those of its own text of the level that
// gives the structure, where that was read. Else what the row's column says, `recorded`, as far as
// functions get: how near results must be hangs on it.
std::int64_t equations_of(const Programs& programs, std::int64_t recorded);

// Of each level that jaxsmith reads: "read:hlo" (it parses, keeps to its language's rules and is
// printed back byte for byte, as far as the level has these), and of those that it executes
// "execute:hlo" (it gives the recorded outputs), which is not done where an operation is not known
// or, with the reason `without_case`, where there is no case.
std::vector<CheckResult> reading_checks(Programs& programs, const ExecutionCase* recorded,
                                        const std::string& without_case = "");

}  // namespace jaxsmith::check
