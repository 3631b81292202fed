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

namespace jaxsmith {

// The recorded case of a function.
struct ExecutionCase {
  std::vector<Tensor> constants, inputs, outputs;
  std::vector<std::int64_t> kept;  // positions of the inputs that the lowered texts have
  std::int64_t equations = 1;
  // By level: see precisions_of().
  std::map<std::string, DType> precisions = {};

  // What a text of a level takes: a jaxpr its constants and all inputs.
  std::vector<ir::Datum> arguments(const std::string& level) const;
  // How near to the outputs a text's results must be.
  Tolerance tolerance(const std::string& level, std::string_view text) const;
};

// A result as one array of the shape that is wanted: that of which devices hold parts, in the order
// of their numbers, the first dimension that is divided outermost.
Array whole_result(const IrProgram& program, const ir::Datum& result, const Shape& shape);

struct Reading {
  bool parsed = false, verified = false, printed_back = false, executed = false, agrees = false;
  // Why the first of these that does not hold does not; one or more lines, with a place in the
  // text.
  std::string reason;
  // It could not be executed for want of this operation.
  std::string unknown;
  std::int64_t steps = 0;  // that its first run took
  double worst = 0;        // largest error, as a part of what is allowed
};

// Runs a verified program on the recorded inputs, each time with that budget, in all within that of
// `outer`: sets `executed`, `agrees`, `steps`, `worst` and `reason`.
Result<std::vector<ir::Datum>> execute_case(IrProgram& program, const ExecutionCase& recorded,
                                            const Budget& budget, Reading& out,
                                            const EvaluationContext* outer = nullptr);

// "jaxpr", "stablehlo", "hlo", "hlo_optimized". Without a case: all but execution.
Reading read_text(const std::string& level, const std::string& text, const ExecutionCase* recorded,
                  const Budget& budget = {}, const std::string& file = "");

// The least precise float type that a text names: rounding to it is part of what it computes.
DType least_precise(std::string_view text);

// That of a row's other texts: of the jaxpr, for the jaxpr itself of the StableHLO. A text that
// names a less precise type than they do asks for no more tolerance by that. Nothing of a row that
// has no other text.
std::map<std::string, DType> precisions_of(const std::map<std::string, std::string>& levels);

// Of each level that a function has: "read:hlo" (it parses, keeps to its language's rules and is
// printed back byte for byte), and "execute:hlo" (it gives the recorded outputs), which is not done
// where an operation is not known or, with the reason `without_case`, where there is no case.
std::vector<CheckResult> reading_checks(const std::map<std::string, std::string>& levels,
                                        const ExecutionCase* recorded,
                                        const std::string& without_case = "");

}  // namespace jaxsmith
