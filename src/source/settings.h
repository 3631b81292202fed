// Parameters with defaults that steer how a function works: axis, n_steps, eps, reduction. What
// they steer is read off the steps, and stays as it is where nobody gives another value.
#pragma once

#include "base/random.h"
#include "plan/catalogue.h"
#include "source/layout.h"

namespace jaxsmith::source {

struct SettingsStyle {
  bool annotated = false;     // whether parameters say their types
  bool keyword_only = false;  // whether nobody may give them by their place
  bool compiled = false;      // whether a function may be compiled by itself, with such arguments
                              // static
};

// Gives functions of the module such parameters: literals of calls become their defaults, and
// steps of the entry that could have been others depend on them. Of what is compiled those that
// shapes, loops or conditions need are static. Callers within the module may hand on what they ask
// for.
void give_settings(Module& module, const plan::Vocabulary& words, const SettingsStyle& style,
                   Random random);

}  // namespace jaxsmith::source
