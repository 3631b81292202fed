// How much of a program shows in what it gives, by what is known of its values: an operation whose
// result may be changed by a tenth and no output moves teaches nothing. check/relevance.h measures
// the same of the finished function; a plan that would fail there is drawn anew.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "plan/op.h"
#include "plan/program.h"
#include "plan/stats.h"

namespace jaxsmith::plan {

// How strongly a result answers an operand: the relative change of typical elements where the
// operand changes by a tenth (whole numbers: by one), as a share of that tenth, from 0 to 1. The
// kernel takes the operand's element and the place of the probe. Of the probes the second largest
// counts: in an array it is enough that some elements move.
double response(const Stats& operand, bool integral,
                const std::function<double(double element, int probe)>& kernel);

// The same of the operands of a written step such as "$0 - 0.01 * $1", by its terms: what goes into
// a small term only is hardly seen in the sum. Empty where the step is no sum.
std::vector<double> term_responses(std::string_view spelling, const std::vector<double>& operands,
                                   double result);

// Parts of a written step between these, brackets left whole.
std::vector<std::string_view> split_outside(std::string_view text,
                                            const std::vector<std::string_view>& separators);
// The number that the text is, whole.
std::optional<double> number_of(std::string_view text);

// What a value of this type must answer at least to be told apart from one that does not.
double least_response(DType dtype);

// How much of a parameter of a function this result of it shows, from 0 to 1; and of all results
// together what they show of the parameter that they show least of.
double shown_share(const Program& program, BodyId body, ValueId result, ValueId parameter);
double least_shown(const Program& program, BodyId body);

// Below that a value of this type is likely to stay the same, bit by bit.
double least_visible(DType dtype);

// An entry that a step of a body applies, or of a function within it.
struct Applied {
  const Op* op = nullptr;
  double times = 1;             // that it is traced: by loops that are left to Python
  bool differentiated = false;  // its function's derivative is taken
  bool shows = true;            // the body's results tell its results apart
};
// In the order in which a walk from the results back comes by; of what is called, by each call.
std::vector<Applied> applied_entries(const Program& program, BodyId body);

// Of the operations that a body, and functions within it, become, the share that its results do not
// show: by what entries bring (Catalogue::brings).
double hidden_share(const Program& program, BodyId body);

}  // namespace jaxsmith::plan
