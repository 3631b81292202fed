// What a result of a program says. An array of which half or more of the elements are one value, a
// mask, what a limit has levelled off, is a step on the way: people go on with it, choose by it or
// count it, rather than give it back.
#pragma once

#include <optional>
#include <vector>

#include "plan/builder.h"

namespace jaxsmith::plan {

// Whether half or more of a value's elements are likely to be one value, by its typical elements
// and by the step that made it.
bool says_little(const Builder& b, ValueId id);

// Whether what was prepared in the open body (plan/preparation.h) shows in what goes on with it:
// order, places and flags say little of real numbers, and less of what those are made of, which is
// there for that alone.
bool shows_prepared(const Builder& b);

// Whether a gradient in this value of the root is likely to be zero, or one number, nearly
// everywhere: each of its uses takes some elements or adds them up, or makes of them a value of its
// size of which that holds.
bool has_thin_gradient(const Program& root, ValueId id);

// x where the mask says so, elsewhere another value of its type, or a part of x where there is
// none.
std::optional<ValueId> choose_by(Builder& b, ValueId mask, ValueId x);

// Goes on with those of these ends that say little: chooses by what is a yes or no, takes the mean
// of what is level, gives up what further steps use anyhow. What argument shows for sure still
// does. The ends that are there then.
std::vector<ValueId> make_telling(Builder& b, std::vector<ValueId> ends);

}  // namespace jaxsmith::plan
