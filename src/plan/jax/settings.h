// Settings of JAX programs, by what they go on with; plan/setting.h says how they are written.
#pragma once

#include <string_view>
#include <vector>

#include "plan/jax/catalogue.h"
#include "plan/setting.h"

namespace jaxsmith::plan {

std::vector<Op> data_roles();           // data_roles.cc: what entries are given
std::vector<Op> purposes();             // purposes.cc: a row each, by the kind of value
std::string_view purposes_table();      // purposes_table.cc: the rows
std::vector<Op> comparison_settings();  // settings_comparison.cc: with a reference, by statistics
std::vector<Op> model_settings();       // settings_models.cc: as features, scores and energies
std::vector<Op> control_settings();     // settings_control.cc: in branches, loops and maps
std::vector<Op> loop_settings();        // settings_loops.cc: in loops with a purpose
std::vector<Op> whole_settings();       // settings_whole.cc: uses of all of it as a function
std::vector<Op> number_settings();      // settings_numbers.cc: of scalars, integers, flags, complex
std::vector<Op> result_words();         // sayings.cc: what it is that a function gives

std::vector<Op> setting_ops();  // all of them

}  // namespace jaxsmith::plan
