#include "tensor/arithmetic.h"

namespace jaxsmith {
namespace {

thread_local Arithmetic current;

}  // namespace

const Arithmetic& arithmetic() { return current; }

ArithmeticScope::ArithmeticScope(Arithmetic how) : outer_(current) { current = how; }
ArithmeticScope::~ArithmeticScope() { current = outer_; }

}  // namespace jaxsmith
