// Names that an engineer would give: by role, not by number.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "plan/program.h"

namespace jaxsmith {

// Names taken in a function and in the functions it is written in.
class Names {
 public:
  explicit Names(const Names* outer = nullptr) : outer_(outer) {}
  bool taken(const std::string& name) const;
  // The first free one of the candidates; if none is free, the first with a number behind it.
  std::string claim(const std::vector<std::string>& candidates);

 private:
  const Names* outer_;
  std::set<std::string> names_;
};

// Candidates in a random order, best first.
std::vector<std::string> parameter_names(const Value& value, const std::string& category, bool root, Random& random);
std::vector<std::string> result_names(const Value& value, Random& random);
// Of a function, from what it does and what it works on.
std::vector<std::string> function_names(const Program& program, const Body& body, const std::string& subject, Random& random);
std::string docstring(const Program& program, const Body& body, const std::vector<std::string>& parameters, Random& random);

}  // namespace jaxsmith
