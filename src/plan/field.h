// The fields that idioms are of, and what people do with what a field's computations give: which
// other field's may go on with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/op.h"

namespace jaxsmith::plan {

enum class Field : std::uint8_t {
  kNone,        // of none: it may follow anything
  kNetworks,    // layers, blocks, cells
  kGraphs,      // messages along edges, sparse products
  kVision,      // images
  kLosses,      // one number, or one an example, from a model's outputs
  kMetrics,     // how well a model does
  kTraining,    // gradients, steps, schedules
  kReinforced,  // returns, policies, values
  kGenerative,  // diffusion, flows, bounds
  kMechanics,   // bodies, particles, plants and their controllers
  kGridFields,  // heat, waves, flows on grids
  kSignals,     // spectra, filters
  kFinance,
  kMatrices,      // decompositions, systems
  kOptimization,  // descents, searches of roots
  kAnalysis,      // interpolation, quadrature, series
  kStatistics,    // densities, estimates, tests
  kSampling,      // chains, particles, hidden states
  kArrays,        // windows, blocks: how arrays are laid out
  kSearches,      // tables, sorts, paths
  kDiscrete,      // automata, queues, games
  kBits,          // hashes, codes
  kFormulas,      // one law or another, each for itself
  kWholes,        // several stages that are one thing: a large program by itself
};

// Beside what Trait says of an entry, Op::traits holds the field of an idiom in its upper bits, and
// whether its control flow holds more of it, two levels and deeper.
inline constexpr int kFieldShift = 32;  // above all of enum Trait
inline constexpr Traits kFieldBits = Traits{0x1f} << kFieldShift, kNests = Traits{1} << 37;
static_assert(static_cast<Traits>(Field::kWholes) <= kFieldBits >> kFieldShift);

Field field_of(const Op& op);
Op of_field(Field field, Op op);

// Whether people go on with what computations of `before` give by one of `next`, so that the two
// are one thing: a loss of a network's outputs, an interpolation of what a simulation gave.
bool may_follow(Field next, Field before);

// Whether several computations of the field are one thing, one after another.
bool continues(Field field);

// What several stages of the field are as a whole, for a function's name and as its docstring says
// it: {"network", "forward_pass"}, "Run a network".
struct Whole {
  std::vector<std::string> names = {};
  std::string says = {};
};
const Whole& whole_of(Field field);

}  // namespace jaxsmith::plan
