// Formulas of numbers in tables: sums, products and quotients of numbers, names, and of what exp(),
// log(), sqrt() and floor() give.
//
//   formula("L + D / 4", [](const std::string& name) { return name == "L" ? -2.0 : 4.0; });
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace jaxsmith::plan {

// Throws std::logic_error where the text is none.
double formula(std::string_view text, const std::function<double(const std::string&)>& value_of);

// The same of whole numbers, without functions; quotients are cut off. Throws where a divisor is 0
// as well.
std::int64_t whole_formula(std::string_view text,
                           const std::function<std::int64_t(const std::string&)>& value_of);

}  // namespace jaxsmith::plan
