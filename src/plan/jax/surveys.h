// Surveys: several figures of the same thing side by side, as programs report them. A row of a
// table each; which figures a program has is drawn, the likelier those whose functions are rare.
//
//   gears : arithmetic
//     = gear_pair meshing
//     # How two gears mesh.
//     driver,teeth[*]i{8,40}; driven[*]i{8,40} : rank=1..2
//     driver; driven : jnp.gcd($0, $1) -> common_factor[*]i{1,40}
//     driver; driven : jnp.lcm($0, $1) -> teeth_until_repeat[*]i{8,1600}
//
// The first line names the survey and its category. Then, two blanks in: what functions of it are
// called (=); sentences (#), of which one is said; what it is of, a form without a call, of which
// one is taken; words of which one stands for every ~ (~); steps that are always taken (!);
// figures, of which some are taken; and, where these can be compared, what goes on with all of them
// (&): $* are the figures, # is how many there are. call_table.h says how a form reads; operands
// that were taken or made before are named alone. Nobody differentiates a report.
#pragma once

#include <string_view>
#include <vector>

#include "plan/op.h"

namespace jaxsmith::plan {

std::string_view surveys_of_arrays();
std::string_view surveys_of_mathematics();
std::string_view surveys_of_statistics();

std::vector<Op> survey_ops();

}  // namespace jaxsmith::plan
