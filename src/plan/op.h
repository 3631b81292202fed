// The operation catalogue: one entry an operation. An entry says how the operation is written in
// Python, when it may be drawn, and what it makes of its operands. Adding an entry is all that is
// needed for the operation to appear in the next dataset.
//
//   unary("tanh", kMath, 1.0, kReal, anywhere(), portable::tanh, Bounds::kEnds,
//         Derivative::kSmooth, {"squashed"}, {"jnp.tanh($0)", "lax.tanh($0)"}),
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plan/program.h"

namespace jaxsmith::plan {

class Builder;

// One of the categories of a back end: its place in Vocabulary::categories.
enum class Category : int {};

enum class Derivative {
  kSmooth,   // differentiable almost everywhere in both modes
  kZero,     // differentiable by JAX, but the derivative is zero (comparisons, rounding, integers)
  kForward,  // forward mode only (while_loop)
  kNone,     // JAX raises, or the derivative is not to be trusted
};

using Traits = std::uint64_t;

// What other entries, the builder and the catalogue ask of an operation.
enum Trait : std::uint32_t {
  kAddition = 1u << 0,           // x + y
  kSubtraction = 1u << 1,        // x - y
  kNegation = 1u << 2,           // -x
  kProduct = 1u << 3,            // x * y
  kLinearMap = 1u << 4,          // with literals: a multiple of its operand, shifted or rearranged
  kRepeats = 1u << 5,            // elements of its operand, as they are, some of them again
  kJoinsOperands = 1u << 6,      // puts elements of several operands side by side
  kFillsIn = 1u << 7,            // puts constants beside the operand's elements
  kKnownTotal = 1u << 8,         // its elements add up to the same whatever its operand is
  kAddsUp = 1u << 9,             // a sum or a mean of its operand's elements
  kLargest = 1u << 10,           // the largest of them
  kSmallest = 1u << 11,          // the smallest
  kPolarForm = 1u << 12,         // a complex number out of its magnitude and angle
  kSpectrum = 1u << 13,          // a Fourier transform
  kOverDevices = 1u << 14,       // needs several devices
  kManyInstructions = 1u << 15,  // has no instruction of its own: rarer, and not differentiated
  kUnsteadyDerivative = 1u << 16,  // the derivative asks which element equals the result
  kStopsGradient = 1u << 17,       // derivatives take its operand for a constant
  kWritten = 1u << 18,             // its nodes have spellings of their own: plan/idiom.h
  kIdiom = 1u << 19,               // written, and a purpose: a program may begin with it
  kKnownNorm = 1u << 20,           // the squares of its elements add up to much the same
  kUnmapped = 1u << 21,            // JAX does not map it over an axis
  kMostlyHidden = 1u << 22,        // most of its instructions are for other operands than it has
  kLoopsWithin = 1u << 23,         // JAX writes it as a loop, although it is not one of a body
  kSetting = 1u << 24,             // written, and a purpose for what others give: plan/setting.h
  kStudy = 1u << 25,               // goes on with a function that was called: plan/composition.h
  kInOrder = 1u << 26,   // of two operands people name the first one first: a distance over a time
  kInReverse = 1u << 27  // the second one first: an angle by its height and its length
};

// An application in the making: what an entry's `draw` fills in.
struct Draft {
  std::vector<ValueId> operands;
  std::map<std::string, std::string, std::less<>> attributes;
  std::vector<BodyId> bodies;
  std::vector<Value> results;  // type and stats; the builder fills in the rest
  std::vector<int> result_groups;
  // Whether Value::sure of the results is filled in; otherwise they have what the operands have, or
  // nothing where there are bodies.
  bool sure_given = false;
  // The result at this place is not needed: `_`. At most one.
  int ignored_result = -1;
  std::string spelling;  // empty: the builder picks one of the entry's
  std::string comment = {};
  std::vector<double> responses = {};  // see Node::responses
  std::optional<Loop> loop = {};       // see Node::loop
  bool placed = false;                 // the entry has added its nodes by itself
};

struct Op {
  std::string name;
  Category category{};
  double weight = 1;
  Derivative derivative = Derivative::kSmooth;
  std::vector<std::string> hints = {};      // nouns for the result
  std::vector<std::string> spellings = {};  // any of them is right whenever the entry applies
  // Draws operands and attributes among the values in scope, and infers the results. False where it
  // does not apply; whatever it has added to the program until then is taken back.
  std::function<bool(Builder&, Draft&)> draw = {};
  // Infers the results from operands and attributes that are given; empty for an entry that only
  // draws.
  std::function<bool(Builder&, Draft&)> infer = {};
  // Each element of the result is one of the operands': a maximum. With few elements one operand
  // may not show.
  bool selective = false;
  Traits traits = 0;  // of enum Trait, and more (plan/field.h)

  bool has(Traits any) const { return (traits & any) != 0; }
};
Op with_traits(Traits traits, Op op);

// ---- Elementwise entries ----

// Which element types an entry takes.
enum Kinds : std::uint32_t {
  kReal = 1u << 0,
  kComplexKind = 1u << 1,
  kSignedKind = 1u << 2,
  kUnsignedKind = 1u << 3,
  kBoolKind = 1u << 4,
  kIntegers = kSignedKind | kUnsignedKind,
  kNumbers = kReal | kIntegers,
};
std::uint32_t kind_of(DType dtype);

struct Interval {
  double lo, hi;
};
Interval anywhere();

// How bounds of the result follow from bounds of the operands.
enum class Bounds {
  kEnds,  // extremes lie at the ends of the operands' intervals, or at zero where that is inside
  kUnit,  // [-1, 1] whatever the operand
};

using Kernel1 = double (*)(double);
using Kernel2 = double (*)(double, double);

// `domain`: where the kernel is defined with bounded slope; an operand outside is led into it
// first.
Op unary(std::string name, Category category, double weight, std::uint32_t kinds, Interval domain,
         Kernel1 kernel, Bounds bounds, Derivative derivative, std::vector<std::string> hints,
         std::vector<std::string> spellings);

// `domain` is that of the second operand. `literal_weight`: how often the second operand is a
// literal.
Op binary(std::string name, Category category, double weight, std::uint32_t kinds, Interval domain,
          Kernel2 kernel, double literal_weight, Derivative derivative,
          std::vector<std::string> hints, std::vector<std::string> spellings);

// As binary, with a boolean result.
Op comparison(std::string name, Category category, double weight, std::uint32_t kinds,
              Kernel2 kernel, std::vector<std::string> hints, std::vector<std::string> spellings);

}  // namespace jaxsmith::plan
