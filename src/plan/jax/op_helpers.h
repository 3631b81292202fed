// Building blocks that entries of several categories share.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plan/builder.h"
#include "plan/op.h"

namespace jaxsmith::plan {

// Runs after an entry's own inference, on drawn and on given operands alike: sharpens bounds,
// changes the result's type, picks a spelling; false refuses the application.
using Refine = std::function<bool(Builder&, Draft&)>;
Op refined(Op op, Refine refine);

// A unary entry whose extremes lie at the ends, at zero or at one of these points.
Op with_turning_points(Op op, Kernel1 kernel, std::vector<double> points);
// A unary entry that takes integers too, when drawn, and gives reals for them; `lax` spellings do
// not.
Op also_of_integers(Op op, Interval domain);
// An entry that is not drawn for half precision: a few units in the last place would cross a
// threshold.
Op full_precision(Op op);

// An entry that maps many operands to one result (a rectifier, a limit): a few elements may not
// show a change.
Op lossy(Op op);
// Bits of the root's arguments that have so many elements, or are of real or complex type.
std::uint32_t large_arguments(const Builder& b, double elements);
std::uint32_t inexact_arguments(const Builder& b);

// An elementwise entry of two operands, each led into its interval; the second is a literal so
// often.
Op pairwise(std::string name, Category category, double weight, std::uint32_t kinds, Interval first,
            Interval second, Kernel2 kernel, double literal_weight, Derivative derivative,
            std::vector<std::string> hints, std::vector<std::string> spellings);

// A comparison of x with a threshold that some of its elements exceed and others do not.
std::optional<ValueId> mask_of(Builder& b, ValueId x);

// The application that made a value; none for parameters.
const Node* node_of(const Builder& b, ValueId id);
// Its entry; none for parameters.
const Op* maker_of(const Builder& b, ValueId id);
// Whether an entry with one of these traits made it.
bool made_by(const Builder& b, ValueId id, Traits traits);

// The value that this one is a multiple of, or a shifted multiple; itself where there is none.
ValueId linear_origin(const Builder& b, ValueId id);

// Whether a sum or difference of the two takes back what one of them added before: x - y + y.
bool cancels(const Builder& b, ValueId x, ValueId y, bool subtract);

// The real type that JAX takes for an integer or a bool; other types as they are.
DType inexact_of(DType dtype);
// The type of a complex value's parts.
DType part_of(DType dtype);
// One of the spellings that do not start with this.
std::string spelling_without(Builder& b, const std::vector<std::string>& spellings,
                             std::string_view prefix);
std::string dtype_text(DType dtype);  // "jnp.float32"
// "jnp.array([0.5, 1.0])", with a dtype where JAX would take another one.
std::string array_text(const Builder& b, const std::vector<double>& numbers, DType dtype);
// "axis=1, keepdims=True" out of parts, without the empty ones.
std::string arguments_text(const std::vector<std::string>& parts);

}  // namespace jaxsmith::plan
