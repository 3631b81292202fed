// Arithmetic on what is known of values: intervals and typical elements.
#pragma once

#include "base/random.h"
#include "plan/op.h"
#include "plan/program.h"

namespace jaxsmith::plan {

Stats constant_stats(double value);
Stats uniform_stats(Random& random, double lo, double hi, bool integral);
Stats boolean_stats(Random& random, double probability);

Stats map_stats(const Stats& x, Kernel1 kernel, Bounds bounds);
Stats map_stats(const Stats& x, const Stats& y, Kernel2 kernel);

// Elements of either: of a concatenation, a where, a branch.
Stats union_stats(const Stats& x, const Stats& y);
// A sum or a mean over n elements.
Stats sum_stats(const Stats& x, double n);
Stats mean_stats(const Stats& x, double n);
// A maximum or a minimum over n elements.
Stats max_stats(const Stats& x, double n);
Stats min_stats(const Stats& x, double n);
// Products of pairs, summed over n: matmul, dot, einsum.
Stats dot_stats(const Stats& x, const Stats& y, double n);
Stats scale_stats(const Stats& x, double factor);
Stats within(Stats x, double lo, double hi);
// Typical elements as the type holds them: where a function is flat they become equal.
Stats rounded(Stats x, DType dtype);
// A where: at each probe the one that the mask says.
Stats choose_stats(const Stats& mask, const Stats& x, const Stats& y);

// Where elements are in practice: the bounds, drawn in to a few spreads around the typical ones.
// Bounds of long computations are far too wide to plan by where leaving them does no harm.
Interval practical(const Stats& x);
// Whether an operand may be used where an entry wants this interval. A bound near the origin is one
// of the function's own (logarithms, divisors) and must hold; one far out only keeps magnitudes
// modest.
bool in_domain(const Stats& x, Interval domain);
double magnitude(const Stats& x);          // largest absolute bound
double typical_magnitude(const Stats& x);  // of the probes
double median(const Stats& x);
// A number among typical elements that a person would write.
double threshold_of(const Value& x);
double spread(const Stats& x);  // largest minus smallest probe
// Probes that differ by more than a thousandth of the spread: few where a function is flat.
int distinct_probes(const Stats& x);

// Whether floats of this type have so few digits that sums of many lose them.
bool half_precision(DType dtype);
// The largest magnitude that values of a type may reach in a program: far enough below overflow
// that one more operation is safe.
double safe_magnitude(DType dtype);
// Bounds of an integer type.
Interval integer_bounds(DType dtype);

// Whether a value of this type with these stats may stand in a program: finite, in range for the
// type, and not the same for all inputs.
bool acceptable(const Type& type, const Stats& stats);

}  // namespace jaxsmith::plan
