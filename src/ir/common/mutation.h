// Changes of a parsed program in one place: what comes of one is a text of its language with
// the same types, that says something else there.
//
// A level lists the places (`mutations(module)` in its folder) and what can be drawn there; which
// is taken, and how numbers, words and operations become others, is the same for all.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace jaxsmith::ir {

enum class MutationKind {
  kOperation,  // another operation on the same operands
  kOperand,    // another value of the same type, or two operands exchanged
  kConstant,   // another number in a constant
  kAttribute,  // another number or word in an attribute, or branches exchanged
  kResult,     // a function, branch or loop gives another value of the same type
};
constexpr std::array<std::string_view, 5> words_of(MutationKind) {
  return {"operation", "operand", "constant", "attribute", "result"};
}

// A place, and what can be done there.
struct Mutation {
  MutationKind kind = MutationKind::kOperation;
  std::string operation;  // that stands there, as its language calls it
  // Changes the module; false where there is nothing else to draw, and then nothing is changed.
  std::function<bool(Random&)> make;
};
using Mutations = std::vector<Mutation>;

// What was made.
struct Mutated {
  MutationKind kind = MutationKind::kOperation;
  std::string operation;
};

// A changed program, as its level prints it.
struct MutatedText {
  Mutated change;
  std::string text;
};

// Draws a kind, then an operation, then a place, so that rare ones come as often as common ones,
// and makes the change. Nothing where no place has one.
std::optional<Mutated> make_one(Mutations places, Random& random);

}  // namespace jaxsmith::ir
