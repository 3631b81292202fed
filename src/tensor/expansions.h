// Functions of CHLO by the formulas that StableHLO and XLA expand them to, each step in the element
// type (16 bits in f32). They are less accurate than special_functions.h, and what they give is
// what a compiled program gives.
#pragma once

#include "tensor/elementwise.h"

namespace jaxsmith::tensor {

// Null where there is no formula of the kind.
template <class T>
using RealExpansion = T (*)(T);
template <class T>
RealExpansion<T> expansion_of(Unary op);

extern template RealExpansion<float> expansion_of<float>(Unary op);
extern template RealExpansion<double> expansion_of<double>(Unary op);

}  // namespace jaxsmith::tensor
