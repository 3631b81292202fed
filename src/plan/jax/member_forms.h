// Ways in which people go on with a derivative of what a family's root gives: a gradient, a step,
// a force, a sensitivity, a fit.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "plan/jax/member_subject.h"
#include "plan/planner.h"

namespace jaxsmith::plan {

// One of them: when it is written, how often beside the others, and the member.
struct DerivativeForm {
  std::string_view name;
  double (*weight)(const Program& root, const Subject& subject);  // 0: it does not apply
  Member (*make)(const Program& root, const Subject& subject, Random& random);
};

// A form's weight where it applies.
inline double when(bool applies, double weight) { return applies ? weight : 0; }
inline bool is_one(const Subject& s) { return s.numbers.size() == 1; }

const std::vector<DerivativeForm>& derivative_forms();

// Of those that give a scalar's or an array's gradient, its step or its curvature, and of those
// that push a change forward or pull one back.
std::vector<DerivativeForm> gradient_forms();
std::vector<DerivativeForm> response_forms();

}  // namespace jaxsmith::plan
