// What calls of jax.grad, jax.value_and_grad and jax.vmap say of arguments by number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "plan/packs.h"
#include "plan/program.h"

namespace jaxsmith::plan {

// "argnums=(0, 2)", "argnums=1"; nothing for the first argument alone.
std::string argnums_text(const std::vector<std::int64_t>& numbers);

// Node::result_groups of a gradient: `gradients` of them, and `rest` as auxiliary output. JAX gives
// ((value, aux), grads), but (grads, aux); several of a kind are a tuple of their own.
std::vector<int> gradient_groups(bool with_value, std::size_t gradients, std::size_t rest);

// Vocabulary::spread: axes of what was one argument are those of each, and derivatives in it are
// one in each.
void spread_arguments(Node& call, const std::vector<Unit>& before, const std::vector<Unit>& after);

}  // namespace jaxsmith::plan
