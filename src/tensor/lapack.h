// LAPACK's routines, as JAX calls them on the CPU. Done by Eigen and by hand in double precision;
// the results are rounded to the operands' type.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "tensor/array.h"

namespace jaxsmith::tensor {

// A call into LAPACK as JAX lowers it for the CPU ("lapack_sgetrf_ffi"): its operands, its
// attributes by name, and the types of its results, as abstract arrays. None where jaxsmith does
// not know it. Conventions are those of LAPACK's routines of the names (netlib.org/lapack):
// Householder vectors below the diagonal, pivots counted from 1.
using LapackAttribute = std::function<std::int64_t(std::string_view)>;
std::optional<std::vector<Array>> lapack_call(std::string_view target,
                                              std::span<const Array> operands,
                                              const LapackAttribute& attribute,
                                              std::span<const Array> results);

}  // namespace jaxsmith::tensor
