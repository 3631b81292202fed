// How floats are computed with where a language leaves that open.
//
//   const ArithmeticScope scope({.stepwise = true});   // on this thread, while it lives
#pragma once

namespace jaxsmith {

struct Arithmetic {
  // As StableHLO's interpreter does: sums in the order of the text, each step rounded to the
  // element type, functions of CHLO by the formulas that they are expanded to (expansions.h).
  // Otherwise sums and functions are computed wider and rounded once.
  bool stepwise = false;
  // As XLA does on the CPU: what is computed in 16 bits is kept in 32 from operation to operation.
  bool excess_precision = false;
  // As XLA does on the CPU: a dimension of more than 32 elements is summed in windows of 32 first.
  bool windowed_sums = false;
  // As XLA does on the CPU: what is computed in 16 bits and converted to 32 next is not rounded
  // between.
  bool wide_converts = false;
};

const Arithmetic& arithmetic();

class ArithmeticScope {
 public:
  explicit ArithmeticScope(Arithmetic how);
  ~ArithmeticScope();
  ArithmeticScope(const ArithmeticScope&) = delete;
  ArithmeticScope& operator=(const ArithmeticScope&) = delete;

 private:
  Arithmetic outer_;
};

}  // namespace jaxsmith
