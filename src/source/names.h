// Names that an engineer would give: by role, not by number.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/random.h"
#include "plan/catalogue.h"
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

// Whether a word may be a name: an identifier, and none that Python, or the module's imports, have
// taken.
bool is_usable(const std::string& word);

// Candidates in a random order, best first. `computed`: callers hand over what they have computed,
// under whose role a function that takes any such value would not know it.
std::vector<std::string> parameter_names(const plan::Value& value, const plan::Program& program,
                                         bool root, bool computed, Random& random);
// Of a function, from what it does, what it works on and what it gives.
std::vector<std::string> function_names(const plan::Program& program, const plan::Body& body,
                                        const std::string& subject,
                                        const std::vector<std::string>& results, Random& random);
// Of what a transformation makes of a function (its name; empty: it has none): batched_loss.
std::vector<std::string> names_for_made(const plan::Vocabulary& words, const std::string& maker,
                                        const std::string& function, Random& random);

}  // namespace jaxsmith::source
