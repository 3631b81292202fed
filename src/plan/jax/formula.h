// Formulas of numbers in tables: sums, products and quotients of numbers, names, and of what exp(),
// log(), sqrt() and floor() give.
//
//   formula("L + D / 4", [](const std::string& name) { return name == "L" ? -2.0 : 4.0; });
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "plan/preparation.h"

namespace jaxsmith::plan {

// Throws std::logic_error where the text is none.
double formula(std::string_view text, const std::function<double(const std::string&)>& value_of);

// L and H are the ends of the range, D its width, W how far it reaches to both sides of 0; none for
// other names.
std::optional<double> name_in_range(const Wanted& wanted, std::string_view name);

}  // namespace jaxsmith::plan
