// How near two results are that ought to be the same: the one place where tolerances are.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include "tensor/array.h"

namespace jaxsmith::tensor {

// Floats of the type that lie from one to the other; one of them where one is NaN and the other
// not.
double ulps_between(double a, double b, DType dtype);

// The distance from 1 to the next number of a type, at most a quarter; 0 for integers and bool.
double epsilon(DType dtype);

// Among what is finite; 0 where nothing is.
double largest_magnitude(const Array& x);

struct Closeness {
  bool same = true;
  std::string difference;  // the first one, in words
  double worst = 0;        // the largest error, as a part of what is allowed
};

// Of a result that took so many operations on the way (equations, each of which may sum over many
// elements: `depth` is their count, at least 1). Integers and bools are exactly equal. Floats: NaN
// and infinities in the same places, and elsewhere an error of at most
//   eps * kUlps * sqrt(depth) * max(|expected|, scale)
// where eps is that of the result's type, or of the least precise type on the way, and scale the
// largest finite magnitude of the expected array times kScale: what sums to nearly nothing keeps
// the rounding errors of what was summed.
//
// `nudged`: the same result computed from inputs that differ in the last bits (nudge); `noisy`:
// computed with rounding noise (rounding_noise.h). Where these differ from `found`, the result
// hangs on rounding, and kNudges times the larger difference is allowed on top, but no more than
// half of the type's digits of the largest magnitude, or where a sum comes to nothing, what summing
// `depth` numbers as large as the largest input (`inputs`) may be off by: a program that is wrong
// and unstable would excuse itself by that.
struct Tolerance {
  double depth = 1;
  DType least_precise = DType::kF64;
  double inputs = 0;
  std::span<const Array> nudged, noisy;
  // What is allowed for that is never more than this part of the largest magnitude: an eigenvector
  // that turns when its matrix is nudged would allow anything.
  double most_for_nudges = std::numeric_limits<double>::infinity();
  // The relative error is never more than this, or one unit in the last place.
  double most = std::numeric_limits<double>::infinity();
};
Closeness compare_results(const Array& found, const Array& expected, const Tolerance& tolerance);

// Whether no array is the same as both by that tolerance: some element's two values lie further
// apart than what is allowed of either together. `nudged` does not count.
bool nothing_is_both(const Array& a, const Array& b, const Tolerance& tolerance);

// Floats moved by up to so many units in the last place, pseudo-randomly by `seed`; zeros, integers
// and what is not finite stay. Without a number: by kNudgeUlps, of 16 bits and fewer by
// kNudgeHalfUlps.
Array nudge(const Array& x, std::uint64_t seed, double ulps);
Array nudge(const Array& x, std::uint64_t seed);

}  // namespace jaxsmith::tensor
