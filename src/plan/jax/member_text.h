// What members that differentiate are called and say of themselves.
#pragma once

#include <string>

#include "plan/jax/member_loss.h"

namespace jaxsmith::plan {

// "`x`", "`w` and `b`": the arguments that a derivative is taken in, as summaries name them.
std::string by(const Subject& subject);
// "the loss `$f`", "the mean squared error": what is differentiated.
std::string said_of(const Subject& subject, const Objective& objective);
// What the subject's function gives: "the option price", "what `$f` gives".
std::string result_of(const Subject& subject);
// Words that begin with this and name the first argument: "sensitivity_to_rate".
std::vector<std::string> with_argument(const Subject& subject,
                                       const std::vector<std::string>& beginnings);

void introduce_gradient(Wrapper& w, const Subject& subject, const Objective& objective,
                        bool with_value);
void introduce_step(Wrapper& w, const Subject& subject, const Objective& objective, bool up);

}  // namespace jaxsmith::plan
