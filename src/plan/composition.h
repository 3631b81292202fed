// Programs out of idioms: one, a few that go on with one another, or for large ones a whole, whose
// theme plans its stages (Field::kWholes); now and then a large one is of functions of a few idioms
// each, called one after another and again and again.
#pragma once

#include <vector>

#include "plan/builder.h"
#include "plan/op.h"

namespace jaxsmith::plan {

bool has_idioms(const Catalogue& catalogue, Category category);

// Whether idioms of this program may go on with whatever others have given, whatever that means and
// whichever field it is of: a few programs, for variety.
bool chains_freely(const Program& program);

// What the open root leaves over becomes its results. False where an argument would not show in
// them, or they are more than a program of this size has.
bool return_ends(Builder& b);

// Fills the open root with an idiom of the category; then, now and then, others that go on with
// what it gave.
bool fill_with_idioms(Builder& b, Category category);

// One more idiom, of the category, that goes on with what is there.
bool go_on_with_idiom(Builder& b, Category category);

// Makes a function of what the open root does and goes on with that, by one of these entries. False
// where none applies; the root is then as it was.
bool go_on_with_function(Builder& b, const std::vector<const Op*>& uses);

// Fills the open root as large programs are written: stages of a few idioms, each a function of its
// own (plan/outline.h) that takes what stages before it gave. A stage that gives what it takes may
// be called several times in a row, or in a loop. It ends when there are as many operations as were
// drawn, some hundred to some thousand; false where it ends long before.
bool compose(Builder& b, Category category);

}  // namespace jaxsmith::plan
