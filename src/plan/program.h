// A program: the typed plan that a function's source is rendered from.
//
// A program is a list of bodies (Python functions); a body is a list of nodes (one application of
// an operation each) over values in static single assignment form. Whatever was drawn by chance
// stands in the program: rendering it needs no random numbers but those of style.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plan/differentiation.h"
#include "tensor/tensor.h"

namespace jaxsmith::plan {

using tensor::DType;
using tensor::Shape;

using ValueId = int;
using BodyId = int;
inline constexpr ValueId kNoValue = -1;

struct Type {
  DType dtype = DType::kF32;
  Shape shape;

  int rank() const { return static_cast<int>(shape.size()); }
  bool operator==(const Type&) const = default;
};

// What is known of a value's elements (of their magnitudes, where they are complex): bounds that
// hold, and a few typical elements that show where between the bounds they lie.
inline constexpr int kProbes = 12;
struct Stats {
  double lo = 0, hi = 0;
  std::array<double, kProbes> probe{};
};

// Facts that some operations need and others establish.
enum Fact : std::uint32_t {
  kPositiveDefinite = 1u << 0,  // symmetric, smallest eigenvalue at least Value::floor
  kLowerTriangular = 1u << 1,   // with a diagonal of at least Value::floor in magnitude
  kUpperTriangular = 1u << 2,
  kWellConditioned = 1u << 3,  // a square matrix that may be inverted
  kIndexVector = 1u << 4,      // integers meant as indices; Value::stats bounds them
  kDistinct = 1u << 5,         // elements differ along the last axis, so that order is stable
};

struct Value {
  Type type;
  Stats stats;
  std::uint32_t arguments = 0;       // bit i: depends on argument i of the root body
  std::uint32_t sure = 0;            // bit i: another argument i almost surely gives another value
  std::uint32_t grad_arguments = 0;  // bit i: differentiable in argument i, not identically zero
  std::uint32_t facts = 0;
  double floor = 0;  // see Fact
  bool any_scale =
      false;             // made of a derivative: it may be as good as zero, whatever its stats say
  std::string literal;   // Python text, where the value is a literal
  bool weak = false;     // weakly typed, as Python scalars are
  bool claimed = false;  // its stats are what an entry says of it, not computed from operands'
  BodyId body = 0;       // where it is defined
  int uses = 0;
  bool reserved = false;  // neither drawn nor left over: its entry places it itself
  std::string hint;       // the noun that a reader would call it by
  // What its role is called, the likeliest first; the hint and the renderer's own words come after.
  std::vector<std::string> names = {};
  ValueId named_as = -1;  // the parameter of another function that this one stands for
};

// What several arguments are handed over in as one.
enum class Container { kTuple, kDict, kNamedTuple, kDataclass };

// Arguments of the family's root function that it takes as one: params, state, batch.
struct Pack {
  Container container = Container::kTuple;
  std::vector<std::string> names;    // what the whole is called, the likeliest first
  std::vector<std::size_t> members;  // positions among the root function's parameters, ascending
  // The values that its elements are called after; empty: the arguments themselves.
  std::vector<ValueId> models = {};
};

// That values next to one another stand as one, in the order of a pack's members.
struct Packed {
  std::size_t first = 0;  // the place of the first value
  std::size_t pack = 0;   // of Program::packs
};

// Of a node whose only body is repeated a number of times that is known while it is traced: what
// Python can repeat as well. The first operands are carried, and the first results are what is left
// of them. A body takes a counter (or none), the carries, and a slice of each further operand
// (where there are no operands and no counter: one parameter that it does not need); it gives the
// next carries, and what is stacked, one result each (where nothing is: a literal).
struct Loop {
  std::size_t carries = 0;
  std::int64_t first = 0, last = 0;  // what the counter goes from, and up to
  bool counts = false;               // the body's first parameter is the counter
  bool unrolled = false;             // written as a loop of Python's
};

struct Node {
  std::string op;  // name in the catalogue
  std::string
      spelling;  // Python with holes: $0, $1 … operands, $f0, $f1 … bodies, $name attributes
  std::vector<ValueId> operands;
  std::map<std::string, std::string, std::less<>> attributes;  // Python text by name
  std::vector<BodyId> bodies;
  std::vector<ValueId> results;  // several: unpacked from a tuple; kNoValue: not needed, named `_`
  std::vector<int>
      result_groups;         // as Body::parameter_groups, for results that arrive as nested tuples
  std::string comment = {};  // why the step is there: one line above it
  // Operands that are given, and results that arrive, as one. The first hole of such operands
  // stands for the whole; `result_groups` counts such results as one.
  std::vector<Packed> packed_operands = {}, packed_results = {};
  // How strongly the results answer each operand, from 0 to 1 (plan/visibility.h); of those beyond
  // nothing is known.
  std::vector<double> responses = {};
  std::optional<Loop> loop = {};
};

enum class Returns { kSingle, kTuple, kDict };

// How a body becomes Python.
enum class Placement {
  kEntry,   // the function that is traced
  kNested,  // a def inside the body that uses it, or a lambda where it is one expression
  kHelper,  // a def at the top of the module; it captures nothing
};

// What may be changed of a body's steps once it is planned, as types alone do not say.
enum class Changes {
  kAny,     // whatever keeps the types
  kInside,  // the same, but its steps can stand nowhere else: they name an axis of the call
  kWhole,   // its steps stand or go together: when a loop ends hangs on them, or they take slices
  kNone,    // neither: the rule of a derivative
};

struct Body {
  BodyId parent = -1;  // the body it is written in; its values may be captured
  Placement placement = Placement::kNested;
  std::string hint;                         // a noun or verb for its name
  std::vector<std::string> names = {};      // as Value::names, of the function
  std::vector<std::string> summaries = {};  // what it does, in one line; any of them is true
  // In both `$f3` stands for what body 3 is called, in summaries `$0` for the first parameter.
  std::vector<ValueId> parameters;
  // Parameters that arrive as one tuple: sizes of the groups in order, 0 for one that stands alone.
  // Empty: every parameter stands alone.
  std::vector<int> parameter_groups;
  // Arguments that nobody gives, with their values: they come after the parameters.
  std::vector<std::pair<std::string, std::string>> defaults = {};
  std::vector<std::string> decorators;  // Python with holes $name of `attributes`
  std::vector<Node> nodes;
  // What it returns: one entry a value; nested tuples by `result_groups`, as for the parameters.
  std::vector<ValueId> results;
  std::vector<int> result_groups;
  Returns returns = Returns::kSingle;
  std::vector<std::string> keys;  // of a dict
  Changes changes = Changes::kAny;
  // Its first parameters are those of the family's root function, and arrive as Program::packs say.
  bool takes_packs = false;
  // Groups of parameters that are a pack rather than a tuple, and results: `result_groups` counts
  // these as one.
  std::vector<Packed> packed_parameters = {}, packed_results = {};
};

// That a result of the root is the derivative of another.
struct DerivativeOf {
  ValueId value = kNoValue, derivative = kNoValue;
  Differentiation kind = Differentiation::kReverse;
  std::size_t argument = 0;         // the parameter, by position
  std::optional<std::size_t> seed;  // the parameter that is the tangent or cotangent
};

class Catalogue;

struct Program {
  const Catalogue* catalogue = nullptr;  // where its nodes' operations are
  std::uint64_t seed = 0, family = 0;
  std::string category;
  // Deques: what a table entry refers to stays where it is while the entry applies further
  // operations.
  std::deque<Value> values;
  std::deque<Body> bodies;
  BodyId root = 0;
  bool x64 = false;
  std::int32_t devices = 1;
  std::vector<std::pair<std::string, std::string>>
      constants;  // module-level names and their Python
  std::vector<std::string> tags;
  std::vector<DerivativeOf> derivatives;
  // Which draw of inputs each parameter of the root takes, where some have been taken out: those
  // that stay keep their numbers. Empty: by place.
  std::vector<std::size_t> draws = {};
  std::vector<Pack> packs = {};  // no argument is in two
};

}  // namespace jaxsmith::plan
