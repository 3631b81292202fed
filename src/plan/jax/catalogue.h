// The catalogue of JAX: one table a category, in ops_<category>.cc.
#pragma once

#include <vector>

#include "plan/brought.h"
#include "plan/catalogue.h"

namespace jaxsmith::plan {

inline constexpr Category kArithmetic{0}, kMath{1}, kArray{2}, kLinearAlgebra{3}, kReduction{4},
    kIndexing{5}, kGradient{6}, kVectorization{7}, kConditional{8}, kLoop{9};

const Catalogue& jax_catalogue();
// brought.def.
BroughtTable jax_brought();

std::vector<Op> arithmetic_ops();
std::vector<Op> math_ops();
std::vector<Op> array_ops();
std::vector<Op> linear_algebra_ops();
std::vector<Op> reduction_ops();
std::vector<Op> indexing_ops();
std::vector<Op> gradient_ops();
std::vector<Op> vectorization_ops();
std::vector<Op> conditional_ops();
std::vector<Op> loop_ops();

// members.cc: programs that call the root's function.
std::optional<Member> gradient_member(const Program& root, const Settings& settings, Random random);
std::optional<Member> vmap_member(const Program& root, const Settings& settings, Random random);

}  // namespace jaxsmith::plan
