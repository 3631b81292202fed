// How a derivative comes out of a differentiated function.
#pragma once

namespace jaxsmith::plan {

enum class Differentiation {
  kReverse,    // of each element of the value by each element of the argument: grad, jacrev, jacfwd
  kTangent,    // along a tangent of each argument: jvp
  kCotangent,  // pulled back from a cotangent of the value: vjp
};

}  // namespace jaxsmith::plan
