// The Python of plans, which stands there as text, as expressions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "plan/catalogue.h"
#include "source/expression.h"

namespace jaxsmith::source {

// A spelling; what is none is taken for a name.
Expr parsed(const std::string& spelling);

// The attribute of a node: "axis=0, keepdims=True" as a sequence to splice; "1" as it is; what
// stands in brackets where the key starts with "index".
Expr parsed_attribute(const std::string& key, const std::string& text);

// With jax.lax in the place of lax.
Expr with_long_names(const Expr& e, const plan::Vocabulary& words);

// Whether the hole comes more than once; `seen` counts. Operands that a spelling names more than
// once may not be written out more than once.
bool repeats_hole(const Expr& e, const std::string& hole, int& seen);

// The last part of the name of what is called: "where" of jnp.where(…).
std::string_view called(const Expr& e);

// Whether such a function is called that is this.
bool means(const Expr& call, plan::CallMeaning meaning, const plan::Vocabulary& words);
// Whether it is of a module of random numbers.
bool draws_numbers(const Expr& call, const plan::Vocabulary& words);

// The number that an expression is, with its sign; nothing where it is no number.
std::optional<double> number_of(const Expr& e);

}  // namespace jaxsmith::source
