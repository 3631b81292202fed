// Arguments that people hand over as one: what a loop starts from, what is learnt, a batch.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/random.h"
#include "plan/program.h"

namespace jaxsmith::plan {

// Draws which arguments of a complete root function go together, in what, and whether any do:
// `state` is what a loop carries, the others are bundles (plan/bundles.h). Nothing where the back
// end has no containers.
void pack_arguments(Program& program, Random random);

// What stands as one in the list of parameters: a pack, or a parameter by itself.
struct Unit {
  std::optional<std::size_t> pack;   // of Program::packs
  std::vector<std::size_t> members;  // positions of parameters
};

// The units of a function that takes packs and has `parameters` parameters, in the order in which
// they stand: by their first member.
std::vector<Unit> units_of(const Program& program, std::size_t parameters);

// What begins at this place; null: nothing does.
const Packed* packed_at(const std::vector<Packed>& all, std::size_t place);

// Whether steps or functions within take, give or hand on the pack as one, beside those whose
// parameters are the family's root function's.
bool stands_whole(const Program& program, std::size_t pack);

// Takes a pack apart in all functions of a program: each of its elements is an argument by itself,
// loops carry a tuple, and derivatives in it are one each. Packs behind it move up by one.
void unpack(Program& program, std::size_t pack);

// Which values of a program come as one.
class Origins {
 public:
  explicit Origins(const Program& program);

  // The first of the values that these came with, where they are all that came, in their order.
  std::optional<ValueId> of(const std::vector<ValueId>& values, const Packed& packed) const;
  // Whether something reads the value by itself, and not what it came in.
  bool read_alone(ValueId id) const { return alone_.contains(id); }

 private:
  void note(const std::vector<ValueId>& ids, std::size_t first, std::size_t count);
  void note_reads(const std::vector<ValueId>& values, const std::vector<Packed>& packed);

  const Program& program_;
  std::map<ValueId, std::pair<ValueId, std::size_t>> origins_;  // the first of them, and the place
  std::set<ValueId> alone_;
};

}  // namespace jaxsmith::plan
