// Names that an engineer would give: by role, not by number.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "plan/program.h"

namespace jaxsmith::source {

// Names taken in a function and in the functions it is written in.
class Names {
 public:
  // `ledger`: keeps every name that was ever claimed, in any function of the module.
  explicit Names(const Names* outer = nullptr, std::set<std::string>* ledger = nullptr)
      : outer_(outer),
        ledger_(ledger  ? ledger
                : outer ? outer->ledger_
                        : nullptr) {}
  bool taken(const std::string& name) const;
  // The first free one of the candidates; if none is free, the first with a number behind it.
  std::string claim(const std::vector<std::string>& candidates);
  // One that no function has used: for what is defined at the top of the module, after functions
  // that may shadow it.
  std::string claim_unshadowed(const std::vector<std::string>& candidates);

 private:
  std::string claim(const std::vector<std::string>& candidates, bool unshadowed);
  const Names* outer_;
  std::set<std::string>* ledger_;
  std::set<std::string> names_;
};

// Candidates in a random order, best first.
std::vector<std::string> parameter_names(const plan::Value& value, const std::string& category,
                                         bool root, Random& random);
std::vector<std::string> result_names(const plan::Value& value, Random& random);
// Of a function, from what it does and what it works on.
std::vector<std::string> function_names(const plan::Program& program, const plan::Body& body,
                                        const std::string& subject, Random& random);
// One line of at most `room` characters, of names and shapes; empty where there is nothing to say
// or no room.
using NamedShapes = std::vector<std::pair<std::string, tensor::Shape>>;
std::string docstring(const NamedShapes& parameters, const NamedShapes& results, std::size_t room,
                      Random& random);

}  // namespace jaxsmith::source
