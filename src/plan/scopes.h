// Where the values of a program are made and may be used, and what makes a program none.
//
//   const Scopes scopes(program);
//   if (scopes.sees(body, place, value)) …  // the step there may take the value
//   if (const auto defect = defect_of(program)) return Error::internal(*defect);
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "plan/program.h"

namespace jaxsmith::plan {

// Of a program as it was when this was made; the program outlives it.
class Scopes {
 public:
  explicit Scopes(const Program& program);

  // Whether a step at this place of a body may use a value; its results come one past its last
  // step. Literals may stand anywhere.
  bool sees(BodyId body, std::size_t place, ValueId id) const;
  // The node that makes a value; null: a parameter, a literal, or nothing at all.
  const Node* maker(ValueId id) const;
  // The place of that node in its body, Value::body.
  std::size_t maker_place(ValueId id) const { return made(id).first_use - 1; }
  bool is_parameter(ValueId id) const { return made(id).first_use == 0; }
  // The first node that uses a body; null for the root and for what only a decorator names.
  const Node* user(BodyId id) const { return users_[static_cast<std::size_t>(id)]; }
  // How often nodes and decorators name a body.
  int references(BodyId id) const { return references_[static_cast<std::size_t>(id)]; }
  // Whether a body is another one, or written in it, however deep; it then may use its values.
  bool within(BodyId body, BodyId outer) const;

 private:
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);
  struct Made {
    BodyId body = -1;
    std::size_t first_use = kNowhere;  // the first place that may use it; 0: a parameter
  };
  const Made& made(ValueId id) const { return made_[static_cast<std::size_t>(id)]; }
  const Body& body_of(BodyId id) const { return program_.bodies[static_cast<std::size_t>(id)]; }
  const std::set<BodyId>& reached(BodyId id);
  std::size_t first_reached(BodyId outer, BodyId id);

  const Program& program_;
  std::vector<Made> made_;
  std::vector<const Node*> users_;
  std::vector<int> references_;
  std::vector<std::optional<std::set<BodyId>>> reached_;  // bodies that a body needs
  std::vector<std::size_t> written_;  // where in its parent a nested body is needed first
};

// Whether a step begins with a call of its first body, as it is: $f0($0, $1).
bool begins_with_call(const Node& node);

// The bodies that a decorator's holes name.
std::vector<BodyId> bodies_named(std::string_view decorator);

// Why this is no program, in one line: a value that is used where it is not known, a step or an
// argument that nothing needs, uses that are miscounted, packs of what is not there. Nothing where
// it is one.
std::optional<std::string> defect_of(const Program& program);

}  // namespace jaxsmith::plan
