// Words for what a step gives: from what is done, and what it is done to.
//
//   compound("sorted", "scores", true)   // sorted_scores
//   compound("norm", "rows", true)       // row_norms
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "plan/program.h"

namespace jaxsmith::source {

// Whether a word says what was done and not to what: "scaled", "upper".
bool is_modifier(std::string_view word);
// Whether any step's result may be called so: "scaled", "combined".
bool is_vague(std::string_view word);
// Or whatever there is: "output".
bool says_nothing(std::string_view word);
// What a name is about: "scores" of "sorted_scores"; empty of a modifier alone.
std::string head_of(std::string_view name);
// "weight" of "weights".
std::string singular(std::string_view noun);
// A word with what it is said of, in one name; empty where nothing that reads well comes of it.
// `several`: the result has several elements.
std::string compound(std::string_view word, std::string_view subject, bool several);

// What values of a program are about, as far as names are given.
class Subjects {
 public:
  using Names = std::map<plan::ValueId, std::string>;

  explicit Subjects(const plan::Program& program);

  struct Source {
    const plan::Node* node = nullptr;
    std::size_t result = 0;  // by position
  };
  // Where a value is computed; no node: it is given.
  Source source_of(plan::ValueId id) const;

  // The result of the function that gives a value when it is called, where the value has no role of
  // its own.
  plan::ValueId as_called(plan::ValueId id) const;

  // Names for a value without one, best first: of its role, and of its operation with the operands.
  std::vector<std::string> names_for(plan::ValueId id, const Names& names, Random& random) const;

 private:
  const plan::Value& value(plan::ValueId id) const {
    return program_.values[static_cast<std::size_t>(id)];
  }
  // What a value is about; empty: nothing says it.
  std::string subject(plan::ValueId id, const Names& names, int depth) const;
  // The operands that are no numbers, what a step is about first: those of most axes.
  std::vector<plan::ValueId> operands_of_step(plan::ValueId id) const;
  // The one operand that a step is about, as others weigh less; kNoValue where several are alike.
  plan::ValueId main_operand(plan::ValueId id) const;
  double weight(plan::ValueId id) const;
  std::vector<std::string> joint_names(const plan::Node& node,
                                       const std::vector<std::string>& subjects) const;
  std::vector<std::string> name_by_idiom(const plan::Node& node) const;
  std::vector<std::string> names_by_operation(const Source& source, const plan::Value& v,
                                              const std::string& subject) const;

  const plan::Program& program_;
  std::map<plan::ValueId, Source> sources_;
  std::set<plan::BodyId> outlined_;  // functions that steps of the root were moved into
};

}  // namespace jaxsmith::source
